/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and links that the install wrote and the user moved or linked elsewhere, with a directory
 * or by themselves; and links to a file with which he, or a tool of his, replaced one of ours: mv
 * and ln don't read them, so without us the user would have the same names for what was there
 * before. They are told by their inode, and that it was made during the install: numbers are given
 * again, birthdays aren't.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/undo_plan.h"
#include "vfs/find.h"

static bool is_file_or_link(const struct state *s)
{
	return s->st.type == VFS_FILE || s->st.type == VFS_LINK;
}

/* Is entry @i one that the install wrote? */
static bool is_written(const struct undo *u, size_t i)
{
	const struct state *t0 = &u->j->v[i].t0;
	const struct state *t1 = undo_t1(u, i);

	return is_file_or_link(t1) && (t0->st.type == VFS_ABSENT || is_file_or_link(t0)) &&
	       !state_same_content(t0, t1);
}

/* ... and may it have another name now? */
static bool may_have_moved(const struct undo *u, size_t i)
{
	return is_written(u, i) &&
	       (!state_same_object(undo_t1(u, i), &u->t2[i]) || u->t2[i].st.nlink > 1);
}

/* ... and did the user put another file there, which has more names? */
static bool is_rewritten(const struct undo *u, size_t i)
{
	return is_written(u, i) && u->t2[i].st.type == VFS_FILE && u->t2[i].st.nlink > 1 &&
	       !state_same_object(undo_t1(u, i), &u->t2[i]);
}

int undo_is_of_the_install(const struct undo *u, size_t i, const char *path, bool *ret,
			   struct err *e)
{
	struct timespec born;
	int r = vfs_get_birth(u->fs, path, &born, e);

	if (u->copies && u->copies[i]) { /* its number is not given again, it is there */
		*ret = r == 0;
		return r;
	}
	*ret = r == 0 && born.tv_sec != 0 && clock_compare(born, undo_t1(u, i)->st.ctime) <= 0;
	return r;
}

int undo_keep_time(struct undo *u, const char *path, struct err *e)
{
	cleanup_state struct state s = {0};
	char dir[LIMIT_PATH];
	const struct change *c;
	struct vfs_meta meta;
	int r;

	path_parent(path, dir);
	c = changes_find(u->out, dir);
	if (journal_find(u->j, dir) || (c && c->kind != CHANGE_META)) /* again after each name */
		return 0;
	r = state_capture(u->fs, dir, &s, NULL, e);
	meta = state_metadata(&s);
	return r == 0 ? changes_add_meta(u->out, dir, &meta, e) : r;
}

/* Plans one more name of entry @i. @first: the name that was planned before, or NULL. */
static int plan_name(struct undo *u, size_t i, const char *path, const char *first, struct err *e)
{
	cleanup_state struct state t2 = {0};
	const struct change *c = first ? changes_find(u->out, first) : NULL;
	const struct undo_place p = {.i = i, .path = path, .t2 = &t2};
	size_t n = u->out->n;
	int r;

	if (first && !c)
		return 0; /* nothing is to be done */
	if (first && c->kind == CHANGE_FILE) {
		r = changes_add_same(u->out, path, first, e);
	} else {
		r = state_capture(u->fs, path, &t2, NULL, e);
		if (r == 0)
			r = undo_plan_place(u, &p, e);
	}
	return r == 0 && u->out->n > n ? undo_keep_time(u, path, e) : r;
}

/*
 * A name that is in the journal is planned as what it is now; but a link of ours isn't the user's,
 * and where a directory was nobody looks for a file.
 */
static bool is_planned(const struct undo *u, size_t i, const char *path)
{
	const struct journal_entry *entry = journal_find(u->j, path);

	if (!entry || entry == &u->j->v[i])
		return entry != NULL;
	return undo_t1(u, i)->st.type != VFS_LINK && entry->t0.st.type != VFS_DIR &&
	       undo_t1(u, (size_t)(entry - u->j->v))->st.type != VFS_DIR;
}

/* One file to look for: what the install wrote, or what a tool of the user's put in its place. */
struct quest {
	size_t i; /* the entry */
	bool rewritten;
};

static int plan_names(struct undo *u, const struct quest *q, const struct strv *paths,
		      struct err *e)
{
	bool stayed = q->rewritten || state_same_object(undo_t1(u, q->i), &u->t2[q->i]);
	const char *first = stayed ? u->j->v[q->i].path : NULL;
	int r = 0;

	for (size_t k = 0; r == 0 && k < paths->n; k++) {
		bool ours = q->rewritten;

		if (is_planned(u, q->i, paths->v[k]))
			continue;
		if (!ours)
			r = undo_is_of_the_install(u, q->i, paths->v[k], &ours, e);
		if (r == 0 && ours)
			r = plan_name(u, q->i, paths->v[k], first, e);
		if (ours && !first)
			first = paths->v[k];
	}
	return r;
}

/* Puts what is looked for into @sought, and why into @quests: at most two for each entry. */
static size_t collect(const struct undo *u, struct vfs_sought *sought, struct quest *quests,
		      struct timespec *ret_since)
{
	size_t n = 0;

	for (size_t k = 0; k < 2 * u->j->n; k++) {
		const struct quest q = {.i = k / 2, .rewritten = k % 2 == 1};
		const struct vfs_stat *t1 = &undo_t1(u, q.i)->st;
		const struct vfs_stat *st = q.rewritten ? &u->t2[q.i].st : t1;

		if (q.rewritten ? !is_rewritten(u, q.i) : !may_have_moved(u, q.i))
			continue;
		if (!q.rewritten && u->copies && !u->copies[q.i])
			continue; /* the underlay's own is in no top */
		if (n == 0 || clock_compare(t1->ctime, *ret_since) < 0)
			*ret_since = t1->ctime;
		quests[n] = q;
		sought[n++] = (struct vfs_sought){.path = u->j->v[q.i].path,
						  .dev = st->dev,
						  .ino = st->ino,
						  .paths = STRV(LIMIT_CHANGES)};
	}
	return n;
}

int undo_plan_moved(struct undo *u, struct err *e)
{
	cleanup_free struct vfs_sought *sought = calloc(2 * u->j->n + 1, sizeof(*sought));
	cleanup_free struct quest *quests = calloc(2 * u->j->n + 1, sizeof(*quests));
	struct timespec since = {0};
	size_t n;
	int r;

	if (!sought || !quests)
		return err_oom(e);
	n = u->j->installed ? collect(u, sought, quests, &since) : 0;
	r = n > 0 ? vfs_find_files(u->fs, sought, n, since, e) : 0;
	for (size_t k = 0; k < n; k++) {
		if (r == 0)
			r = plan_names(u, &quests[k], &sought[k].paths, e);
		strv_done(&sought[k].paths);
	}
	return r;
}
