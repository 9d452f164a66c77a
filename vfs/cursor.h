/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cursor - the directories that were looked into last, and where none was
 *
 * Look-ups come in flocks: links of one directory are read one by one, a path is resolved and
 * then opened, its neighbour after it. So a view keeps the last directories open, and a walk that
 * leads to one of them, or further down, begins with it. A write forgets those at and below the
 * path that it changes, and those on the way there that it copies up.
 *
 * Somebody else who moves such a directory away is noticed late: what was in the container a
 * moment ago may be read, or written, once more. A view lives for one look at a container, so the
 * moment is short.
 */
#include <stdint.h>

#include "vfs/dir.h"

enum {
	VFS_CURSOR_DIRS = 64, /* with as many descriptors as these, unless it is one directory: */
	VFS_CURSOR_FDS = 256,
};

struct vfs_cursor_dir {
	const struct vfs_mount *mount; /* borrowed */
	struct vfs_dir dir;            /* n is 0 where no directory is */
	char *inside; /* its path below the mount's destination; owned; NULL: free */
	size_t n_inside;
	uint64_t used; /* by the cursor's clock, when last */
};

struct vfs_cursor {
	struct vfs_cursor_dir v[VFS_CURSOR_DIRS];
	size_t n_fds;
	uint64_t clock; /* counts uses */
};

/* All take NULL, for a view without. */
void vfs_cursor_forget(struct vfs_cursor *c);
/* The directory at canonical @path and all below it are going to be, or have become, others. */
void vfs_cursor_forget_path(const struct vfs *fs, const char *path);
/* The same for one in @m, of whose path @inside the first @n bytes count. */
void vfs_cursor_forget_below(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
			     size_t n);
void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside);
/* No directory is there: the first @n bytes of @inside. */
void vfs_cursor_put_none(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
			 size_t n);
bool vfs_cursor_has(const struct vfs_cursor *c, const struct vfs_mount *m, const char *inside);
/*
 * The nearest directory at or above @inside in @m, shared; *@ret_rest is what is left of the path.
 * Returns 1; 0 if nothing is known; VFS_CURSOR_NONE: there is no directory.
 */
enum { VFS_CURSOR_NONE = 2 };
int vfs_cursor_get(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		   struct vfs_dir *ret, const char **ret_rest);
/*
 * The nearest directory whose canonical path the text @path begins with; @ret_path (LIMIT_PATH
 * bytes) gets that. No link is in it, so a look-up may begin there.
 */
bool vfs_cursor_begin(struct vfs_cursor *c, const char *path, struct vfs_dir *ret, char *ret_path,
		      const char **ret_rest);
