/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sync - which file systems took writes
 *
 * A recursive bind may hold mounts of other file systems, of which no table tells. So each write
 * in such a bind notes its directory's file system, for vfs_sync().
 */
#include "vfs/mount_table.h"

/* The entry @name of a top's directory is going to be removed. */
void vfs_removed_hold(struct vfs *fs, int dirfd, const char *name);

struct vfs_written {
	dev_t dev;
	int fd; /* a directory in it, open for reading */
};

void vfs_written_done(struct vfs_mount *m);
/* Something in the directory @dirfd will be written; @m is a recursive bind. */
int vfs_written_note(struct vfs_mount *m, int dirfd, struct err *e);
