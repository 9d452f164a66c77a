/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * find - the names that a file of the top has got, or a symbolic link
 *
 * One that somebody moved or linked is found by its inode, in the top of the mount that it was
 * in. All directories are walked (LIMIT_SEARCH_DIRS, LIMIT_SEARCH_DEPTH; what lies beyond is not
 * found), but entries are looked at only in those that changed: a rename or a link moves the ctime
 * of the directory that gets the name, and nobody can set that.
 */
#include "vfs/origin.h"

struct vfs_sought {
	const char *path; /* where it was; borrowed */
	dev_t dev;
	ino_t ino;
	const struct vfs_handle *origin; /* the file that was copied up from this, in place of dev
					    and ino; NULL: those count. Borrowed */
	struct strv paths; /* the names that are new, and others that happen to be beside them */
};

/* @since: by the clock of the file system's times. Returns 0 or -errno. */
int vfs_find_files(const struct vfs *fs, struct vfs_sought *sought, size_t n, struct timespec since,
		   struct err *e);
