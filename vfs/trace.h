/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * trace - how a path of the container leads to a file of the host
 *
 * For people ("anchorctl explain PATH"): each link that was followed, then what is at the end.
 */
#include "vfs/vfs.h"

struct vfs_trace_step {
	char *path;         /* canonical; of a link, or of the end; owned, as all strings here */
	enum vfs_type type; /* VFS_LINK for all but the end, where it can be anything */
	char *target;       /* text of a link that was followed; NULL at the end */
	char *mount;        /* destination of the mount that backs the path */
	char *layer;        /* as vfs_describe(): "overlay upper '/x/upper'" */
	char *content; /* the layer of the content, if that is another one (metacopy), or NULL */
};

struct vfs_trace {
	struct vfs_trace_step *v; /* owned; at most LIMIT_SYMLINKS links and the end */
	size_t n;                 /* at least one */
};

void vfs_trace_done(struct vfs_trace *t);
#define cleanup_vfs_trace cleanup(vfs_trace_done)

/*
 * vfs_trace - follow @path as vfs_resolve() and say where that leads
 *
 * Returns: 0, also when the end is missing (VFS_ABSENT); the errors of vfs_resolve() and
 *          vfs_lstat().
 */
int vfs_trace(const struct vfs *fs, const char *path, bool follow_last, struct vfs_trace *ret,
	      struct err *e);
