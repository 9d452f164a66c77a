/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * held - one entry of the top, remembered so that it can be made again (vfs/snapshot.h)
 */
#include <sys/stat.h>

#include "vfs/mount_table.h"

struct vfs_held_child;

struct vfs_held {
	bool exists;
	struct stat st;
	struct vfs_xattrs xattrs; /* all of them, overlayfs' own too */
	char *target;             /* of a link; owned */
	int inode;                /* O_PATH: as long as it is open, its number is nobody else's */
	int content;              /* a file without a name: a copy; -EBADF if it was empty */
	struct timespec taken;    /* when, by the clock of the file system's times */
	/* Of a directory that holds nothing but whiteouts, which go with it: they. Owned. */
	struct vfs_held_child *children;
	size_t n_children;
};

struct vfs_held_child {
	char *name; /* owned */
	struct vfs_held held;
};

#define VFS_HELD_NONE ((struct vfs_held){.inode = -EBADF, .content = -EBADF})

void vfs_held_done(struct vfs_held *h);

/* Remember @name in the top's directory @dirfd, or if it is NULL what @dirfd itself stands for. */
int vfs_held_take(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_held *ret,
		  struct err *e);
/* Make it again. -ENOTEMPTY (ERR_PRECONDITION) if a directory in its place holds something. */
int vfs_held_restore(const struct vfs *fs, const struct vfs_mount *m, int dirfd, const char *name,
		     const struct vfs_held *h, struct err *e);
/* Give what @fd stands for, which is @h itself, its content and metadata. */
int vfs_held_apply(const struct vfs_held *h, int fd, struct err *e);
/* Put the times of a directory back. */
int vfs_held_touch(const struct vfs_held *h, int fd, struct err *e);
