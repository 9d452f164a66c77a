/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables for software that doesn't read the system's stores. Some name authorities to be added
 * to its own: they get ours alone. Others replace its own: they get the bundle that holds the
 * distribution's authorities and ours. What the caller has set stays as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/plan.h"

enum effect { EXTENDS, REPLACES };

static const char *const effect_words[] = {[EXTENDS] = "extends", [REPLACES] = "replaces"};

/* clang-format off */
static const struct {
	const char *name;
	enum effect effect;
	const char *unless; /* a variable that software reads in its place; NULL: none */
} variables[] = {
	{"NODE_EXTRA_CA_CERTS",                 EXTENDS,  NULL},             /* Node, npm, yarn, Bun */
	{"DENO_CERT",                           EXTENDS,  NULL},
	{"SSL_CERT_FILE",                       REPLACES, "SSL_CERT_DIR"},   /* uv, httpx, rustls */
	{"REQUESTS_CA_BUNDLE",                  REPLACES, "CURL_CA_BUNDLE"}, /* requests, pip, conda */
	{"AWS_CA_BUNDLE",                       REPLACES, NULL},
	{"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",  REPLACES, NULL},
	{"HTTPLIB2_CA_CERTS",                   REPLACES, NULL},
	{"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",    REPLACES, NULL},
	{"HEX_CACERTS_PATH",                    REPLACES, NULL},
	{"JULIA_SSL_CA_ROOTS_PATH",             REPLACES, NULL},
};
/* clang-format on */

/* ---- the file with ours alone ------------------------------------------------------------ */

/* In the drop-in directory tools pass over a hidden file, or take one file with all anyway. */
#define ALONE "." NAMES_PREFIX "authorities.pem"

static const struct change *find_dropin(const struct cacerts_plan *p)
{
	for (size_t i = 0; i < p->changes.n; i++)
		if (p->changes.v[i].role == ROLE_DROPIN)
			return &p->changes.v[i];
	return NULL;
}

/* One drop-in file that holds all authorities is such a file. */
static bool has_all(const struct cacerts_request *q, const struct cacerts_plan *p)
{
	return q->authorities->n == 1 || (p->distro.family && p->distro.family->dropin_joined);
}

static int add_file(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		    const char *dir, char *ret_path, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	char path[LIMIT_PATH];
	int r = plan_make_dirs(p, fs, dir, e);

	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < q->authorities->n; i++)
		r = buf_addf(&text, e, "%s", q->authorities->v[i].pem);
	if (r == 0)
		r = path_join(dir, ALONE, path, sizeof(path), e);
	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_VARIABLE, path, text.data, text.n,
				     &plan_new_file, e);
	if (r == 0)
		memcpy(ret_path, path, sizeof(path));
	return r;
}

int plan_environment_file(const struct cacerts_request *q, const struct vfs *fs,
			  struct cacerts_plan *p, char *ret_path, struct err *e)
{
	static const char nobodys[] = "/usr/local/share/ca-certificates";
	const struct change *dropin = find_dropin(p);
	char dir[LIMIT_PATH];

	ret_path[0] = '\0';
	if (!plan_allows(q, CACERTS_ENVIRONMENT))
		return 0;
	if (dropin && has_all(q, p)) {
		snprintf(ret_path, LIMIT_PATH, "%s", dropin->path);
		return 0;
	}
	if (dropin)
		path_parent(dropin->path, dir);
	else if (vfs_resolve(fs, nobodys, /* follow_last= */ true, dir, NULL) < 0)
		return 0;
	return add_file(q, fs, p, dir, ret_path, e);
}

/* ---- the variables ----------------------------------------------------------------------- */

/* Does the bundle hold others than ours? One that we create would take software its own away. */
static bool is_combined(const struct cacerts_plan *p, const char *path)
{
	cleanup_json json_t *wanted = json_path(path);
	const json_t *store;
	size_t i;

	json_array_foreach (json_object_get(p->report, "stores"), i, store)
		if (json_equal(json_object_get(store, "path"), wanted))
			return strcmp(json_get_string(store, "strategy"), "create") != 0;
	return false;
}

/* The first bundle in the order of most readers that holds ours beside the image's, or NULL. */
static const char *find_bundle(const struct vfs *fs, const struct cacerts_plan *p)
{
	for (const char *const *probe = distro_bundles; *probe; probe++) {
		char path[LIMIT_PATH];

		if (vfs_resolve(fs, *probe, /* follow_last= */ true, path, NULL) == 0 &&
		    is_combined(p, path))
			return *probe;
		if (vfs_resolve(fs, *probe, /* follow_last= */ false, path, NULL) == 0 &&
		    is_combined(p, path))
			return *probe; /* in the place of a link */
	}
	return NULL;
}

/* Is there any bundle, whatever it holds? Without one, software has nothing to lose. */
static bool has_bundle(const struct vfs *fs)
{
	for (const char *const *probe = distro_bundles; *probe; probe++)
		if (vfs_exists(fs, *probe, NULL) != 0)
			return true;
	return false;
}

static void note(struct cacerts_plan *p, size_t i, const char *value, const char *kept)
{
	json_t *list = json_object_get(p->report, "environment");
	json_t *one = json_pack("{s:s, s:s}", "name", variables[i].name, "effect",
				effect_words[variables[i].effect]);

	if (!list) {
		list = json_array();
		json_object_set_new(p->report, "environment", list);
	}
	if (value)
		json_object_set_new(one, "value", json_path(value));
	if (kept)
		json_object_set_new(one, "kept", json_sentence(kept));
	json_array_append_new(list, one);
}

/* The variable that the caller has set and that this one would outvote, or NULL. */
static const char *set_by_caller(const struct cacerts_request *q, size_t i)
{
	if (plan_getenv(q, variables[i].name))
		return variables[i].name;
	return variables[i].unless && plan_getenv(q, variables[i].unless) ? variables[i].unless
									  : NULL;
}

static int add_variable(const struct cacerts_request *q, struct cacerts_plan *p, size_t i,
			const char *value, struct err *e)
{
	const char *set = set_by_caller(q, i);
	char text[LIMIT_PATH + 64];

	if (set) {
		snprintf(text, sizeof(text), "the caller has set %s", set);
		note(p, i, NULL, text);
		return 0;
	}
	if (!value || value[0] == '\0')
		return 0;
	note(p, i, value, NULL);
	snprintf(text, sizeof(text), "%s=%s", variables[i].name, value);
	return strv_add(&p->env, text, e);
}

/* Nothing at all in the image: what reads a bundle gets ours alone, others what extends theirs. */
static int add_first(const struct cacerts_request *q, struct cacerts_plan *p, const char *alone,
		     struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(variables); i++)
		if (variables[i].effect == EXTENDS ||
		    strcmp(variables[i].name, "SSL_CERT_FILE") == 0)
			r = add_variable(q, p, i, alone, e);
	return r;
}

int plan_environment(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		     const char *path, struct err *e)
{
	const char *alone = path[0] && plan_shows(p, path) ? path : NULL;
	const char *bundle;
	int r = 0;

	if (!plan_allows(q, CACERTS_ENVIRONMENT))
		return 0;
	bundle = find_bundle(fs, p);
	if (!bundle && !p->complete && !has_bundle(fs))
		return add_first(q, p, alone, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(variables); i++)
		r = add_variable(q, p, i, variables[i].effect == EXTENDS ? alone : bundle, e);
	return r;
}
