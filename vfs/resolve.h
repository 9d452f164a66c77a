/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * resolve - vfs_resolve() for somebody who wants to know the way too
 */
#include "vfs/vfs.h"

struct vfs_resolve_watcher {
	/* The link at canonical @path was followed. A negative result ends the walk with it. */
	int (*followed)(void *arg, const char *path, const char *target, struct err *e);
	void *arg; /* borrowed */
};

int vfs_resolve_watched(const struct vfs *fs, const char *path, bool follow_last,
			const struct vfs_resolve_watcher *watcher, char *ret, struct err *e);
