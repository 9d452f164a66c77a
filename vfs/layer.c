/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "vfs/place.h"
#include "vfs/text.h"

/* What is at @subpath in the layer, as a container whose "/" it is would find it. */
static int open_inside(const struct vfs_layer *l, const char *subpath, struct err *e)
{
	struct vfs_layer layer = *l;
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
	return fd < 0 ? err_sys(e, "opening it") : fd;
}

/* The source itself, or in a clone. */
static int open_layer(struct vfs_clones *clones, unsigned flags, struct vfs_layer *l, struct err *e)
{
	cleanup_close int source = open_source(l->path, e);
	bool recursive = flags & VFS_LAYER_RECURSIVE;
	bool top = flags & VFS_LAYER_TOP;
	struct statvfs st;

	if (source < 0)
		return source;
	if ((flags & VFS_LAYER_FLAGS) && fstatvfs(source, &st) == 0)
		l->flags = st.f_flag;
	l->fd = recursive ? vfs_clones_open_recursive(clones, source, top, e)
			  : vfs_clones_open(clones, source, top, e);
	if (l->fd != -EPERM)
		return l->fd;
	l->fd = take_fd(&source);
	l->is_guarded = !recursive;
	if (l->is_guarded && vfs_mount_id(l->fd, "", &l->mount_id) < 0)
		l->mount_id = 0; /* no mount has this id: every step will be refused */
	return 0;
}

/* Go on to what is at @subpath. */
static int enter(struct vfs_layer *l, const char *subpath, struct err *e)
{
	int fd = open_inside(l, subpath, e);

	if (fd < 0)
		return fd;
	fd_close(l->fd);
	l->fd = fd;
	return 0;
}

int vfs_layer_open(struct vfs_clones *clones, const char *path, const char *subpath, unsigned flags,
		   struct vfs_layer *ret, struct err *e)
{
	cleanup(vfs_layer_done) struct vfs_layer l = {.fd = -EBADF, .path = strdup(path)};
	int r = l.path ? open_layer(clones, flags, &l, e) : err_oom(e);

	if (r >= 0 && subpath)
		r = enter(&l, subpath, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", path);
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
