/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates did the user add himself? Those stay in every store. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/pem.h"
#include "cacerts/undo_plan.h"

static void add_source(struct undo *u, const struct undo_source *source)
{
	if (source->n > 0 && u->n_sources < LIMIT_SOURCES) /* more are not told apart */
		u->sources[u->n_sources++] = *source;
}

/*
 * How often each authority stands in a file; what is called like ours of one isn't the user's.
 * @name: where a tool finds it, which may be a link to @path
 */
static int count_file(struct undo *u, const char *path, const char *name, off_t size, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
	struct undo_source source = {0};
	struct err why = ERR_NONE;
	int r;

	if (!undo_may_read(u, size))
		return 0; /* too large to be a certificate that a tool would take */
	r = vfs_read_file(u->fs, path, &text, &why);
	if (r == -E2BIG)
		return 0;
	if (r < 0)
		return err_set(e, r, why.kind, "%s", why.msg);
	r = undo_arrival(u, name, &source.came, e);
	for (; r == 0 && source.k < u->j->authorities->n; source.k++) {
		const struct authority *a = &u->j->authorities->v[source.k];

		source.n = names_is_ours(path, a) ? 0 : pem_count(text.data, text.n, a);
		add_source(u, &source);
	}
	return r;
}

/* A file that holds several authorities is named by the first of them. */
static bool is_our_dropin(const struct undo *u, const char *path)
{
	const struct journal_entry *entry = journal_find(u->j, path);

	return entry && entry->role == ROLE_DROPIN;
}

/* Has the install written it, and the user moved or linked it here? */
static bool is_of_the_install(const struct undo *u, const char *path, const struct vfs_stat *st)
{
	bool ours = false;

	for (size_t i = 0; i < u->j->n; i++) {
		const struct vfs_stat *t1 = &undo_t1(u, i)->st;

		if (t1->type == VFS_FILE && t1->ino == st->ino && t1->dev == st->dev)
			return undo_is_of_the_install(u, i, path, &ours, NULL) == 0 && ours;
	}
	return false;
}

static int count_dir(struct undo *u, const char *dir, int depth, size_t *n_seen, struct err *e);

/* What the user's link leads to counts; tools follow links. */
static int count_link(struct undo *u, const char *path, int depth, size_t *n_seen, struct err *e)
{
	char file[LIMIT_PATH];
	struct vfs_stat st;

	if (vfs_resolve(u->fs, path, /* follow_last= */ true, file, NULL) != 0)
		return 0;
	if (vfs_lstat(u->fs, file, &st, NULL) < 0)
		return 0;
	if (st.type == VFS_DIR && depth < LIMIT_DEPTH)
		return count_dir(u, file, depth + 1, n_seen, e);
	if (st.type == VFS_FILE && !is_our_dropin(u, file) && !is_of_the_install(u, file, &st))
		return count_file(u, file, path, st.size, e);
	return 0;
}

static int count_entry(struct undo *u, const char *path, int depth, size_t *n_seen, struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r == 0 && st.type == VFS_DIR && depth < LIMIT_DEPTH)
		return count_dir(u, path, depth + 1, n_seen, e);
	if (r < 0 || !undo_is_newer(u, &st))
		return r;
	if (st.type == VFS_LINK)
		return count_link(u, path, depth, n_seen, e);
	if (st.type == VFS_FILE && !is_our_dropin(u, path) && !is_of_the_install(u, path, &st))
		return count_file(u, path, path, st.size, e);
	return 0;
}

static int count_dir(struct undo *u, const char *dir, int depth, size_t *n_seen, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(u->fs, dir, &names, e);

	if (r == -E2BIG) { /* no tool takes so many */
		err_clear(e);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < names.n && ++*n_seen <= LIMIT_DIR_ENTRIES; i++) {
		char path[LIMIT_PATH];

		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0)
			r = count_entry(u, path, depth, n_seen, e);
		if (r == -ENAMETOOLONG) { /* no tool can open it either */
			err_clear(e);
			r = 0;
		}
	}
	return r;
}

/* All authorities at once: the user decides how many files there are. */
static int count_all(struct undo *u, struct err *e)
{
	size_t n_seen = 0;
	int r = 0;

	u->sources = calloc(LIMIT_SOURCES, sizeof(*u->sources));
	if (!u->sources)
		return err_oom(e);
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
			r = count_dir(u, path, 0, &n_seen, e);
	}
	return r;
}

int undo_count_sources(struct undo *u, const struct authority *a, const struct state *store,
		       size_t *ret, struct err *e)
{
	int r = u->j->family && !u->sources ? count_all(u, e) : 0;

	if (r < 0)
		return r;
	*ret = 0;
	for (size_t i = 0; i < u->n_sources; i++) {
		const struct undo_source *source = &u->sources[i];

		if (&u->j->authorities->v[source->k] == a &&
		    (!store || clock_compare(source->came, store->st.ctime) <= 0))
			*ret += source->n;
	}
	return 0;
}
