/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * meta - owner, mode, times and attributes through a descriptor
 *
 * Descriptors may be O_PATH, and of a file, directory or symlink; nothing is followed.
 */
#include "vfs/mount_table.h"

#define cleanup_vfs_xattrs cleanup(vfs_xattrs_done)

/* Which attributes count: decides by name. */
typedef bool vfs_xattr_filter(const char *name);

/* All of them: what a file of the top really has. */
vfs_xattr_filter vfs_xattr_is_any;
/* Those that the user sees in the mount: in an overlay not its own. */
vfs_xattr_filter *vfs_xattrs_visible(const struct vfs_mount *m);
/* Those that a copy-up in it carries over: also those that are an overlay's inside of this one. */
vfs_xattr_filter *vfs_xattrs_copied(const struct vfs_mount *m);

int vfs_meta_read_xattrs(int fd, vfs_xattr_filter *filter, struct vfs_xattrs *ret, struct err *e);
/*
 * Make the attributes that @filter lets through exactly @want. With @lenient a file system
 * that can't hold one goes without it, unless it decides who may do what (ACLs, capabilities).
 */
int vfs_meta_write_xattrs(int fd, vfs_xattr_filter *filter, const struct vfs_xattrs *want,
			  bool lenient, struct err *e);

/* Owner and mode; in this order, since a change of owner takes set-id bits away. */
int vfs_meta_own(int fd, uid_t uid, gid_t gid, struct err *e);
int vfs_meta_chmod(int fd, mode_t mode, struct err *e); /* a symlink's mode stays as it is */
/*
 * What open(2) or mkdir(2) with @mode and no umask would have given to a new entry of @dirfd that
 * was made with that mode: its default ACL decides, or the bit of a set-group-ID directory stays.
 */
int vfs_meta_unmask(int dirfd, int fd, mode_t mode, struct err *e);
/* As utimensat(). */
int vfs_meta_touch(int fd, const struct timespec times[2], struct err *e);

int vfs_meta_apply(const struct vfs_mount *m, int fd, const struct vfs_meta *meta, struct err *e);
