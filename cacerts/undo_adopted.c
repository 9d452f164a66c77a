/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The times of directories that the install made and that stay: without us the user would have made
 * them himself, before he put the first thing of his there, and the directory above would have the
 * time of that moment.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/undo_plan.h"

int undo_arrival(const struct undo *u, const char *path, struct timespec *ret, struct err *e)
{
	struct timespec born;
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r == 0)
		r = vfs_get_birth(u->fs, path, &born, e);
	if (r == 0)
		*ret = clock_compare(born, u->j->began) > 0 ? born : st.ctime;
	return r;
}

/* A file that the install made and the user changed: he came when he wrote it last, or later. */
static struct timespec change_of(const struct state *t1, const struct state *t2)
{
	return undo_moved_by_itself(t1, t2) ? t2->st.mtime : t2->st.ctime;
}

static bool is_made(const struct undo *u, const struct journal_entry *entry, enum vfs_type type)
{
	size_t i = (size_t)(entry - u->j->v);

	return entry->t0.st.type == VFS_ABSENT && undo_t1(u, i)->st.type == type &&
	       state_same_object(undo_t1(u, i), &u->t2[i]);
}

static int birth_of(const struct undo *u, const char *path, int depth, struct timespec *ret,
		    struct err *e);

/* The earliest and the latest birth among what stays in @dir; zero if nothing does. */
static int births_in(const struct undo *u, const char *dir, int depth, struct timespec *ret_first,
		     struct timespec *ret_last, struct err *e)
{
	cleanup_strv struct strv left = STRV(LIMIT_DIR_ENTRIES);
	int r = undo_list_left(u, dir, &left, e);

	*ret_first = *ret_last = (struct timespec){0};
	for (size_t i = 0; r == 0 && i < left.n; i++) {
		char path[LIMIT_PATH];
		struct timespec t;

		r = path_join(dir, left.v[i], path, sizeof(path), e);
		if (r == 0)
			r = birth_of(u, path, depth, &t, e);
		if (r < 0)
			return r;
		if (ret_first->tv_sec == 0 || clock_compare(t, *ret_first) < 0)
			*ret_first = t;
		if (clock_compare(t, *ret_last) > 0)
			*ret_last = t;
	}
	return r;
}

/* A directory of ours that stays was "made" no later than the user's first sign in it or on it. */
static int birth_of_directory(const struct undo *u, const struct journal_entry *entry, int depth,
			      struct timespec *ret, struct err *e)
{
	size_t i = (size_t)(entry - u->j->v);
	struct timespec first = {0};
	struct timespec last;
	int r = depth < LIMIT_DEPTH ? births_in(u, entry->path, depth + 1, &first, &last, e) : 0;

	if (r == 0 && !state_untouched(undo_t1(u, i), &u->t2[i]) &&
	    (first.tv_sec == 0 || clock_compare(u->t2[i].st.ctime, first) < 0))
		first = u->t2[i].st.ctime;
	*ret = first;
	return r;
}

static int birth_of(const struct undo *u, const char *path, int depth, struct timespec *ret,
		    struct err *e)
{
	const struct journal_entry *entry = journal_find(u->j, path);

	if (entry && is_made(u, entry, VFS_DIR))
		return birth_of_directory(u, entry, depth, ret, e);
	if (entry && is_made(u, entry, VFS_FILE)) {
		size_t i = (size_t)(entry - u->j->v);

		*ret = change_of(undo_t1(u, i), &u->t2[i]);
		return 0;
	}
	return undo_arrival(u, path, ret, e);
}

int undo_adopted_time(const struct undo *u, size_t i, bool made, struct timespec *ret,
		      struct err *e)
{
	const struct state *t1 = undo_t1(u, i);
	const struct state *t2 = &u->t2[i];
	struct timespec last = {0};
	int r = 0;

	if (made) {
		struct timespec first;

		r = births_in(u, u->j->v[i].path, 0, &first, &last, e);
	}
	for (size_t k = 0; !made && r == 0 && k < u->j->n; k++) {
		const struct journal_entry *entry = &u->j->v[k];
		struct timespec t;

		if (!undo_is_in(entry->path, u->j->v[i].path) || undo_removes(u, entry->path) ||
		    (!is_made(u, entry, VFS_DIR) && !is_made(u, entry, VFS_FILE)))
			continue;
		r = birth_of(u, entry->path, 0, &t, e);
		if (r == 0 && clock_compare(t, last) > 0)
			last = t;
	}
	if (r < 0 || last.tv_sec == 0)
		return r;
	if (!state_same_mtime(t1, t2) &&
	    clock_compare(last, undo_moved_by_itself(t1, t2) ? t2->st.mtime : t2->st.ctime) <= 0)
		return 0; /* later the user did more there, or set the time himself */
	*ret = last;
	return 1;
}
