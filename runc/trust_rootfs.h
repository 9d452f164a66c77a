/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * trust_rootfs - the rootfs that a caller hands over, as layers that can be installed in
 *
 * Mostly it is an overlay that the caller has mounted. What is written through that leaves copies
 * in its upper directory, so it is taken apart, and the kernel is made to look at the layers again.
 * Where that can't be done it is only read, and masks are used.
 */
#include "cacerts/changes.h"
#include "runtime/container.h"
#include "vfs/vfs.h"

struct trust_rootfs {
	struct mount_specs specs;
	char *mounted; /* top of the overlay that the specs stand for; NULL: they are what is there
			*/
};

void trust_rootfs_done(struct trust_rootfs *rootfs);

/* Nothing is changed. @ret: empty before. */
int trust_rootfs_read(const struct container_spec *spec, struct trust_rootfs *ret, struct err *e);

/*
 * After an install: the mount shows it. Returns 0; -ESTALE (ERR_PRECONDITION) when it can't be made
 * to, since something in it is in use.
 */
int trust_rootfs_refresh(const struct trust_rootfs *rootfs, const struct changes *changes,
			 struct err *e);

/* After an undo: the kernel forgets what it has seen, if it still is mounted. @mounted: "" or NULL
 * for nothing to do. */
int trust_rootfs_forget(const char *mounted, struct err *e);
