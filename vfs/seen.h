/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seen - what a look at a container saw, to tell later whether another look would see the same
 *
 * An image doesn't change, but each of its execs looks at it again, at thousands of files. While a
 * view has a struct vfs_seen, each name that is looked up in it is noted: a directory and a file
 * with the identity of what each layer has there (device, inode, change time), everything else by
 * the directory that it is in or missing from. A later look needs a stat of each of these only.
 *
 * What an overlay is looked at through may have changed: another upper, more lower layers on top.
 * The look is the same as long as those have nothing to say about any name that was looked up.
 *
 * Not noted, and so never the same: what a top has a part in, redirects, metacopies, recursive
 * binds, more than LIMIT_SEEN names.
 *
 * Thread: any, one at a time; after vfs_seen_end() it is constant, and any number at a time.
 */
#include "vfs/vfs.h"

struct vfs_seen;

/* Note what is seen from here on, until vfs_seen_end(). @fs outlives it. */
int vfs_seen_begin(struct vfs *fs, struct vfs_seen **ret, struct err *e);

/*
 * No more is noted. Returns whether it can be asked later: false when something was looked at that
 * can't be noted, or that changed a moment ago and so may change again without a trace.
 */
bool vfs_seen_end(struct vfs *fs, struct vfs_seen *s);

struct vfs_seen *vfs_seen_free(struct vfs_seen *s);

/* Would the look that was noted see the same in @fs? Never true wrongly; costs a stat a file. */
bool vfs_seen_holds(const struct vfs_seen *s, const struct vfs *fs);
