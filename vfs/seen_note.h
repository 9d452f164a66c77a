/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seen_note - the look-ups' side of seen.h; used by dir.c, list.c and seen.c only
 *
 * A struct vfs_dir carries the node that stands for it; all functions take NULL, which is what a
 * view has that notes nothing.
 */
#include "vfs/dir.h"

/* A directory was entered; returns its node. */
struct vfs_seen_node *vfs_seen_directory(struct vfs_seen_node *in, const char *name,
					 const struct vfs_dir *d);
/* Something was found, or nothing. */
void vfs_seen_entry(struct vfs_seen_node *in, const char *name, const struct vfs_dir *d,
		    const struct vfs_entry *entry);
/* No directory was found. */
void vfs_seen_no_directory(struct vfs_seen_node *in, const char *name);
/* All names count. */
void vfs_seen_list(struct vfs_seen_node *node);
/* It depends on more than can be noted. */
void vfs_seen_spoil(struct vfs_seen_node *node);
