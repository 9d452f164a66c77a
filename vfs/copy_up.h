/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * copy_up - a lower layer's entry gets a copy in the top, so that it can be changed
 *
 * As in the kernel the copy has content, owner, mode, both times and attributes, and the
 * parent's times stay. Unlike there it has no overlay.origin attribute: that only makes inode
 * numbers constant while an overlay is mounted, and the kernel adds it by itself. File flags
 * (chattr) are not copied. A file may have LIMIT_STORE_FILE bytes.
 */
#include "vfs/place.h"

/* Give the directory @path, and all above it, a part in the top. -ENOENT if it isn't there. */
int vfs_copy_up_dir(struct vfs *fs, const char *path, struct err *e);
/* Give the file, link or directory at @path a copy in the top. */
int vfs_copy_up_entry(struct vfs *fs, const char *path, struct err *e);
