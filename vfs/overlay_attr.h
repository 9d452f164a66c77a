/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * overlay_attr - what overlayfs has written into its layers
 *
 * Whiteouts, and the attributes trusted.overlay.* (user.overlay.* with userxattr):
 *
 *   opaque    'y' on a directory: nothing below it shows; 'x': whiteouts in it may be files
 *   whiteout  on an empty file: it is a whiteout
 *   redirect  below this layer the entry has another name, or another path from the root
 *   metacopy  the file has metadata only, its content is in a layer below
 *   origin    the entry was copied up, and from which file (origin.h)
 *
 * In a bind none of them means anything: the functions say so.
 */
#include <sys/stat.h>

#include "vfs/mount_table.h"

/* Stands for an overlay without userxattr, where there is no mount. */
extern const struct vfs_mount vfs_plain_overlay;

/* Which of its attributes a directory has, asked at once since most have none. */
enum vfs_overlay_mark {
	VFS_OVERLAY_OPAQUE = 1 << 0,
	VFS_OVERLAY_REDIRECT = 1 << 1,
};
/* Returns a set of marks. @dirfd is open for reading. */
int vfs_overlay_marks(const struct vfs_mount *m, int dirfd, struct err *e);

/* The value of the directory's opaque attribute ('y', 'x'), or 0. @dirfd is open for reading. */
int vfs_overlay_opaque(const struct vfs_mount *m, int dirfd, struct err *e);
/* Set that value ('y' hides the directories below), or take it away; @fd may be O_PATH. */
int vfs_overlay_set_opaque(const struct vfs_mount *m, int fd, char value, struct err *e);

/*
 * The "impure" mark of the top's directory @dirfd, which may be O_PATH: some entry of it was
 * copied up ("origin"), so that its inode number is that of a lower file.
 */
bool vfs_overlay_is_impure(const struct vfs_mount *m, int dirfd);
/* Is it among these attributes of a directory? */
bool vfs_overlay_has_impure(const struct vfs_mount *m, const struct vfs_xattrs *x);
/* Take it off unless a copied-up entry is left. */
int vfs_overlay_settle(const struct vfs_mount *m, int dirfd, struct err *e);
/* Set it if the entry @name, which has just come, was copied up somewhere else. */
int vfs_overlay_welcome(const struct vfs_mount *m, int dirfd, const char *name, struct err *e);

/*
 * The mark of an entry that was copied up (origin.h). Returns the number of bytes, at most @size;
 * -ENODATA, without an error set, if there is none. Written with no bytes it goes.
 */
ssize_t vfs_overlay_read_origin(const struct vfs_mount *m, int dirfd, const char *name, void *ret,
				size_t size, struct err *e);
int vfs_overlay_write_origin(const struct vfs_mount *m, int dirfd, const char *name,
			     const void *bytes, size_t n, struct err *e);

/* Is the entry @name of a layer's directory a whiteout? Returns 1 or 0. */
int vfs_overlay_is_whiteout(const struct vfs_mount *m, int dirfd, const char *name,
			    const struct stat *st, struct err *e);

/*
 * Where the entry @name (a directory may be open itself, as ".") is found in the layers below.
 * @ret: LIMIT_PATH bytes; a name, or an absolute path
 *
 * Returns: 1; 0 if under its own name; -EINVAL (ERR_INVALID) for what no kernel writes.
 */
int vfs_overlay_redirect(const struct vfs_mount *m, int dirfd, const char *name, char *ret,
			 struct err *e);

/*
 * Has the regular file @name its content elsewhere? Returns 1 or 0; -EIO (ERR_UNSUPPORTED) for
 * a value that no kernel writes. A digest in it (verity) is not looked at.
 */
int vfs_overlay_metacopy(const struct vfs_mount *m, int dirfd, const char *name, struct err *e);
/* The content has arrived in the file behind @fd, which may be O_PATH. */
int vfs_overlay_clear_metacopy(const struct vfs_mount *m, int fd, struct err *e);
