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

/* Will the directory be empty once the plan is played? */
static int will_be_empty(const struct undo *u, const char *dir, bool *ret, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(u->fs, dir, &names, e);

	if (r == -E2BIG) { /* more than anything of ours */
		err_clear(e);
		*ret = false;
		return 0;
	}
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char path[LIMIT_PATH];

		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0 && !undo_removes(u, path)) {
			*ret = false;
			return 0;
		}
	}
	*ret = true;
	return r;
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

/* Names that the directory will hold when the plan is played; is any of them newer than T0? */
static int list_after(const struct undo *u, const char *dir, struct strv *ret, bool *ret_news,
		      struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(u->fs, dir, &names, e);

	*ret_news = false;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char path[LIMIT_PATH];
		struct vfs_stat st;

		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r < 0 || undo_removes(u, path))
			continue;
		r = vfs_lstat(u->fs, path, &st, e);
		*ret_news |= r == 0 && undo_is_newer(u, &st) && !journal_find(u->j, path);
		if (r == 0)
			r = strv_add(ret, names.v[i], e);
	}
	return r;
}

/*
 * A directory's mtime also moves when the user removes what without us would not have been
 * there. Is that all that happened? A top part that will be bare says so; otherwise the names
 * will be those of T0, and nothing in the directory is newer.
 */
static int lost_only_ours(const struct undo *u, size_t i, bool bare, bool *ret, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	unsigned char digest[STATE_SHA256];
	bool news;
	int r;

	*ret = lost_one_of_ours(u, entry->path) && undo_moved_by_itself(undo_t1(u, i), &u->t2[i]);
	if (bare || !*ret)
		return 0;
	r = list_after(u, entry->path, &names, &news, e);
	if (r == -E2BIG) { /* so many are not ours alone */
		err_clear(e);
		*ret = false;
		return 0;
	}
	if (r == 0)
		r = state_digest_names(&names, digest, e);
	*ret = r == 0 && !news && memcmp(digest, entry->t0.sha256, sizeof(digest)) == 0;
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
	bool ours = false;
	bool bare = false;
	int r;

	if (!state_same_object(t1, &t2)) /* the user put another directory there */
		return plan_touches(u, entry->path)
			       ? changes_add_meta(u->out, entry->path, &meta, e)
			       : 0;
	r = entry->t0.st.in_top || !t2.st.in_top ? 0 : will_be_bare(u, entry->path, &bare, e);
	if (r == 0)
		r = lost_only_ours(u, i, bare, &ours, e);
	if (r < 0)
		return r;
	if (ours)
		t2.st.mtime = t1->st.mtime;
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
