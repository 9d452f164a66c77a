/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * helper_layers - specs under which a tool can write without touching anything
 *
 * Every directory that the container's specs show becomes the lower of an overlay whose upper
 * is a fresh scratch directory. Mounts of single files become read-only; special file systems
 * stay as they are. After the tool has run, the scratch uppers hold exactly what it changed.
 */
#include "vfs/vfs.h"

struct helper_layer {
	char *destination; /* canonical container path; owned */
	char *upper;       /* host path of what was written there; owned */
};

struct helper_layers {
	struct mount_specs rootfs;
	struct mount_specs mounts;
	struct helper_layer *v; /* the rootfs first, then mounts in their order */
	size_t n;
};

void helper_layers_done(struct helper_layers *l);
#define cleanup_helper_layers cleanup(helper_layers_done)

/*
 * @fs:      view of the container's own specs, to find where destinations lead
 * @scratch: host directory; sub-directories are made in it
 */
int helper_layers_make(const struct mount_specs *rootfs, const struct mount_specs *mounts,
		       const struct vfs *fs, const char *scratch, struct helper_layers *ret,
		       struct err *e);
