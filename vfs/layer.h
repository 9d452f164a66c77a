/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * layer - a host directory (or file), opened as the kernel's mount would hold it
 *
 * A layer is opened in a detached clone of the host's mount (clone.h): the files below it are
 * those that the kernel would show, and the clone denies devices and symlinks, and leaves access
 * times alone.
 *
 * Where cloning is denied the layer is the host's directory itself. Mounts that happen to lie
 * below it then cover what a mount of ours would show: such a layer is guarded, each step is
 * compared with the layer's own mount, and one that leaves it is refused.
 */
#include <errno.h>
#include <sys/types.h>

#include "vfs/clone.h"

struct vfs_layer {
	int fd;              /* O_PATH; a directory, or for a bind any file */
	char *path;          /* on the host; owned */
	unsigned long flags; /* ST_* of the host's mount, if they were asked for */
	bool is_guarded;
	uint64_t mount_id; /* of a guarded layer */
};

#define VFS_LAYER_NONE ((struct vfs_layer){.fd = -EBADF})

enum {
	VFS_LAYER_RECURSIVE = 1 << 0, /* mounts below come along */
	VFS_LAYER_TOP = 1 << 1,       /* takes writes */
	VFS_LAYER_FLAGS = 1 << 2,     /* ask for the flags of the host's mount */
};

/*
 * vfs_layer_open - open the layer at host path @path
 * @clones:  those of the view; a new one may be added
 * @subpath: what of it, resolved inside it; NULL for all
 *
 * Links in @path itself are followed: it is the caller's, not the image's.
 * Returns: 0; -ENOENT, -ENOTDIR, -ELOOP, ... of the path.
 */
int vfs_layer_open(struct vfs_clones *clones, const char *path, const char *subpath, unsigned flags,
		   struct vfs_layer *ret, struct err *e);
void vfs_layer_done(struct vfs_layer *l);

/*
 * Is the entry @name of @dirfd ("" for what @dirfd stands for) of the layer's own mount?
 * Returns 0; -EOPNOTSUPP (ERR_UNSUPPORTED).
 */
int vfs_layer_check(const struct vfs_layer *l, int dirfd, const char *name, struct err *e);
