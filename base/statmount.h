/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * statmount - what is mounted at a path, by statmount(2)
 *
 * /proc/self/mountinfo says it too, at the price of every mount of the host.
 */
#include <stdint.h>

enum { MOUNT_ROOT = 256 }; /* bytes, with the NUL */

struct mount_info {
	uint64_t magic;        /* of the file system, linux/magic.h */
	char root[MOUNT_ROOT]; /* where in it the mount begins */
};

/*
 * Returns 0; -EINVAL when @path is not the mount point of the topmost mount there; -EOVERFLOW
 * when its root is longer; -ENOSYS before Linux 6.8; -errno.
 */
int statmount_read(const char *path, struct mount_info *ret);
