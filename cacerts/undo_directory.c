/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The undo of directories: those that the install made or copied up go again, unless the user
 * has a part in them; the others get their times back.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/undo_plan.h"

/* Does the plan change an entry of this directory? Then its mtime will move. */
static bool plan_touches(const struct undo *u, const char *dir)
{
	for (size_t i = 0; i < u->out->n; i++)
		if (u->out->v[i].kind != CHANGE_META && u->out->v[i].kind != CHANGE_SETTLE &&
		    undo_is_in(u->out->v[i].path, dir))
			return true;
	return false;
}

/* Does the plan only take the top's entry away, so that the image's shows again? */
static bool shows_again(const struct undo *u, const char *path)
{
	const struct journal_entry *entry = journal_find(u->j, path);
	const struct change *c = changes_find(u->out, path);

	return entry && c && c->kind == CHANGE_DROP && entry->t0.st.type != VFS_ABSENT &&
	       !entry->t0.st.in_top;
}

int undo_list_left(const struct undo *u, const char *dir, struct strv *ret, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(u->fs, dir, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char path[LIMIT_PATH];

		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0 && (!undo_removes(u, path) || shows_again(u, path)))
			r = strv_add(ret, names.v[i], e);
	}
	return r;
}

/* Will the directory be empty once the plan is played? */
static int will_be_empty(const struct undo *u, const char *dir, bool *ret, struct err *e)
{
	cleanup_strv struct strv left = STRV(LIMIT_DIR_ENTRIES);
	int r = undo_list_left(u, dir, &left, e);

	*ret = r == 0 && left.n == 0;
	if (r == -E2BIG) /* more than anything of ours */
		err_clear(e);
	return r == -E2BIG ? 0 : r;
}

/* Will the top's part of the directory be empty once the plan is played? */
static int will_be_bare(const struct undo *u, const char *dir, bool *ret, struct err *e)
{
	size_t n_leaving = 0;
	size_t n_top;
	int r = vfs_count_top(u->fs, dir, &n_top, e);

	for (size_t i = 0; r == 0 && i < u->out->n; i++) {
		const struct change *c = &u->out->v[i];
		struct vfs_stat st;

		if (c->kind != CHANGE_DROP || !undo_is_in(c->path, dir))
			continue;
		r = vfs_lstat(u->fs, c->path, &st, e);
		if (r == 0 && (st.in_top || st.whiteout))
			n_leaving++;
	}
	*ret = r == 0 && n_top == n_leaving;
	return r;
}

/* Did the user take a file of ours out of the directory himself? */
static bool lost_one_of_ours(const struct undo *u, const char *dir)
{
	for (size_t i = 0; i < u->j->n; i++) {
		const struct journal_entry *entry = &u->j->v[i];

		if (undo_is_in(entry->path, dir) && entry->t0.st.type == VFS_ABSENT &&
		    undo_t1(u, i)->st.type != VFS_ABSENT && u->t2[i].st.type == VFS_ABSENT)
			return true;
	}
	return false;
}

/*
 * The install made it. It goes if nothing but ours was ever in it: nobody touched it, or all
 * that the user did was to take ours out.
 */
static int plan_made(struct undo *u, size_t i, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	struct vfs_meta meta = state_metadata(&u->t2[i]);
	const struct state *t1 = undo_t1(u, i);
	bool empty = false;
	int r = 0;

	if (state_untouched(t1, &u->t2[i]) ||
	    (state_same_object(t1, &u->t2[i]) && lost_one_of_ours(u, entry->path)))
		r = will_be_empty(u, entry->path, &empty, e);
	if (r < 0)
		return r;
	if (empty)
		return changes_add_drop(u->out, entry->path, e);
	undo_keep(u, entry->path);
	if (state_same_object(t1, &u->t2[i]))
		r = undo_adopted_time(u, i, /* made= */ true, &meta.mtime, e);
	if (r < 0)
		return r;
	return r > 0 || plan_touches(u, entry->path)
		       ? changes_add_meta(u->out, entry->path, &meta, e)
		       : 0;
}

/* Has the user put another file where the journal knows one? */
static bool is_replaced(const struct undo *u, const struct journal_entry *entry)
{
	size_t i = (size_t)(entry - u->j->v);

	return !state_same_object(undo_t1(u, i), &u->t2[i]);
}

/*
 * Adds the name of @path to @names, unless it came since T0. What came then, or was replaced, makes
 * @last no earlier than that.
 */
static int note_name(const struct undo *u, const char *path, struct strv *names,
		     struct timespec *last, struct err *e)
{
	const struct journal_entry *entry = journal_find(u->j, path);
	struct timespec came;
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r == 0 && (entry || !undo_is_newer(u, &st)))
		r = strv_add(names, path_name(path), e);
	if (r < 0 || !undo_is_newer(u, &st) || (entry && !is_replaced(u, entry)))
		return r;
	r = undo_arrival(u, path, &came, e);
	if (r == 0 && clock_compare(came, *last) > 0)
		*last = came;
	return r;
}

/*
 * Names that the directory will hold when the plan is played, but for those that came since T0.
 * @ret_last: when the last of these did; zero if none
 */
static int list_after(const struct undo *u, const char *dir, struct strv *ret,
		      struct timespec *ret_last, struct err *e)
{
	cleanup_strv struct strv left = STRV(LIMIT_DIR_ENTRIES);
	int r = undo_list_left(u, dir, &left, e);

	*ret_last = (struct timespec){0};
	for (size_t i = 0; r == 0 && i < left.n; i++) {
		char path[LIMIT_PATH];

		r = path_join(dir, left.v[i], path, sizeof(path), e);
		if (r == 0)
			r = note_name(u, path, ret, ret_last, e);
	}
	return r;
}

/* Is all there that was at T0, and nothing else but what came later? */
static int has_names_of_t0(const struct undo *u, size_t i, bool *ret, struct timespec *ret_last,
			   struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	unsigned char digest[STATE_SHA256];
	int r = list_after(u, entry->path, &names, ret_last, e);

	*ret = false;
	if (r == -E2BIG) { /* so many are not ours alone */
		err_clear(e);
		return 0;
	}
	if (r == 0)
		r = state_digest_names(&names, digest, e);
	if (r == 0)
		*ret = memcmp(digest, entry->t0.sha256, sizeof(digest)) == 0;
	return r;
}

/*
 * A directory's mtime also moves when the user removes what without us would not have been
 * there. If that is all that happened, or he put something there before, @ret becomes the time
 * that the directory would have. A top part that will be bare says so; otherwise the names will be
 * those of T0, and what came since.
 */
static int find_time(const struct undo *u, size_t i, bool bare, struct timespec *ret, struct err *e)
{
	const struct state *t1 = undo_t1(u, i);
	struct timespec last = {0};
	bool same = bare;
	int r = 0;

	if (!lost_one_of_ours(u, u->j->v[i].path) || !undo_moved_by_itself(t1, &u->t2[i]))
		return 0;
	if (!bare)
		r = has_names_of_t0(u, i, &same, &last, e);
	if (r == 0 && same && clock_compare(last, *ret) < 0)
		*ret = last.tv_sec ? last : t1->st.mtime;
	return r;
}

/* It was there before; the install copied it up or changed its times. */
static int plan_used(struct undo *u, size_t i, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	const struct state *t1 = undo_t1(u, i);
	int adopted;
	struct state t2 = u->t2[i]; /* borrows its pointers */
	struct vfs_meta meta = state_metadata(&t2);
	bool bare = false;
	int r;

	if (!state_same_object(t1, &t2)) /* the user put another directory there */
		return plan_touches(u, entry->path)
			       ? changes_add_meta(u->out, entry->path, &meta, e)
			       : 0;
	r = entry->t0.st.in_top || !t2.st.in_top ? 0 : will_be_bare(u, entry->path, &bare, e);
	if (r == 0)
		r = find_time(u, i, bare, &t2.st.mtime, e);
	if (r < 0)
		return r;
	if (bare && state_same_metadata(t1, &t2))
		return changes_add_drop(u->out, entry->path, e);
	state_merge_metadata(&entry->t0, t1, &t2, &meta);
	adopted = undo_adopted_time(u, i, /* made= */ false, &meta.mtime, e);
	if (adopted < 0)
		return adopted;
	if (!t2.st.in_top || (!adopted && !plan_touches(u, entry->path) &&
			      state_same_metadata(&entry->t0, &u->t2[i])))
		return 0;
	return changes_add_meta(u->out, entry->path, &meta, e);
}

static int plan_directory(struct undo *u, size_t i, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	const struct state *t1 = undo_t1(u, i);

	if (entry->t0.st.type == VFS_DIR)
		return plan_used(u, i, e);
	if (t1->st.type == VFS_DIR)
		return plan_made(u, i, e);
	if (plan_touches(u, entry->path)) { /* the user made it; only its times need care */
		const struct vfs_meta meta = state_metadata(&u->t2[i]);

		return changes_add_meta(u->out, entry->path, &meta, e);
	}
	return 0;
}

int undo_plan_directory(struct undo *u, size_t i, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	int r;

	if (u->t2[i].st.type != VFS_DIR)
		return 0; /* gone, or something of the user's */
	r = plan_directory(u, i, e);
	if (r < 0 || entry->t0.dir.impure || undo_removes(u, entry->path) ||
	    !plan_touches(u, entry->path))
		return r;
	/* for entries of ours the kernel may have marked it */
	return changes_add_settle(u->out, entry->path, e);
}
