/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * copy_up - a lower layer's entry gets a copy in the top, so that it can be changed
 *
 * As in the kernel the copy has content, owner, mode, both times and attributes, and the
 * parent's times stay. A file that is metadata only gets its content. What the kernel does
 * besides and we don't is in docs/vfs.md: overlay.origin and impure, file flags (chattr).
 *
 * A hard link becomes a file of its own, as in the kernel without index=on; with it the
 * kernel keeps the links together, and we refuse.
 */
#include "vfs/place.h"

/* Give the directory @path, and all above it, a part in the top. -ENOENT if it isn't there. */
int vfs_copy_up_dir(struct vfs *fs, const char *path, struct err *e);
/* Give whatever is at @path a copy in the top. -EFBIG (ERR_LIMIT) above LIMIT_COPY_UP. */
int vfs_copy_up_entry(struct vfs *fs, const char *path, struct err *e);
/* The same, and the content too where the top has metadata only. */
int vfs_copy_up_content(struct vfs *fs, const char *path, struct err *e);
