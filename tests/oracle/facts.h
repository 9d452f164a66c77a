/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * facts - what is known of a file, as text that can be compared and read
 *
 * Both sides write the same form: type, mode, owner, size, time of change, links, and, where
 * asked for, content and attributes. A time since LAYER_NOW is "now": that an operation wrote
 * it, not when. Attributes of overlayfs itself are left out.
 */
#include <sys/stat.h>

#include "base/buf.h"
#include "vfs/vfs.h"

enum { FACTS_MAX = 64 << 20 /* bytes of one text */ };

void facts_of_view(const struct vfs_stat *st, struct buf *to);
void facts_of_host(const struct stat *st, struct buf *to);

/* ", content <size> <checksum>"; @fd may be O_PATH here, as in all of these. */
void facts_content(int fd, struct buf *to);
void facts_bytes(const void *bytes, size_t n, struct buf *to);
/* ", name=value" for each attribute, sorted. @with_overlay: also overlayfs' own. */
void facts_xattrs_of_view(const struct vfs_xattrs *x, struct buf *to);
void facts_xattrs_of_host(int fd, bool with_overlay, struct buf *to);
/* A path without bytes that a terminal would not show. */
void facts_path(const char *path, struct buf *to);

/*
 * Sorted names of a directory; those that the kernel lists but can't look up are left out.
 * Returns 0, -errno: one name that the kernel refuses may spoil the whole list.
 */
int facts_list(int fd, struct strv *ret);
