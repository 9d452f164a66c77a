/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * clone - detached copies of the host's mounts, in which layers are opened
 *
 * A clone (open_tree) shows the files of one mount as nothing else covers them, and is stricter
 * than the mount: no devices, no programs, no symlinks followed, access times left alone.
 *
 * To close one costs as much as dozens of other calls, since the kernel waits for RCU. So the
 * layers of a view that lie in the same mount share one clone of all of it. It is read-only
 * unless the first of them is a top; a top that comes later gets another.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vfs_clone {
	int fd;     /* O_PATH; the mount's root, of a recursive one any directory or file */
	char *root; /* host path of that; owned; NULL for a recursive one, which isn't shared */
	uint64_t mount_id; /* of the mount */
	uint64_t own_id;   /* of the clone */
	bool writable;
};

struct vfs_clones {
	struct vfs_clone *v; /* owned; they stay open, since closing one takes it apart */
	size_t n;
};

void vfs_clones_done(struct vfs_clones *c);

/*
 * vfs_clones_open - what @fd (O_PATH) stands for, seen in a clone
 *
 * Returns: the descriptor, O_PATH too; -EPERM, without an error set, to who may not clone.
 */
int vfs_clones_open(struct vfs_clones *c, int fd, bool writable, struct err *e);
/* The same in a clone of its own, in which mounts below come along. */
int vfs_clones_open_recursive(struct vfs_clones *c, int fd, bool writable, struct err *e);

/* The id of the mount that an entry is in; "" for @dirfd itself. Returns 0, -errno. */
int vfs_mount_id(int dirfd, const char *name, uint64_t *ret);
