/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "vfs/cursor.h"
#include "vfs/overlay_attr.h"
#include "vfs/sync.h"
#include "vfs/temp.h"
#include "vfs/text.h"
#include "vfs/top.h"

static int remove_entry(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_top_find_name(fs, path, &p, e);

	if (r < 0 || p.entry.type == VFS_ABSENT)
		return r;
	if (p.entry.type == VFS_DIR) {
		r = vfs_top_need_empty(fs, path, e);
		if (r < 0)
			return r;
	}
	if (p.entry.below != VFS_ABSENT)
		return vfs_top_put_whiteout(fs, path, &p, e);
	vfs_cursor_forget_path(fs, path);
	vfs_removed_hold(fs, vfs_dir_top(&p.dir), p.name);
	return vfs_temp_remove(p.mount, vfs_dir_top(&p.dir), p.name, e);
}

int vfs_remove(struct vfs *fs, const char *path, struct err *e)
{
	int r = remove_entry(fs, path, e);

	return r < 0 ? err_wrap(e, r, "removing '%s'", vfs_text(path).s) : 0;
}

static int drop(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_top_find_name(fs, path, &p, e);
	bool is_dir;

	if (r < 0)
		return r;
	if (!p.entry.in_top && !p.entry.whiteout)
		return 0;
	is_dir = p.entry.in_top && p.entry.type == VFS_DIR;
	vfs_cursor_forget_path(fs, path);
	vfs_removed_hold(fs, vfs_dir_top(&p.dir), p.name);
	fault_point("vfs.drop");
	if (unlinkat(vfs_dir_top(&p.dir), p.name, is_dir ? AT_REMOVEDIR : 0) == 0 ||
	    errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "the top's part is not empty");
	return err_sys(e, "removing");
}

int vfs_drop(struct vfs *fs, const char *path, struct err *e)
{
	int r = drop(fs, path, e);

	return r < 0 ? err_wrap(e, r, "dropping '%s'", vfs_text(path).s) : 0;
}

/* The directory @path, for a change of its part in the top. Returns 1; 0 if it has none. */
static int walk_to_top(struct vfs *fs, const char *path, struct vfs_dir *ret, struct err *e)
{
	int r = vfs_dir_walk(fs, path, ret, e);

	return r < 0 ? r : r == 0 && vfs_dir_top(ret) >= 0;
}

int vfs_settle(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir d = {0};
	int r = walk_to_top(fs, path, &d, e);

	if (r <= 0)
		return r;
	r = vfs_overlay_settle(d.mount, vfs_dir_top(&d), e);
	return r < 0 ? err_wrap(e, r, "in '%s'", vfs_text(path).s) : 0;
}

int vfs_drop_temporary(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir d = {0};
	int r = walk_to_top(fs, path, &d, e);

	if (r <= 0)
		return r;
	r = vfs_temp_remove(d.mount, vfs_dir_top(&d), fs->temp, e);
	return r < 0 ? err_wrap(e, r, "in '%s'", vfs_text(path).s) : 0;
}
