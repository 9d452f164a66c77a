/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/underlay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "base/sys.h"
#include "vfs/origin.h"
#include "vfs/overlay_attr.h"
#include "vfs/overlay_features.h"

enum { MANY_LAYERS = 200 }; /* kernels before 6.7 take some 220 */

bool vfs_is_of_rootfs(const struct vfs *fs, const char *path)
{
	return vfs_mount_of(fs, path) == vfs_mount_at(fs, "/");
}

/* ---- may there be one? ------------------------------------------------------------------- */

/* Adds what @fd is. Returns 1; 0 if that was the root. */
static int add_place(struct vfs_location *at, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a directory");
	if (at->n > 0 && at->v[at->n - 1].dev == st.st_dev && at->v[at->n - 1].ino == st.st_ino)
		return 0;
	if (at->n == ARRAY_SIZE(at->v))
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d directories below one another",
			       LIMIT_DEPTH);
	at->v[at->n].dev = st.st_dev;
	at->v[at->n++].ino = st.st_ino;
	return 1;
}

int vfs_locate(const char *path, struct vfs_location *ret, struct err *e)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct vfs_location at = {.n = 0};
	int r = fd < 0 ? err_sys(e, "opening '%s'", path) : add_place(&at, fd, e);

	while (r > 0) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		fd_close(fd);
		fd = up;
		r = fd < 0 ? err_sys(e, "opening what is above '%s'", path) : add_place(&at, fd, e);
	}
	if (r < 0)
		return r;
	at.dev = at.v[0].dev;
	*ret = at;
	return 0;
}

static bool holds(const struct stat *layer, const struct vfs_location *at)
{
	for (size_t i = 0; i < at->n; i++)
		if (at->v[i].dev == layer->st_dev && at->v[i].ino == layer->st_ino)
			return true;
	return false;
}

/* File systems that give every file a handle, with which overlayfs marks what it copied up. */
static bool has_handles(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == EXT4_SUPER_MAGIC ||
					 fs.f_type == XFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC);
}

/* New files get the label of the directory that they are made in, which isn't the container's. */
static bool are_files_labelled(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static bool writes_plainly(const struct vfs_mount *m)
{
	return m->kind == MOUNT_OVERLAY && m->has_upper && m->has_top && !m->userxattr &&
	       !m->metacopy && !m->index && !m->writes_redirects;
}

bool vfs_may_underlay(const struct vfs *fs, const struct vfs_location *at)
{
	const struct vfs_mount *m = vfs_mount_at(fs, "/");

	if (!m || !writes_plainly(m) || m->n_layers > MANY_LAYERS ||
	    !has_handles(m->layers[0].fd) || are_files_labelled() ||
	    /* the kernel marks nothing for who couldn't open a file by its handle */
	    !vfs_has_capability(CAP_DAC_READ_SEARCH))
		return false;
	for (size_t i = 0; i < m->n_layers; i++) {
		struct stat st;

		if (m->layers[i].is_guarded || fstat(m->layers[i].fd, &st) < 0 ||
		    st.st_dev != at->dev || holds(&st, at))
			return false;
	}
	return true;
}

/* ---- what is in the upper ---------------------------------------------------------------- */

/* Was the upper's directory @fd copied up from the underlay, or taken for a copy of its? */
static bool is_of_underlay(int fd, int underlay, const char *path)
{
	struct vfs_handle origin;
	struct vfs_handle own;
	int r = vfs_origin_of_fd(fd, &origin);

	if (r < 0 || origin.n == 0)
		return r < 0;
	r = vfs_handle_of(underlay, path, &own, NULL);
	return r < 0 ? r != -ENOENT : vfs_same_handle(&origin, &own);
}

enum vfs_own vfs_underlay_look(int upper, int underlay, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	cleanup_close int fd = sys_openat2(upper, path, &how);

	if (fd < 0)
		return errno == ENOENT ? VFS_OWN_NOTHING : VFS_OWN_MORE;
	return vfs_overlay_marks(&vfs_plain_overlay, fd, NULL) != 0 ||
			       is_of_underlay(fd, underlay, path)
		       ? VFS_OWN_MORE
		       : VFS_OWN_DIRECTORY;
}
