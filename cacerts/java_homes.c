/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/java_homes.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Where homes are, and what their names begin with. */
static const struct {
	const char *dir;
	const char *prefix;
} places[] = {
	{"/usr/lib/jvm", ""},       /* Debian, Red Hat, Alpine, Arch */
	{"/usr/lib64/jvm", ""},     /* SUSE */
	{"/usr/java", ""},          /* Oracle */
	{"/opt/java", ""},          /* Temurin's images */
	{"/usr/local", "openjdk-"}, /* the images of docker-library */
	{"/usr/local/sdkman/candidates/java", ""},
	{"/root/.sdkman/candidates/java", ""},
	{"/opt", ""},
};

static const char *const security_dirs[] = {"lib/security", "jre/lib/security"};
static const char *const store_names[] = {"jssecacerts", "cacerts"}; /* the first one counts */

struct search {
	const struct vfs *fs;
	struct strv *ret;
	size_t n_homes; /* looked at */
};

/* Returns 1 if there is something. */
static int try_store(struct search *s, const char *dir, const char *name, struct err *e)
{
	char path[LIMIT_PATH];
	char real[LIMIT_PATH];

	if (path_join(dir, name, path, sizeof(path), NULL) < 0 ||
	    vfs_resolve(s->fs, path, /* follow_last= */ true, real, NULL) != 0)
		return 0;
	if (s->ret->n < s->ret->max && !strv_has(s->ret, real)) {
		int r = strv_add(s->ret, real, e);

		if (r < 0)
			return r;
	}
	return 1;
}

static int try_home(struct search *s, const char *home, struct err *e)
{
	if (s->n_homes++ >= LIMIT_JAVA_HOMES)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(security_dirs); i++) {
		char dir[LIMIT_PATH];
		char real[LIMIT_PATH];
		int r = 0;

		if (path_join(home, security_dirs[i], dir, sizeof(dir), NULL) < 0 ||
		    vfs_resolve(s->fs, dir, /* follow_last= */ true, real, NULL) != 0)
			continue;
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(store_names); k++)
			r = try_store(s, real, store_names[k], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* <home>/bin/java, or <home>/jre/bin/java, in which case the home is what holds the libraries. */
static int try_command(struct search *s, const struct strv *env, struct err *e)
{
	const char *search_path = env ? strv_value(env, "PATH") : NULL;
	char path[LIMIT_PATH];
	char home[LIMIT_PATH];

	if (vfs_find_command(s->fs, "java", search_path ? search_path : DEFAULT_PATH, path, NULL) <
		    0 ||
	    vfs_resolve(s->fs, path, /* follow_last= */ true, home, NULL) != 0)
		return 0;
	path_parent(home, home);
	path_parent(home, home);
	return try_home(s, home, e);
}

static int try_variable(struct search *s, const struct strv *env, struct err *e)
{
	const char *home = env ? strv_value(env, "JAVA_HOME") : NULL;
	char path[LIMIT_PATH];

	if (!home || home[0] != '/' ||
	    vfs_resolve(s->fs, home, /* follow_last= */ true, path, NULL) != 0)
		return 0;
	return try_home(s, path, e);
}

static int try_place(struct search *s, const char *dir, const char *prefix, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char real[LIMIT_PATH];
	char home[LIMIT_PATH];
	int r = 0;

	if (vfs_resolve(s->fs, dir, /* follow_last= */ true, real, NULL) != 0 ||
	    vfs_list(s->fs, real, &names, NULL) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (strncmp(names.v[i], prefix, strlen(prefix)) == 0 &&
		    path_join(real, names.v[i], home, sizeof(home), NULL) == 0)
			r = try_home(s, home, e);
	return r;
}

int java_homes_find(const struct vfs *fs, const struct strv *env, struct strv *ret, struct err *e)
{
	struct search s = {.fs = fs, .ret = ret};
	int r = try_variable(&s, env, e);

	if (r == 0)
		r = try_command(&s, env, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		r = try_place(&s, places[i].dir, places[i].prefix, e);
	return r;
}
