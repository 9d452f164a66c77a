/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dir - one directory of a mount, as the layer directories that merge into it
 *
 * This is overlayfs' look-up (fs/overlayfs/namei.c), one component at a time; a bind is the
 * case of one layer without whiteouts. A name is looked for from the topmost layer down. A
 * whiteout ends the search with nothing, anything but a directory ends it with itself,
 * directories add up until one is opaque. A redirect changes what is looked for in the layers
 * below it; a file that is metadata only (metacopy) has its content in one of them. Both are
 * followed where the mount's options let the kernel do it, and are errors elsewhere.
 */
#include <sys/stat.h>

#include "vfs/mount_table.h"

struct vfs_dir_layer {
	int fd;       /* the directory; open for reading, but O_PATH at the mount's root */
	size_t layer; /* index into the mount's layers */
};

struct vfs_dir {
	const struct vfs_mount *mount; /* borrowed */
	struct vfs_dir_layer *v;       /* topmost first; owned, by all who share it */
	size_t n;
	unsigned *refs;             /* how many share it */
	bool is_root;               /* descriptors are borrowed from the mount */
	struct vfs_seen_node *seen; /* where looks into it are noted; borrowed, or NULL */
};

/* What a name means in a directory. */
struct vfs_entry {
	enum vfs_type type;
	struct stat st; /* of what shows */
	size_t at;      /* index into the directory's layers of what shows */
	bool in_top;
	bool whiteout;       /* the top hides what is below */
	bool metacopy;       /* a file whose content is in a layer below ... */
	size_t content;      /* ... which is this one of the mount's layers */
	enum vfs_type below; /* what shows without the top's entry; VFS_ABSENT without a top */
};

enum { VFS_NOT_DIR = 1 }; /* the positive result of vfs_dir_enter() */

void vfs_dir_done(struct vfs_dir *d);
#define cleanup_vfs_dir cleanup(vfs_dir_done)

/* Another owner of the same; each is done with it on its own. */
struct vfs_dir vfs_dir_share(const struct vfs_dir *d);

/* The root of a mount that is a directory. */
int vfs_dir_root(const struct vfs_mount *m, struct vfs_dir *ret, struct err *e);
/*
 * The subdirectory @name. Returns 0; VFS_NOT_DIR for anything else, or nothing; -EPERM
 * (ERR_UNSUPPORTED) for a redirect that isn't followed.
 */
int vfs_dir_enter(const struct vfs_dir *d, const char *name, struct vfs_dir *ret, struct err *e);
/*
 * Look @name up without opening it. Fails where the kernel's look-up does.
 */
int vfs_dir_find(const struct vfs_dir *d, const char *name, struct vfs_entry *ret, struct err *e);
/*
 * The same for callers that keep directories open.
 * @is_entered: if it is a directory, it has been entered before
 * @ret_child:  else gets that directory, where the look-up had to enter it; empty before
 */
int vfs_dir_find_child(const struct vfs_dir *d, const char *name, bool is_entered,
		       struct vfs_entry *ret, struct vfs_dir *ret_child, struct err *e);
/*
 * An O_PATH descriptor of the file that has the content of @name, which is metadata only in
 * @d->v[@at]. @ret_layer, if not NULL, gets the index of its layer in the mount's. Returns it;
 * -EPERM (ERR_UNSUPPORTED) where metacopy is off; -EIO without content.
 */
int vfs_dir_open_content(const struct vfs_dir *d, const char *name, size_t at, size_t *ret_layer,
			 struct err *e);

/* The top's part of the directory, borrowed; -EBADF if it has none. */
int vfs_dir_top(const struct vfs_dir *d);

static inline enum vfs_type vfs_type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return VFS_FILE;
	case S_IFDIR:
		return VFS_DIR;
	case S_IFLNK:
		return VFS_LINK;
	default:
		return VFS_SPECIAL;
	}
}
