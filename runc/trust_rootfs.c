/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/trust_rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "vfs/mounted_overlay.h"

void trust_rootfs_done(struct trust_rootfs *rootfs)
{
	mount_specs_done(&rootfs->specs);
	free(rootfs->mounted);
	rootfs->mounted = NULL;
}

/* ---- reading --------------------------------------------------------------------------- */

/* Can the view of its layers be opened? What it has that we don't understand is not guessed. */
static bool can_be_viewed(const struct mount_specs *specs)
{
	struct vfs *fs = NULL;
	bool can = vfs_new(specs, NULL, &fs, NULL) == 0;

	vfs_free(fs);
	return can;
}

/* @ret_apart: its layers are told; else the mount itself can be read at least. */
static int take_apart(const char *path, struct mount_specs *ret, bool *ret_overlay, struct err *e)
{
	int r = mounted_overlay_read(path, ret, e);

	*ret_overlay = r != 0;
	if (r > 0 && can_be_viewed(ret))
		return 1;
	mount_specs_done(ret);
	*ret = (struct mount_specs){.n = 0};
	if (r != -EOPNOTSUPP)
		return r < 0 ? r : 0;
	err_clear(e);
	return 0;
}

static int make_readonly(struct mount_specs *specs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < specs->n; i++)
		r = strv_add(&specs->v[i].options, "ro", e);
	return r;
}

int trust_rootfs_read(const struct container_spec *spec, struct trust_rootfs *ret, struct err *e)
{
	const char *path = spec->rootfs.v[0].source;
	bool is_overlay = false;
	int r = spec->rootfs.n == 1 ? take_apart(path, &ret->specs, &is_overlay, e) : 0;

	if (r > 0) {
		ret->mounted = strdup(path);
		r = ret->mounted ? 0 : err_oom(e);
	} else if (r == 0) {
		r = mount_specs_extend(&ret->specs, &spec->rootfs, e);
		if (r == 0 && is_overlay)
			r = make_readonly(&ret->specs, e);
	}
	return r == 0 && spec->readonly_rootfs ? make_readonly(&ret->specs, e) : r;
}

/* ---- the kernel's view ----------------------------------------------------------------- */

static bool is_same(const struct vfs_stat *layer, int r, const struct stat *mount)
{
	if (layer->type == VFS_ABSENT || layer->type == VFS_UNREACHABLE)
		return layer->type == VFS_UNREACHABLE || r < 0;
	if (r < 0 || (mount->st_mode & 07777) != layer->mode)
		return false;
	return layer->type != VFS_FILE ||
	       (mount->st_size == layer->size && mount->st_mtim.tv_sec == layer->mtime.tv_sec &&
		mount->st_mtim.tv_nsec == layer->mtime.tv_nsec);
}

/* Canonical paths have no links but the last, which isn't followed. */
static bool shows(int top, const struct vfs *view, const char *path)
{
	struct vfs_stat layer;
	struct stat mount;
	int r;

	if (vfs_lstat(view, path, &layer, NULL) < 0)
		return false;
	r = fstatat(top, path[1] ? path + 1 : ".", &mount, AT_SYMLINK_NOFOLLOW);
	return is_same(&layer, r, &mount);
}

int trust_rootfs_refresh(const struct trust_rootfs *rootfs, const struct changes *changes,
			 struct err *e)
{
	cleanup_vfs struct vfs *view = NULL; /* without the mounts that the container has on it */
	cleanup_close int top = -EBADF;
	int r = trust_rootfs_forget(rootfs->mounted, e);

	if (r < 0 || !rootfs->mounted)
		return r;
	r = vfs_new(&rootfs->specs, NULL, &view, e);
	if (r < 0)
		return r;
	top = open(rootfs->mounted, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_sys(e, "opening '%s'", rootfs->mounted);
	for (size_t i = 0; i < changes->n; i++)
		if (!shows(top, view, changes->v[i].path))
			return err_set(e, -ESTALE, ERR_PRECONDITION,
				       "'%s' is in use, and doesn't show '%s' of its layers",
				       rootfs->mounted, changes->v[i].path);
	return 0;
}

int trust_rootfs_forget(const char *mounted, struct err *e)
{
	return mounted && *mounted ? mounted_overlay_forget(mounted, e) : 0;
}
