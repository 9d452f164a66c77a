/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "vfs/place.h"
#include "vfs/text.h"

/*
 * What we never want from an image, denied by the kernel once more. Before Linux 5.12 there is
 * no such call; the code does not rely on it.
 */
static void harden(int fd, bool top)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			    MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSYMFOLLOW |
			    (top ? 0 : MOUNT_ATTR_RDONLY),
		.attr_clr = MOUNT_ATTR__ATIME,
	};

	(void)mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
}

/* @subpath below the directory @root, as a container whose "/" it is would find it. */
static int open_inside(int root, const char *subpath, struct err *e)
{
	struct vfs_layer layer = {.fd = root, .path = (char *)""};
	struct vfs_mount mount = {
		.destination = (char *)"/",
		.kind = MOUNT_BIND,
		.is_dir = true,
		.layers = &layer,
		.n_layers = 1,
	};
	const struct vfs fs = {.mounts = &mount, .n_mounts = 1};
	cleanup_vfs_place struct vfs_place p = {0};
	char path[LIMIT_PATH];
	int r = vfs_resolve(&fs, subpath, /* follow_last= */ true, path, e);

	if (r == VFS_MISSING)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "'%s' does not exist",
			       vfs_text(subpath).s);
	if (r == 0)
		r = vfs_place_find(&fs, path, &p, e);
	return r < 0 ? r : vfs_place_open(&p, e);
}

/* The source itself, not a clone of it. */
static int open_plain(const char *path, const char *subpath, struct err *e)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	int inside;

	if (fd < 0)
		return err_sys(e, "opening '%s'", path);
	if (!subpath)
		return take_fd(&fd);
	inside = open_inside(fd, subpath, e);
	return inside < 0 ? err_wrap(e, inside, "in '%s'", path) : inside;
}

/* Returns the clone, or -EPERM, without an error set, to who may not make one. */
static int open_clone(const char *path, const char *subpath, unsigned flags, struct err *e)
{
	bool recursive = flags & VFS_LAYER_RECURSIVE;
	unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
	cleanup_close int plain = -EBADF;
	int fd;

	if (subpath) {
		plain = open_plain(path, subpath, e);
		if (plain < 0)
			return plain;
		fd = open_tree(plain, "", how | AT_EMPTY_PATH);
	} else {
		fd = open_tree(AT_FDCWD, path, how);
	}
	if (fd < 0 && (errno == EPERM || errno == ENOSYS))
		return -EPERM;
	if (fd < 0)
		return err_sys(e, "opening '%s'", path);
	harden(fd, flags & VFS_LAYER_TOP);
	return fd;
}

static int read_mount_id(int dirfd, const char *name, uint64_t *ret)
{
	int how = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	struct statx st;

	if (statx(dirfd, name, how, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
		return -EOPNOTSUPP;
	*ret = st.stx_mnt_id;
	return 0;
}

int vfs_layer_open(const char *path, const char *subpath, unsigned flags, struct vfs_layer *ret,
		   struct err *e)
{
	struct vfs_layer l = {.fd = open_clone(path, subpath, flags, e)};

	if (l.fd == -EPERM) {
		l.fd = open_plain(path, subpath, e);
		l.is_guarded = !(flags & VFS_LAYER_RECURSIVE);
	}
	if (l.fd < 0)
		return l.fd;
	l.path = strdup(path);
	if (!l.path) {
		vfs_layer_done(&l);
		return err_oom(e);
	}
	if (l.is_guarded && read_mount_id(l.fd, "", &l.mount_id) < 0)
		l.mount_id = 0; /* no mount has this id: every step will be refused */
	*ret = l;
	return 0;
}

void vfs_layer_done(struct vfs_layer *l)
{
	fd_close(l->fd);
	free(l->path);
}

int vfs_layer_check(const struct vfs_layer *l, int dirfd, const char *name, struct err *e)
{
	uint64_t id;
	int r;

	if (!l->is_guarded)
		return 0;
	r = read_mount_id(dirfd, name, &id);
	if (r == -ENOENT || (r == 0 && id == l->mount_id))
		return 0;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		       "'%s' below '%s' may be covered by a mount, and making a view of what it "
		       "covers (open_tree) is not permitted",
		       vfs_text(name).s, l->path);
}
