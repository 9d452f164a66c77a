/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * underlay - a directory of ours, put among the lower directories of an overlay
 *
 * What is in it shows in the container, and nothing has been written to the container's upper: what
 * the upper holds afterwards is the process's own. It lies above the lower directories that it was
 * made for, and below those that were put on top of them since (vfs/seen.h).
 */
#include "base/limits.h"
#include "vfs/vfs.h"

/* A directory of the host, and those that it is in. */
struct vfs_location {
	dev_t dev; /* of its file system */
	struct {
		dev_t dev;
		ino_t ino;
	} v[LIMIT_DEPTH]; /* itself first */
	size_t n;
};

/* Returns 0; -errno, -E2BIG (ERR_LIMIT) below LIMIT_DEPTH directories. */
int vfs_locate(const char *path, struct vfs_location *ret, struct err *e);

/*
 * May the directory become an underlay of the overlay at "/", so that a process notices no more
 * than its files? All layers are on its file system and none holds it; copies of files can be told
 * by their origin (vfs/origin.h); no redirects, metacopies or index are written.
 */
bool vfs_may_underlay(const struct vfs *fs, const struct vfs_location *at);

/* Is @path, canonical, in the mount at "/"? */
bool vfs_is_of_rootfs(const struct vfs *fs, const char *path);

/* What an upper has of its own at a path that an underlay may have, too. */
enum vfs_own {
	VFS_OWN_NOTHING,
	VFS_OWN_DIRECTORY, /* hides nothing that is below, and wasn't copied up from the underlay */
	VFS_OWN_MORE,      /* or it can't be told: without openat2(2), say */
};
/* @path: relative; nothing but directories of the upper's own are on the way. */
enum vfs_own vfs_underlay_look(int upper, int underlay, const char *path);
