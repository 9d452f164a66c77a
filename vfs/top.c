/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/top.h"

#include <errno.h>

#include "base/path.h"
#include "vfs/copy_up.h"
#include "vfs/cursor.h"
#include "vfs/sync.h"
#include "vfs/temp.h"
#include "vfs/text.h"

static int takes_no_writes(const char *path, struct err *e)
{
	return err_set(e, -EROFS, ERR_PRECONDITION, "the mount at '%s' takes no writes",
		       vfs_text(path).s);
}

int vfs_top_find(struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	const struct vfs_mount *m;
	int r = vfs_check_canonical(path, e);

	if (r < 0)
		return r;
	vfs_cursor_forget_path(fs, path);
	m = vfs_mount_of(fs, path);
	if (!m->has_top)
		return takes_no_writes(m->destination, e);
	r = vfs_place_find(fs, path, &p, e);
	if (r == 0)
		r = vfs_place_is_readonly(&p, e);
	if (r > 0)
		return takes_no_writes(path, e);
	if (r == 0 && m->has_submounts && p.dir.n > 0)
		r = vfs_written_note(&fs->mounts[m - fs->mounts], vfs_dir_top(&p.dir), e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct vfs_place){0};
	return 0;
}

int vfs_top_find_name(struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_top_find(fs, path, &p, e);

	if (r == 0)
		r = p.name ? vfs_place_is_submount(&p, e) : 1;
	if (r < 0)
		return r;
	if (r > 0)
		return err_set(e, -EBUSY, ERR_PRECONDITION, "a mount begins there");
	*ret = p;
	p = (struct vfs_place){0};
	return 0;
}

int vfs_top_need_parent(const struct vfs_place *p, struct err *e)
{
	if (p->dir.n == 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "its directory does not exist");
	return 0;
}

int vfs_top_need_part(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e)
{
	char parent[LIMIT_PATH];
	int r;

	if (vfs_dir_top(&p->dir) >= 0)
		return 0;
	path_parent(path, parent);
	r = vfs_copy_up_dir(fs, parent, e);
	if (r < 0)
		return r;
	vfs_place_done(p);
	return vfs_top_find_name(fs, path, p, e);
}

int vfs_top_need_empty(const struct vfs *fs, const char *path, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	struct err why = ERR_NONE;
	int r = vfs_list(fs, path, &names, &why);

	if (r < 0 && r != -E2BIG) {
		if (e)
			*e = why;
		return r;
	}
	if (r == -E2BIG || names.n > 0)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "the directory is not empty");
	return 0;
}

int vfs_top_put_whiteout(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e)
{
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = vfs_top_need_part(fs, path, p, e);

	if (r == 0)
		r = vfs_temp_make(fs, p->mount, vfs_dir_top(&p->dir), &VFS_TEMP_WHITEOUT, &temp, e);
	if (r < 0)
		return r;
	vfs_cursor_forget_path(fs, path);
	/* rename() puts nothing onto a directory; what lies below must not show meanwhile */
	return p->entry.in_top && p->entry.type == VFS_DIR ? vfs_temp_exchange(&temp, p->name, e)
							   : vfs_temp_commit(&temp, p->name, e);
}
