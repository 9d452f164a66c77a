/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/native_debian_java.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/java_order.h"
#include "cacerts/jks.h"

#define KEYSTORE "/etc/ssl/certs/java/cacerts"
#define DEFAULTS "/etc/default/cacerts"
#define POSTINST "/var/lib/dpkg/info/ca-certificates-java.postinst"
#define PATH     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* clang-format off */
/* The hook, and the script that the trigger runs for it; without one the hook does it all. */
static const struct {
	const char *hook;
	const char *postinst;
} versions[] = {
	{"387ea9c659ae18fd6e4b9201145f4f73e32a0c5ac7ad3892b3a576e4648abf1e", NULL}, /* 20190909+deb11u1 */
	{"254a87ea1f9fe37751e3ed90a79013f3424c7a5fe26bfe59fac312abff82dbda",        /* 20230710~deb12u1 */
	 "c124604fd90c85a2c7b44dfcdb448dc9296f9b654114739fb0965fd22b63fb3b"},
	{"254a87ea1f9fe37751e3ed90a79013f3424c7a5fe26bfe59fac312abff82dbda",        /* 20240118 */
	 "4d76cba4f4a8583c70bb4632e9c2c00a669396500b686c1f32cd2046a9e1e110"},
	{"254a87ea1f9fe37751e3ed90a79013f3424c7a5fe26bfe59fac312abff82dbda",        /* 20260311 */
	 "1cdeda9bc957f01b571a044cc992c73834145812fd34d38af50e5b839a8080d8"},
};
/* clang-format on */

/* What an interrupted run leaves to the next one. */
static const char *const leftovers[] = {
	"/var/lib/ca-certificates-java/pending",
	"/var/lib/ca-certificates-java/fresh",
	"/var/lib/ca-certificates-java/convert_pkcs12_keystore_to_jks",
};

void debian_java_done(struct debian_java *j)
{
	buf_done(&j->bytes);
}

/* "" if it can't be read. */
static int digest_of(struct native *n, const char *path, char ret[NATIVE_DIGEST_SIZE],
		     struct err *e)
{
	int r = native_digest(n, path, ret, e);

	if (r != NATIVE_DECLINED)
		return r;
	ret[0] = '\0';
	return 0;
}

static int check_version(struct native *n, const char *dir, struct err *e)
{
	char postinst[NATIVE_DIGEST_SIZE];
	char hook[NATIVE_DIGEST_SIZE];
	char path[LIMIT_PATH];
	int r = path_join(dir, DEBIAN_JAVA_HOOK, path, sizeof(path), e);

	if (r == 0)
		r = digest_of(n, path, hook, e);
	if (r == 0)
		r = digest_of(n, POSTINST, postinst, e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (strcmp(versions[i].hook, hook) == 0 &&
		    (!versions[i].postinst || strcmp(versions[i].postinst, postinst) == 0))
			return 0;
	return native_decline(n,
			      "the hook '" DEBIAN_JAVA_HOOK "' is of a version that isn't known");
}

static int check_surroundings(struct native *n, const char *dir)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;

	if (path_join(dir, DEBIAN_JAVA_HOOK, path, sizeof(path), NULL) < 0 ||
	    vfs_stat(n->fs, path, &st, NULL) < 0 || !(st.mode & 0111))
		return native_decline(n, "the hook '" DEBIAN_JAVA_HOOK "' can't be run");
	if (vfs_find_command(n->fs, "java", PATH, path, NULL) < 0)
		return native_decline(n, "there is no java for the hook '" DEBIAN_JAVA_HOOK "'");
	for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++)
		if (vfs_exists(n->fs, leftovers[i], NULL) != 0)
			return native_decline(n, "'%s' is left of another run", leftovers[i]);
	return 0;
}

/* A shell script that sets two variables; anything but that is more than we can know. */
static int read_defaults(struct native *n, bool *ret_enabled)
{
	cleanup_buf struct buf text = BUF(LIMIT_CONF);
	char path[LIMIT_PATH];
	char *rest;
	char *line;

	*ret_enabled = false; /* it is, without the file */
	if (vfs_resolve(n->fs, DEFAULTS, /* follow_last= */ true, path, NULL) == VFS_MISSING)
		return 0;
	if (vfs_read_file(n->fs, path, &text, NULL) < 0)
		return native_decline(n, "'" DEFAULTS "' can't be read");
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		if (line[0] == '\0' || line[0] == '#' || strcmp(line, "storepass='changeit'") == 0)
			continue;
		if (strcmp(line, "cacerts_updates=yes") != 0 &&
		    strcmp(line, "cacerts_updates=no") != 0)
			return native_decline(n, "'" DEFAULTS "' is out of the ordinary");
		*ret_enabled = strcmp(line, "cacerts_updates=yes") == 0;
	}
	return 0;
}

static int read_keystore(struct native *n, struct debian_java *j, struct buf *ret)
{
	if (vfs_resolve(n->fs, KEYSTORE, /* follow_last= */ true, j->path, NULL) != 0 ||
	    vfs_lstat(n->fs, j->path, &j->st, NULL) < 0)
		return native_decline(n, "'" KEYSTORE "' isn't there");
	if (j->st.type != VFS_FILE || !j->st.writable || j->st.mountpoint || j->st.nlink != 1)
		return native_decline(n, "'" KEYSTORE "' is out of the ordinary");
	if (vfs_read_file(n->fs, j->path, ret, NULL) < 0)
		return native_decline(n, "'" KEYSTORE "' can't be read");
	return 0;
}

static int parse(struct native *n, const struct buf *bytes, struct jks *ret, struct err *e)
{
	struct store_why why;
	int r;

	if (!jks_is(bytes->data, bytes->n))
		return native_decline(n, "'" KEYSTORE "' is no JKS keystore");
	r = jks_parse(bytes->data, bytes->n, ret, &why, e);
	if (r == STORE_CANT)
		return native_decline(n, "'" KEYSTORE "': %s", why.text);
	if (r == 0 && (!ret->password || strcmp(ret->password, "changeit") != 0))
		return native_decline(n, "'" KEYSTORE "' has another password than the hook's");
	return r;
}

/* As the hook is given them: in the order of the links that the tool makes. */
static int append_ours(struct native *n, const struct debian_sources *sources, struct jks *j,
		       struct err *e)
{
	uint64_t now_ms = clock_wall_usec() / 1000;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sources->n; i++) {
		const struct debian_source *s = &sources->v[i];
		char alias[LIMIT_ALIAS];

		if (!s->ours)
			continue;
		snprintf(alias, sizeof(alias), "debian:%s", s->link); /* in lower case already */
		if (jks_has(j, alias))
			return native_decline(n, "'" KEYSTORE "' has a '%s' already", alias);
		r = jks_append_authority(j, alias, now_ms, s->ours, e);
	}
	return r;
}

static int make(struct native *n, const struct debian_sources *sources, struct debian_java *ret,
		struct err *e)
{
	cleanup_buf struct buf now = BUF(LIMIT_STORE_FILE);
	cleanup_jks struct jks j = {.n = 0};
	int r = read_keystore(n, ret, &now);

	if (r == 0)
		r = parse(n, &now, &j, e);
	if (r == 0)
		r = append_ours(n, sources, &j, e);
	if (r == 0)
		r = java_order(&j, e);
	if (r == JAVA_ORDER_UNKNOWN)
		return native_decline(n, "a name in '" KEYSTORE "' is out of the ordinary");
	return r == 0 ? jks_write(&j, &ret->bytes, e) : r;
}

int debian_java_make(struct native *n, const char *dir, const struct debian_sources *sources,
		     struct debian_java *ret, struct err *e)
{
	bool is_enabled = false;
	int r = check_version(n, dir, e);

	if (r == 0)
		r = check_surroundings(n, dir);
	if (r == 0)
		r = read_defaults(n, &is_enabled);
	return r == 0 && is_enabled ? make(n, sources, ret, e) : r;
}

int debian_java_add(struct native *n, const struct debian_java *j, struct err *e)
{
	int r;

	if (j->bytes.n == 0)
		return 0;
	r = plan_rewrite(n->p, n->fs, j->path, j->path, &j->st, &j->bytes, e);
	if (r == 0)
		plan_note_store(n->p, j->path, "keystore", "native");
	return r;
}
