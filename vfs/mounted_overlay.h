/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mounted_overlay - an overlay that somebody else has mounted, and its layers
 *
 * Container engines hand over a mounted rootfs. Of what is written through it the kernel makes
 * copies in the upper directory that stay, so an undo works on the layers themselves. The kernel
 * remembers what it has looked up, and doesn't notice; a reconfiguration that changes nothing makes
 * it forget all that isn't in use (reconfigure_super() in fs/super.c shrinks the cache of names).
 */
#include "vfs/mount_spec.h"

/*
 * mounted_overlay_read - the specs that would make what is mounted at @path
 * @ret: empty before
 *
 * Returns: 1; 0 when @path is not the top of an overlay; -EOPNOTSUPP (ERR_UNSUPPORTED) when its
 *          layers can't be told, since they were named by relative paths; -errno.
 */
int mounted_overlay_read(const char *path, struct mount_specs *ret, struct err *e);

/* Make the kernel forget what it has looked up in the overlay whose top is @path. 0, also when
 * none is mounted there; -errno. */
int mounted_overlay_forget(const char *path, struct err *e);
