/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * overlay_features - what a kernel's mount with these options would do
 *
 * Options that a spec leaves out have the kernel's defaults, which are parameters of its
 * overlay module; without that (not loaded, no sysfs) the defaults of upstream. Options that
 * exclude each other are refused as the kernel does.
 */
#include "vfs/mount_options.h"

struct vfs_overlay_features {
	bool follow_redirects; /* else a redirect is an error, as in the kernel */
	bool write_redirects;  /* a directory of a lower layer can be renamed */
	bool metacopy;         /* else a file without content is one */
	bool index;            /* hard links stay hard links when they are copied up */
};

/*
 * Who lacks CAP_SYS_ADMIN, or has it in a user namespace only, doesn't see attributes that begin
 * with "trusted.", and would take each mark of an overlay for missing. -EPERM (ERR_UNSUPPORTED).
 */
int vfs_overlay_check_rights(const struct mount_options *o, struct err *e);

/* Has this process the capability (CAP_SYS_ADMIN, ...), in whatever user namespace it is? */
bool vfs_has_capability(unsigned capability);

/* Returns 0; -EINVAL (ERR_INVALID) for a conflict. */
int vfs_overlay_features(const struct mount_options *o, struct vfs_overlay_features *ret,
			 struct err *e);
