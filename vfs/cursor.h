/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cursor - the directory that was looked into last
 *
 * Look-ups come in flocks: links of one directory are read one by one, a path is resolved and
 * then opened. So a view keeps the last directory open, and a walk that leads there, or further
 * down, begins with it. A write never begins with it, and every change of the top forgets it.
 *
 * Somebody else who moves that directory away is noticed when the view looks elsewhere: what
 * was in the container a moment ago may be read once more.
 */
#include "vfs/dir.h"

struct vfs_cursor {
	struct vfs_dir dir;      /* n is 0 if there is none */
	char inside[LIMIT_PATH]; /* its path below the mount's destination */
};

/* All take NULL, for a view without. */
void vfs_cursor_forget(struct vfs_cursor *c);
void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside);
/*
 * A directory at or above @inside in @m, shared; *@ret_rest is what is left of the path. Returns
 * false if there is none.
 */
bool vfs_cursor_get(const struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		    struct vfs_dir *ret, const char **ret_rest);
/*
 * The directory, if the text @path begins with its canonical path; @ret_path (LIMIT_PATH bytes)
 * gets that. No link is in it, so a look-up may begin there.
 */
bool vfs_cursor_begin(const struct vfs_cursor *c, const char *path, struct vfs_dir *ret,
		      char *ret_path, const char **ret_rest);
