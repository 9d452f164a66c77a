/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * top - places that may be written, and what all writers need there
 *
 * Nothing here changes what the container shows, but vfs_top_put_whiteout().
 */
#include "vfs/place.h"

/* Find a place in a mount that takes writes. -EROFS (ERR_PRECONDITION) elsewhere. */
int vfs_top_find(struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e);
/* An entry that is to be made, replaced or removed: -EBUSY (ERR_PRECONDITION) at a mount's root. */
int vfs_top_find_name(struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e);

/* Raise -ENOENT unless the place is in a directory. */
int vfs_top_need_parent(const struct vfs_place *p, struct err *e);
/* Give the directory of @p a part in the top; @p is found again if it had none. */
int vfs_top_need_part(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e);
/* Raise -ENOTEMPTY (ERR_PRECONDITION) unless the merged directory @path is empty. */
int vfs_top_need_empty(const struct vfs *fs, const char *path, struct err *e);

/* Hide what lower layers have at the place, in one step also where the top has an entry. */
int vfs_top_put_whiteout(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e);
