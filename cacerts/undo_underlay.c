/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the undo of an install by an underlay has to do more, and less. Nothing was written to the
 * upper, so what isn't there needs no undo. What was copied up from the underlay has another inode
 * than T1, but the kernel has noted which it was: it counts as T1, made when it was copied, so that
 * whatever happened to it since is the user's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/undo_plan.h"
#include "vfs/find.h"
#include "vfs/mount_options.h"
#include "vfs/overlay_spec.h"
#include "vfs/underlay.h"

int undo_open_view(const struct journal *j, struct vfs **ret, struct err *e)
{
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	int r;

	if (access(j->underlay, F_OK) < 0)
		return err_sys(e, "the process saw '%s', without which its undo can't be told",
			       j->underlay);
	r = overlay_spec_add_lower(&j->rootfs, j->underlay, j->n_below, &specs, e);

	return r == 0 ? vfs_new(&specs, &j->mounts, ret, e) : r;
}

/* ---- copies ------------------------------------------------------------------------------ */

/* Where the path of an entry is below the underlay, or an upper. */
static const char *inside(const char *path)
{
	return path[1] ? path + 1 : ".";
}

/* What the underlay has at the entry's path, if anything. */
static int handle_of(const struct undo *u, size_t i, int underlay, struct vfs_handle *ret,
		     struct err *e)
{
	int r = vfs_handle_of(underlay, inside(u->j->v[i].path), ret, e);

	*ret = r == 0 ? *ret : (struct vfs_handle){.n = 0};
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return 0;
}

/* Whoever copied it up has touched it, if only in passing, and maybe within the same tick. */
static struct timespec just_before(struct timespec t)
{
	if (t.tv_nsec > 0)
		return (struct timespec){t.tv_sec, t.tv_nsec - 1};
	return (struct timespec){t.tv_sec - 1, 999999999};
}

/* T1 of entry @i becomes what was copied up to @path. */
static int adopt(struct undo *u, size_t i, const char *path, struct err *e)
{
	struct state *t1 = &u->t1[i];
	struct timespec born;
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r == 0)
		r = vfs_get_birth(u->fs, path, &born, e);
	if (r < 0)
		return r;
	if (t1->st.type == VFS_DIR)
		t1->dir.born = born;
	t1->st.dev = st.dev;
	t1->st.ino = st.ino;
	t1->st.ctime = born.tv_sec ? just_before(born) : u->j->began;
	u->copies[i] = strdup(path);
	return u->copies[i] ? 0 : err_oom(e);
}

/* A directory that the underlay has, too, may be a copy of one that a layer on top of it has. */
static int is_copy_in_place(const struct undo *u, size_t i, struct err *e)
{
	if (u->is_marked[i] || u->t2[i].st.type != VFS_DIR)
		return u->is_marked[i];
	return vfs_is_copy_of_below(u->fs, u->j->v[i].path, e);
}

/* What is at the entry's own path. */
static int adopt_in_place(struct undo *u, size_t i, const struct vfs_handle *of, struct err *e)
{
	struct vfs_handle origin;
	int r;

	if (of->n == 0 || !u->t2[i].st.in_top || u->t2[i].st.type != u->t1[i].st.type)
		return 0;
	r = vfs_origin_of(u->fs, u->j->v[i].path, &origin, e);
	u->is_marked[i] = r == 0 && vfs_same_handle(&origin, of);
	if (r < 0 || u->j->v[i].t0.st.in_top) /* it was there before */
		return r;
	r = is_copy_in_place(u, i, e);
	return r > 0 ? adopt(u, i, u->j->v[i].path, e) : r;
}

/* Was there a file or link of the underlay's, which isn't there any more? */
static bool is_gone(const struct undo *u, size_t i, const struct vfs_handle *of)
{
	return of->n > 0 && u->t1[i].st.type != VFS_DIR && !u->copies[i] &&
	       !state_same_object(&u->t1[i], &u->t2[i]);
}

/* A copy that the user moved has its new name only. */
static int adopt_moved(struct undo *u, const struct vfs_handle *handles, struct err *e)
{
	cleanup_free struct vfs_sought *sought = calloc(u->j->n + 1, sizeof(*sought));
	struct timespec since = u->j->began;
	size_t n = 0;
	int r = sought ? 0 : err_oom(e);

	since.tv_sec--; /* the clock of change times is a little behind */
	for (size_t i = 0; r == 0 && i < u->j->n; i++)
		if (is_gone(u, i, &handles[i]))
			sought[n++] = (struct vfs_sought){.path = u->j->v[i].path,
							  .origin = &handles[i],
							  .paths = STRV(LIMIT_CHANGES)};
	if (r == 0 && n > 0)
		r = vfs_find_files(u->fs, sought, n, since, e);
	for (size_t k = 0; k < n; k++) {
		size_t i = (size_t)(sought[k].origin - handles);

		if (r == 0 && sought[k].paths.n > 0)
			r = adopt(u, i, sought[k].paths.v[0], e);
		strv_done(&sought[k].paths);
	}
	return r;
}

static int adopt_all(struct undo *u, int underlay, struct err *e)
{
	cleanup_free struct vfs_handle *handles = calloc(u->j->n + 1, sizeof(*handles));
	int r = handles ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < u->j->n; i++) {
		r = handle_of(u, i, underlay, &handles[i], e);
		if (r == 0)
			r = adopt_in_place(u, i, &handles[i], e);
	}
	return r == 0 ? adopt_moved(u, handles, e) : r;
}

int undo_adopt_copies(struct undo *u, struct err *e)
{
	cleanup_close int underlay = open(u->j->underlay, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (underlay < 0)
		return err_sys(e, "opening the underlay '%s'", u->j->underlay);
	u->t1 = calloc(u->j->n + 1, sizeof(*u->t1));
	u->copies = calloc(u->j->n + 1, sizeof(*u->copies));
	u->is_marked = calloc(u->j->n + 1, sizeof(*u->is_marked));
	if (!u->t1 || !u->copies || !u->is_marked)
		return err_oom(e);
	for (size_t i = 0; i < u->j->n; i++)
		u->t1[i] = u->j->v[i].t1;
	return adopt_all(u, underlay, e);
}

/* Is there a copy at @path when the plan has been played, which hasn't been written anew? */
static bool stays_copy(const struct undo *u, const char *path)
{
	const struct change *c = changes_find(u->out, path);

	return !c || c->kind == CHANGE_META || c->kind == CHANGE_SETTLE;
}

int undo_settle_origins(struct undo *u, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->j->n; i++) {
		const char *path = u->j->v[i].path;
		const char *copy = u->copies[i];

		if (u->is_marked[i] && stays_copy(u, path))
			r = changes_add_origin(u->out, path, path, e);
		if (r == 0 && copy && strcmp(copy, path) != 0 && stays_copy(u, copy))
			r = changes_add_origin(u->out, copy, path, e);
	}
	return r;
}

bool undo_is_below(const struct undo *u, size_t i)
{
	const struct vfs_stat *t0 = &u->j->v[i].t0.st;
	const struct vfs_stat *t2 = &u->t2[i].st;

	if (!u->t1)
		return false;
	if (t2->type == VFS_ABSENT)
		return t2->whiteout && t0->type == VFS_ABSENT && !t0->whiteout;
	return (t2->type == VFS_FILE || t2->type == VFS_LINK) && !t0->in_top && !t2->in_top;
}

void undo_underlay_done(struct undo *u)
{
	for (size_t i = 0; u->copies && i < u->j->n; i++)
		free(u->copies[i]);
	free(u->copies);
	free(u->is_marked);
	free(u->t1);
}

/* ---- nothing to do ----------------------------------------------------------------------- */

/* Does the directory hold a file or link of the install's? */
static bool holds_ours(const struct journal *j, const char *dir)
{
	for (size_t i = 0; i < j->n; i++)
		if (!j->v[i].is_left && j->v[i].t1.st.type != VFS_DIR &&
		    undo_is_in(j->v[i].path, dir))
			return true;
	return false;
}

static bool is_that(int fd, const struct state *t0)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == t0->st.dev && st.st_ino == t0->st.ino;
}

/* Is there nothing but a directory on the way? */
static bool is_on_the_way(const struct journal *j, const struct journal_entry *entry)
{
	return entry->t0.st.type == VFS_DIR && !holds_ours(j, entry->path);
}

static bool is_untouched(const struct journal *j, const struct journal_entry *root, int upper,
			 int underlay)
{
	const char *missing = NULL; /* last: nothing is below it */

	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *entry = &j->v[i];
		enum vfs_own own;

		if (entry == root || (missing && path_is_below(entry->path, missing)))
			continue;
		own = vfs_underlay_look(upper, underlay, inside(entry->path));
		if (own == VFS_OWN_MORE || (own == VFS_OWN_DIRECTORY && !is_on_the_way(j, entry)))
			return false;
		if (own == VFS_OWN_NOTHING)
			missing = entry->path;
	}
	return true;
}

bool undo_is_untouched(const struct journal *j)
{
	cleanup_close int underlay = open(j->underlay, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct journal_entry *root = journal_find(j, "/");
	cleanup_free char *top = NULL;
	cleanup_close int upper = -EBADF;

	if (underlay < 0 || !root || mount_specs_top(&j->rootfs, &top, NULL) < 0)
		return false;
	upper = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return upper >= 0 && is_that(upper, &root->t0) && is_untouched(j, root, upper, underlay);
}
