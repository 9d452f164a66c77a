/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL looks a certificate up by the hash of its subject, as "<hash>.<n>" in the directory
 * "certs" of its own directory. An entry of ours is a file, which rehashing leaves alone: it knows
 * links only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/pem.h"
#include "cacerts/plan.h"

/* Is the very certificate at @path? */
static bool holds(const struct vfs *fs, const char *path, const struct authority *a)
{
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
	char file[LIMIT_PATH];

	return vfs_resolve(fs, path, /* follow_last= */ true, file, NULL) == 0 &&
	       vfs_read_file(fs, file, &text, NULL) == 0 &&
	       pem_count(text.data ? text.data : "", text.n, a) > 0;
}

/* Is it planned already, by another name of the directory? */
static bool plans(const struct change *c, const struct authority *a)
{
	return (c->kind == CHANGE_LINK && names_is_ours(c->target, a)) ||
	       (c->kind == CHANGE_FILE && pem_count(c->bytes, c->n_bytes, a) > 0);
}

/*
 * OpenSSL stops at the first number that is missing: ours is that one, unless it is there. Returns
 * 1, noted, where so many are there that nobody would have made them but to hurt.
 */
static int add_entry(const struct vfs *fs, const char *dir, const struct authority *a,
		     struct cacerts_plan *p, struct err *e)
{
	char path[LIMIT_PATH];

	for (unsigned number = 0; number < LIMIT_HASH_LINKS; number++) {
		const struct change *planned;
		char name[32];
		struct vfs_stat st;
		int r;

		snprintf(name, sizeof(name), "%08x.%u", a->subject_hash, number);
		r = path_join(dir, name, path, sizeof(path), e);
		if (r == 0)
			r = vfs_lstat(fs, path, &st, e);
		if (r < 0)
			return r;
		planned = changes_find(&p->changes, path);
		if (planned && plans(planned, a))
			return 0;
		if (planned)
			continue;
		if (st.type == VFS_ABSENT)
			r = changes_add_file(&p->changes, ROLE_STORE, path, a->pem, strlen(a->pem),
					     &plan_new_file, e);
		else if (!holds(fs, path, a))
			continue;
		if (r == 0)
			plan_note_store(p, path, "hash-link",
					st.type == VFS_ABSENT ? "append" : "present");
		return r;
	}
	plan_note_skip(p, path, "too many certificates have this subject hash");
	return 1;
}

int plan_hash_into(const struct cacerts_request *q, const struct vfs *fs, const char *dir,
		   struct cacerts_plan *p, struct err *e)
{
	char path[LIMIT_PATH];
	bool is_full = false;
	struct vfs_stat st;
	int r = vfs_resolve(fs, dir, /* follow_last= */ true, path, NULL);

	if (r != 0 || plan_is_noted(p, path))
		return 0; /* missing, or another name of one that we have */
	r = vfs_lstat(fs, path, &st, e);
	if (r < 0 || st.type != VFS_DIR)
		return r;
	for (size_t i = 0; r >= 0 && i < q->authorities->n; i++) {
		r = add_entry(fs, path, &q->authorities->v[i], p, e);
		is_full |= r > 0;
	}
	if (r < 0)
		return r;
	if (!is_full) {
		plan_note_store(p, path, "hashed-directory", "append");
		p->complete = true;
	}
	return 0;
}

/* "<hash>.<n>", whatever it is. */
static bool is_hash_name(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 8 && name[n] == '.' && name[n + 1] &&
	       name[n + 1 + strspn(name + n + 1, "0123456789")] == '\0';
}

/* Some software looks nowhere else: a directory that has entries gets ours, too. */
static int has_entries(const struct vfs *fs, const char *dir, bool *ret, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	char path[LIMIT_PATH];
	struct err why = ERR_NONE;
	int r;

	*ret = false;
	if (vfs_resolve(fs, dir, /* follow_last= */ true, path, NULL) != 0)
		return 0;
	r = vfs_list(fs, path, &names, &why);
	if (r == -ENOMEM)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < names.n && !*ret; i++)
		*ret = is_hash_name(names.v[i]);
	return 0; /* one that can't be listed has none for us */
}

static int look_into(const struct cacerts_request *q, const struct vfs *fs, const char *openssl_dir,
		     struct cacerts_plan *p, struct err *e)
{
	char certs[LIMIT_PATH];
	char bundle[LIMIT_PATH];
	struct vfs_stat st;
	bool needed;
	int r;

	if (vfs_stat(fs, openssl_dir, &st, NULL) < 0 || st.type != VFS_DIR)
		return 0;
	snprintf(certs, sizeof(certs), "%s/certs", openssl_dir);
	snprintf(bundle, sizeof(bundle), "%s/cert.pem", openssl_dir);
	r = has_entries(fs, certs, &needed, e);
	if (r < 0)
		return r;
	/* A bundle that is there has been appended to, and is all that OpenSSL needs. */
	if (!needed && vfs_exists(fs, bundle, NULL) == 1)
		return 0;
	return plan_hash_into(q, fs, certs, p, e);
}

int plan_hashed(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	int r = 0;

	for (const char *const *dir = distro_openssl_dirs; r == 0 && *dir; dir++)
		r = look_into(q, fs, *dir, p, e);
	return r;
}
