/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cursor - the directories that were looked into last
 *
 * Look-ups come in flocks: links of one directory are read one by one, a path is resolved and
 * then opened, its neighbour after it. So a view keeps the last directories open, and a walk that
 * leads to one of them, or further down, begins with it. A write never begins with one, and every
 * change of the top forgets them.
 *
 * Somebody else who moves such a directory away is noticed late: what was in the container a
 * moment ago may be read once more. A view lives for one look at a container, so the moment is
 * short.
 */
#include <stdint.h>

#include "vfs/dir.h"

enum { VFS_CURSOR_DIRS = 8 };

struct vfs_cursor_dir {
	struct vfs_dir dir;      /* n is 0 if there is none */
	char inside[LIMIT_PATH]; /* its path below the mount's destination */
	uint64_t used;           /* by the cursor's clock, when last */
};

struct vfs_cursor {
	struct vfs_cursor_dir v[VFS_CURSOR_DIRS];
	uint64_t clock; /* counts uses */
};

/* All take NULL, for a view without. */
void vfs_cursor_forget(struct vfs_cursor *c);
void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside);
/*
 * The nearest directory at or above @inside in @m, shared; *@ret_rest is what is left of the path.
 * Returns false if there is none.
 */
bool vfs_cursor_get(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		    struct vfs_dir *ret, const char **ret_rest);
/*
 * The nearest directory whose canonical path the text @path begins with; @ret_path (LIMIT_PATH
 * bytes) gets that. No link is in it, so a look-up may begin there.
 */
bool vfs_cursor_begin(struct vfs_cursor *c, const char *path, struct vfs_dir *ret, char *ret_path,
		      const char **ret_rest);
