/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/helper_traps.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"

/* What the tools of several families read besides; missing is fine. */
static const char *const settings[] = {
	"/etc/ca-certificates.conf",
	"/etc/ca-certificates",
	"/etc/pkcs11",
	"/usr/share/p11-kit/modules",
	"/etc/ssl/openssl.cnf",
	"/etc/pki/tls/openssl.cnf",
	NULL,
};

struct search {
	const struct vfs *fs;
	char *why;
	size_t n_entries; /* looked at */
	uint64_t deadline;
};

static void found(struct search *s, const char *path, const char *what)
{
	snprintf(s->why, HELPER_TRAP_SIZE, "the tool isn't run: '%.400s' %s", path, what);
}

static int look_at(struct search *s, const char *path, int depth, struct err *e);

static int look_into(struct search *s, const char *dir, int depth, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	int r = vfs_list(s->fs, dir, &names, NULL);

	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0)
		found(s, dir, r == -E2BIG ? "has too many entries" : "can't be listed");
	if (depth >= LIMIT_DEPTH)
		found(s, dir, "is nested too deeply");
	r = 0;
	for (size_t i = 0; r == 0 && !s->why[0] && i < names.n; i++)
		if (path_join(dir, names.v[i], path, sizeof(path), NULL) < 0)
			found(s, dir, "has names that are too long");
		else
			r = look_at(s, path, depth + 1, e);
	return r;
}

/* Tools follow links to files; into directories below they don't. */
static int look_at(struct search *s, const char *path, int depth, struct err *e)
{
	char real[LIMIT_PATH];
	struct vfs_stat st;

	if (s->n_entries++ >= LIMIT_CHANGES || clock_mono_usec() > s->deadline) {
		found(s, path, "is one entry too many to look at");
		return 0;
	}
	if (vfs_resolve(s->fs, path, /* follow_last= */ true, real, NULL) != 0 ||
	    vfs_lstat(s->fs, real, &st, NULL) < 0)
		return 0; /* missing, or a link to nowhere */
	if (st.type == VFS_SPECIAL)
		found(s, path, "is no regular file");
	else if (st.type == VFS_FILE && st.size > LIMIT_STORE_FILE)
		found(s, path, "is larger than any bundle");
	else if (st.type == VFS_DIR &&
		 (depth == 0 || vfs_lstat(s->fs, path, &st, NULL) < 0 || st.type == VFS_DIR))
		return look_into(s, real, depth, e);
	return 0;
}

static int look_at_all(struct search *s, const char *const *paths, struct err *e)
{
	int r = 0;

	for (; r == 0 && !s->why[0] && paths && *paths; paths++)
		r = look_at(s, *paths, 0, e);
	return r;
}

int helper_traps_find(const struct vfs *fs, const struct distro_family *family,
		      char ret_why[HELPER_TRAP_SIZE], struct err *e)
{
	struct search s = {
		.fs = fs, .why = ret_why, .deadline = clock_mono_usec() + LIMIT_NATIVE_USEC};
	int r;

	ret_why[0] = '\0';
	r = look_at_all(&s, family->source_dirs, e);
	if (r == 0)
		r = look_at_all(&s, family->outputs, e);
	return r == 0 ? look_at_all(&s, settings, e) : r;
}
