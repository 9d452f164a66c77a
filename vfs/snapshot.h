/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * snapshot - what the top holds at one path, kept in memory, so that it can be put back
 *
 * The top is taken as it is: whiteouts, overlayfs' own attributes, a directory's mark of being
 * opaque. After vfs_restore() it holds at the path what it held at the time of vfs_snapshot():
 *
 *   nothing     is gone again, and so are directories above that were copied up or made since
 *   a file      content, owner, mode, times, attributes; the same file if it still has a name
 *               (so hard links stay hard links), else a new one
 *   a link, a whiteout, a special file   likewise
 *   a directory itself, with times and attributes, not what is in it; but with the whiteouts
 *               in it if it holds nothing else, since those go with a directory that is removed
 *
 * and the directories above have the times that they had. What can't be put back is what no
 * program can set: change times, and the inode number of a file that is gone.
 *
 * Several paths are restored deepest first. Nothing survives the process; see cacerts/journal.h
 * for what does.
 */
#include "vfs/vfs.h"

struct vfs_snapshot;

/*
 * vfs_snapshot - remember what the top holds at canonical @path
 *
 * The content of a file is copied, so it costs as much disk as the file, on the same file system.
 * Returns: 0; -EROFS (ERR_PRECONDITION) where nothing can be written, so nothing be restored;
 *          -EFBIG (ERR_LIMIT) for a file above LIMIT_COPY_UP.
 */
int vfs_snapshot(struct vfs *fs, const char *path, struct vfs_snapshot **ret, struct err *e);
struct vfs_snapshot *vfs_snapshot_free(struct vfs_snapshot *s);
static inline void cleanup_vfs_snapshot_p(struct vfs_snapshot **s)
{
	vfs_snapshot_free(*s);
}
#define cleanup_vfs_snapshot cleanup(cleanup_vfs_snapshot_p)

enum { VFS_KEPT = 1 }; /* vfs_restore(): a directory above stays, something else is in it */

/*
 * vfs_restore - put back what @s remembers; may be repeated
 *
 * The view that @s was taken of must still be open.
 * Returns: 0; VFS_KEPT; -ENOTEMPTY (ERR_PRECONDITION) if a directory that holds something is
 *          where none was.
 */
int vfs_restore(const struct vfs_snapshot *s, struct err *e);
