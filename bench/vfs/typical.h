/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * typical - what vfs does for most execs: on an overlay of three lowers and an upper, as a build
 * makes it from a Debian image, tell the distribution and find the bundle of authorities
 *
 * bench/vfs measures its time, tests/budget counts its system calls.
 */
#include "vfs/mount_spec.h"

/* Make the layers below the empty directory @dir, and the specs of their overlay. */
void typical_make(const char *dir, struct mount_specs *ret_rootfs);
/* Open a view, look, close it. Returns 0, -errno. */
int typical_look(const struct mount_specs *rootfs, struct err *e);
/* The same by mounting at @at, looking with system calls, and unmounting. */
int typical_mount_and_look(const struct mount_specs *rootfs, const char *at, struct err *e);
