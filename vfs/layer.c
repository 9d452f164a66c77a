/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "vfs/place.h"
#include "vfs/text.h"

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

/* As the source of a bind: an automount point gets mounted. */
static int open_source(const char *path, struct err *e)
{
	int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLOEXEC);

	if (fd < 0 && (errno == EPERM || errno == ENOSYS))
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "opening '%s'", path) : fd;
}

/* The host's own directory or file, not a clone of it. */
static int open_plain(const char *path, const char *subpath, struct err *e)
{
	cleanup_close int fd = open_source(path, e);
	int inside;

	if (fd < 0 || !subpath)
		return take_fd(&fd);
	inside = open_inside(fd, subpath, e);
	return inside < 0 ? err_wrap(e, inside, "in '%s'", path) : inside;
}

int vfs_layer_open(struct vfs_clones *clones, const char *path, const char *subpath, unsigned flags,
		   struct vfs_layer *ret, struct err *e)
{
	bool recursive = flags & VFS_LAYER_RECURSIVE;
	bool top = flags & VFS_LAYER_TOP;
	cleanup_close int plain = open_plain(path, subpath, e);
	cleanup(vfs_layer_done) struct vfs_layer l = VFS_LAYER_NONE;

	if (plain < 0)
		return plain;
	l.fd = recursive ? vfs_clone_recursive(plain, top, e)
			 : vfs_clones_open(clones, plain, top, e);
	if (l.fd == -EPERM) {
		l.fd = take_fd(&plain);
		l.is_guarded = !recursive;
	}
	if (l.fd < 0)
		return err_wrap(e, l.fd, "'%s'", path);
	l.path = strdup(path);
	if (!l.path)
		return err_oom(e);
	if (l.is_guarded && vfs_mount_id(l.fd, "", &l.mount_id) < 0)
		l.mount_id = 0; /* no mount has this id: every step will be refused */
	*ret = l;
	l = VFS_LAYER_NONE;
	return 0;
}

void vfs_layer_done(struct vfs_layer *l)
{
	fd_close(l->fd);
	free(l->path);
	*l = VFS_LAYER_NONE;
}

int vfs_layer_check(const struct vfs_layer *l, int dirfd, const char *name, struct err *e)
{
	uint64_t id;
	int r;

	if (!l->is_guarded)
		return 0;
	r = vfs_mount_id(dirfd, name, &id);
	if (r == -ENOENT || (r == 0 && id == l->mount_id))
		return 0;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		       "'%s' below '%s' may be covered by a mount, and making a view of what it "
		       "covers (open_tree) is not permitted",
		       vfs_text(name).s, l->path);
}
