/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * scene - a container, and what the attacker does to its directories
 *
 * A scene is a row: how the container is mounted, and pairs of host paths that are exchanged
 * (renameat2) all the time. One of a pair is a directory that vfs walks, the other a symlink to
 * the canary, a directory of another mount, or a place outside of the container.
 */
#include "vfs/mount_spec.h"

#define SCENE_AT "/tmp/attack" /* on a tmpfs of this process */

enum { SCENE_PAIRS = 4 };

struct scene {
	const char *name;
	void (*make)(void); /* directories below SCENE_AT */
	void (*specs)(struct mount_specs *rootfs, struct mount_specs *mounts);
	const char *pairs[SCENE_PAIRS][2]; /* below SCENE_AT */
};

extern const struct scene scenes[]; /* the last has no name */

/* Exchange each pair once. */
void scene_swap(const struct scene *s);
