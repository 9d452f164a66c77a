/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates did the user add himself? Those stay in every store. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/pem.h"
#include "cacerts/undo_plan.h"

static int count_file(const struct undo *u, const char *path, const struct authority *a,
		      size_t *count, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
	struct err why = ERR_NONE;
	int r = vfs_read_file(u->fs, path, &text, &why);

	if (r == -E2BIG)
		return 0; /* too large to be a certificate that a tool would take */
	if (r < 0)
		return err_set(e, r, why.kind, "%s", why.msg);
	*count += pem_count(text.data, text.n, a);
	return 0;
}

/* A file that holds several authorities is named by the first of them. */
static bool is_our_dropin(const struct undo *u, const char *path)
{
	const struct journal_entry *entry = journal_find(u->j, path);

	return entry && entry->role == ROLE_DROPIN;
}

static int count_dir(const struct undo *u, const char *dir, const struct authority *a, int depth,
		     size_t *count, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(u->fs, dir, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct vfs_stat st;
		char path[LIMIT_PATH];

		if (names_is_ours(names.v[i], a))
			continue;
		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0)
			r = vfs_lstat(u->fs, path, &st, e);
		if (r < 0)
			return r;
		if (st.type == VFS_DIR && depth < LIMIT_DEPTH)
			r = count_dir(u, path, a, depth + 1, count, e);
		else if (st.type == VFS_FILE && undo_is_newer(u, &st) && !is_our_dropin(u, path))
			r = count_file(u, path, a, count, e);
	}
	return r;
}

int undo_count_sources(const struct undo *u, const struct authority *a, size_t *ret, struct err *e)
{
	size_t count = 0;
	int r = 0;

	if (!u->j->family)
		return 0;
	for (const char *const *dir = u->j->family->source_dirs; r == 0 && dir && *dir; dir++) {
		struct vfs_stat st;
		char path[LIMIT_PATH];

		r = vfs_resolve(u->fs, *dir, true /* follow_last= */, path, NULL);
		if (r != 0) { /* nothing there, or nothing that a tool could follow */
			r = 0;
			continue;
		}
		r = vfs_lstat(u->fs, path, &st, e);
		if (r == 0 && st.type == VFS_DIR)
			r = count_dir(u, path, a, 0, &count, e);
	}
	if (r == 0)
		*ret = count;
	return r;
}
