/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rename(2) on layers. In an overlay the name that is left may have to hide what is below it,
 * and a whiteout may be in the way at the other: renameat2() makes and trades whiteouts in the
 * step that moves the entry, so nobody ever sees half of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/path.h"
#include "vfs/copy_up.h"
#include "vfs/cursor.h"
#include "vfs/overlay_attr.h"
#include "vfs/temp.h"
#include "vfs/text.h"
#include "vfs/top.h"

/* A directory of the top that was made opaque for the sake of the move. */
struct mark {
	int fd;
	char was; /* the value before: 'y', 'x' or 0 */
};

struct move {
	struct vfs *fs;
	const char *from; /* canonical */
	const char *to;
	struct vfs_place old; /* what is moved */
	struct vfs_place new; /* where to */
	struct mark marks[2];
	size_t n_marks;
};

static void forget_places(struct move *mv)
{
	vfs_place_done(&mv->old);
	vfs_place_done(&mv->new);
}

static void move_done(struct move *mv)
{
	forget_places(mv);
	for (size_t i = 0; i < mv->n_marks; i++)
		fd_close(mv->marks[i].fd);
}

static int find_both(struct move *mv, struct err *e)
{
	int r;

	forget_places(mv);
	r = vfs_top_find_name(mv->fs, mv->from, &mv->old, e);
	return r < 0 ? r : vfs_top_find_name(mv->fs, mv->to, &mv->new, e);
}

static int refuse(int code, const char *why, struct err *e)
{
	return err_set(e, code, ERR_PRECONDITION, "%s", why);
}

/* A directory that moves would take the mounts below it along. */
static int check_mounts_below(const struct vfs *fs, const char *path, struct err *e)
{
	for (size_t i = 0; i < fs->n_mounts; i++)
		if (path_is_below(fs->mounts[i].destination, path))
			return refuse(-EBUSY, "a mount begins below it", e);
	return 0;
}

/* What rename(2) refuses in every file system, in its order. */
static int check_names(const struct move *mv, struct err *e)
{
	bool is_dir = mv->old.entry.type == VFS_DIR;
	bool to_dir = mv->new.entry.type == VFS_DIR;

	if (mv->old.entry.type == VFS_ABSENT || mv->new.dir.n == 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "it does not exist");
	if (is_dir && path_is_below(mv->to, mv->from) && strcmp(mv->to, mv->from) != 0)
		return refuse(-EINVAL, "a directory can't be moved into itself", e);
	if (path_is_below(mv->from, mv->to) && strcmp(mv->to, mv->from) != 0)
		return refuse(-ENOTEMPTY, "it is in the directory that it would replace", e);
	if (is_dir && mv->new.entry.type != VFS_ABSENT && !to_dir)
		return refuse(-ENOTDIR, "a directory can't replace anything else", e);
	if (!is_dir && to_dir)
		return refuse(-EISDIR, "a directory is there", e);
	return 0;
}

/* A directory that has a part in a lower layer would leave that behind. */
static int check_not_merged(const struct vfs_place *p, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir d = {0};
	int r = vfs_dir_enter(&p->dir, p->name, &d, e);

	if (r < 0)
		return r;
	if (d.n > 1 || vfs_dir_top(&d) < 0)
		return refuse(-EXDEV, "a directory of a lower layer can't be moved", e);
	return 0;
}

/* Bring what is moved, and the directory that it goes to, into the top. */
static int prepare(struct move *mv, struct err *e)
{
	char parent[LIMIT_PATH];
	int r = mv->old.entry.type == VFS_FILE ? vfs_copy_up_content(mv->fs, mv->from, e)
					       : vfs_copy_up_entry(mv->fs, mv->from, e);

	if (r < 0)
		return r;
	path_parent(mv->to, parent);
	r = vfs_copy_up_dir(mv->fs, parent, e);
	return r < 0 ? r : find_both(mv, e);
}

/* Make the top's part of a directory opaque until the move is done, or has failed. */
static int mark(struct move *mv, const struct vfs_place *p, struct err *e)
{
	int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct mark *k = &mv->marks[mv->n_marks];
	int was;

	k->fd = openat(vfs_dir_top(&p->dir), p->name, how);
	if (k->fd < 0)
		return err_sys(e, "opening a directory");
	mv->n_marks++;
	was = vfs_overlay_opaque(p->mount, k->fd, e);
	if (was < 0)
		return was;
	k->was = (char)was;
	return was == 'y' ? 0 : vfs_overlay_set_opaque(p->mount, k->fd, 'y', e);
}

static void take_marks_back(struct move *mv)
{
	for (size_t i = 0; i < mv->n_marks; i++)
		if (mv->marks[i].was != 'y')
			vfs_overlay_set_opaque(mv->old.mount, mv->marks[i].fd, mv->marks[i].was,
					       NULL);
}

/* The move itself. Returns 0, -errno without an error set. */
static int try_rename(struct move *mv, unsigned flags)
{
	vfs_cursor_forget(mv->fs->cursor);
	if (renameat2(vfs_dir_top(&mv->old.dir), mv->old.name, vfs_dir_top(&mv->new.dir),
		      mv->new.name, flags) < 0)
		return -errno;
	fault_point("vfs.moved");
	return 0;
}

static int finish(struct move *mv, int r, struct err *e)
{
	if (r == 0)
		return mv->new.mount->kind != MOUNT_OVERLAY
			       ? 0
			       : vfs_overlay_welcome(mv->new.mount, vfs_dir_top(&mv->new.dir),
						     mv->new.name, e);
	take_marks_back(mv);
	/* two mounts of the host, which came along with a recursive bind */
	if (r == -EXDEV)
		return refuse(-EXDEV, "the names are in different mounts", e);
	errno = -r;
	return err_sys(e, "renaming");
}

static int rename_at(struct move *mv, unsigned flags, struct err *e)
{
	return finish(mv, try_rename(mv, flags), e);
}

/*
 * Trade places with what is at the new name (a whiteout, or the top's part of an empty
 * directory), and make of that what the old name needs.
 */
static int trade(struct move *mv, bool leave_whiteout, struct err *e)
{
	cleanup_vfs_place struct vfs_place left = {0};
	bool is_whiteout = mv->new.entry.whiteout;
	int r = rename_at(mv, RENAME_EXCHANGE, e);

	if (r < 0 || (is_whiteout && leave_whiteout))
		return r;
	if (!leave_whiteout)
		return vfs_temp_remove(mv->old.mount, vfs_dir_top(&mv->old.dir), mv->old.name, e);
	r = vfs_place_find(mv->fs, mv->from, &left, e);
	return r < 0 ? r : vfs_top_put_whiteout(mv->fs, mv->from, &left, e);
}

/*
 * Onto an empty directory of the top. One that holds whiteouts isn't empty to rename(); it is
 * traded, and has to look empty at the old name too.
 */
static int replace_dir(struct move *mv, bool leave_whiteout, struct err *e)
{
	int r = try_rename(mv, leave_whiteout ? RENAME_WHITEOUT : 0);

	if (r != -ENOTEMPTY && r != -EEXIST)
		return finish(mv, r, e);
	r = mark(mv, &mv->new, e);
	return r < 0 ? r : trade(mv, leave_whiteout, e);
}

/* Could the directory merge with something below its new name, of which it is not a part? */
static int could_merge(const struct move *mv, struct err *e)
{
	char stale[LIMIT_PATH]; /* a redirect that led nowhere, but may do elsewhere */

	if (mv->old.entry.type != VFS_DIR)
		return 0;
	if (mv->new.entry.below == VFS_DIR)
		return 1;
	return vfs_overlay_redirect(mv->old.mount, vfs_dir_top(&mv->old.dir), mv->old.name, stale,
				    e);
}

static int move_in_overlay(struct move *mv, struct err *e)
{
	bool is_dir = mv->old.entry.type == VFS_DIR;
	bool leave_whiteout;
	int r = prepare(mv, e);

	if (r == 0)
		r = could_merge(mv, e);
	if (r > 0)
		r = mark(mv, &mv->old, e);
	if (r < 0)
		return r;
	leave_whiteout = mv->old.entry.below != VFS_ABSENT;
	if (mv->new.entry.type == VFS_DIR && mv->new.entry.in_top)
		return replace_dir(mv, leave_whiteout, e);
	if (mv->new.entry.whiteout && (leave_whiteout || is_dir))
		return trade(mv, leave_whiteout, e);
	return rename_at(mv, leave_whiteout ? RENAME_WHITEOUT : 0, e);
}

/* Asked first, as in the kernel, where a mount's root belongs to what it is mounted on. */
static int check_same_mount(const struct vfs *fs, const char *from, const char *to, struct err *e)
{
	if (vfs_mount_of(fs, from) == vfs_mount_of(fs, to) || vfs_mount_at(fs, from) ||
	    vfs_mount_at(fs, to))
		return 0;
	return refuse(-EXDEV, "the names are in different mounts", e);
}

static int move_entry(struct move *mv, struct err *e)
{
	bool is_overlay;
	int r = check_same_mount(mv->fs, mv->from, mv->to, e);

	if (r == 0)
		r = find_both(mv, e);
	if (r == 0)
		r = check_names(mv, e);
	if (r < 0 || strcmp(mv->from, mv->to) == 0)
		return r;
	is_overlay = mv->old.mount->kind == MOUNT_OVERLAY;
	if (is_overlay && mv->old.entry.type == VFS_DIR)
		r = check_not_merged(&mv->old, e);
	if (r == 0 && mv->new.entry.type == VFS_DIR)
		r = vfs_top_need_empty(mv->fs, mv->to, e);
	if (r == 0)
		r = check_mounts_below(mv->fs, mv->from, e);
	if (r == 0) /* of a name that doesn't exist: the mount would come to lie in what moves */
		r = check_mounts_below(mv->fs, mv->to, e);
	if (r < 0)
		return r;
	return is_overlay ? move_in_overlay(mv, e) : rename_at(mv, 0, e);
}

int vfs_rename(struct vfs *fs, const char *from, const char *to, struct err *e)
{
	cleanup(move_done) struct move mv = {.fs = fs, .from = from, .to = to};
	int r = move_entry(&mv, e);

	return r < 0 ? err_wrap(e, r, "renaming '%s' to '%s'", vfs_text(from).s, vfs_text(to).s)
		     : 0;
}
