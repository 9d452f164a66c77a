/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * origin - from which file an entry of an overlay's upper was copied up
 *
 * The kernel writes the handle of the lower file into the attribute trusted.overlay.origin
 * (fs/overlayfs/overlayfs.h, struct ovl_fb), where it stays however the entry is renamed, linked
 * or written to in the mount. Files that had several links have none.
 */
#include "vfs/mount_table.h"

/* A file handle, as name_to_handle_at(2) gives it: never given to two files of a file system. */
struct vfs_handle {
	unsigned type;
	size_t n; /* 0: none */
	unsigned char bytes[128];
};

/* The handle of @path below @dirfd, whose last component isn't followed. Returns 0, -errno. */
int vfs_handle_of(int dirfd, const char *path, struct vfs_handle *ret, struct err *e);
bool vfs_same_handle(const struct vfs_handle *a, const struct vfs_handle *b);

/* From what the top's entry @name of @dirfd was copied up; none if it wasn't. Returns 0, -errno. */
int vfs_origin_read(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_handle *ret,
		    struct err *e);
/* The same of a directory, open for reading, of an overlay without userxattr. */
int vfs_origin_of_fd(int fd, struct vfs_handle *ret);
/* The same for a canonical path. */
int vfs_origin_of(const struct vfs *fs, const char *path, struct vfs_handle *ret, struct err *e);

/*
 * Was the directory that the top has at @path copied up from what is below it now? Returns 1, 0.
 */
int vfs_is_copy_of_below(const struct vfs *fs, const char *path, struct err *e);

/*
 * Make the mark of the top's entry at @path, if it has one, say what is below @of now, where it was
 * copied up; or nothing if that is of another type.
 */
int vfs_settle_origin(struct vfs *fs, const char *path, const char *of, struct err *e);
