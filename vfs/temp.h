/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * temp - an entry that is made complete under a temporary name, then moved into place
 *
 * So whoever looks sees the old entry or the whole of its successor. What is left of a crash
 * has the view's temporary name and goes with vfs_drop_temporary(), or with the next write.
 */
#include <sys/stat.h>

#include "vfs/mount_table.h"

struct vfs_temp {
	const struct vfs *fs; /* borrowed, as all but fd */
	const struct vfs_mount *mount;
	int dirfd;                /* a directory of the top */
	int fd;                   /* what was made; O_PATH, but a regular file is open */
	bool pending;             /* still under its temporary name */
	struct timespec times[2]; /* of the directory, before */
};

#define VFS_TEMP_NONE ((struct vfs_temp){.dirfd = -EBADF, .fd = -EBADF})

/* What is to be made. */
struct vfs_temp_kind {
	mode_t type;        /* S_IFREG, S_IFDIR, ... */
	mode_t mode;        /* as for open(2) and mkdir(2), without umask; 0: for root only */
	dev_t rdev;         /* of a device */
	const char *target; /* text of a link */
};

#define VFS_TEMP_WHITEOUT ((struct vfs_temp_kind){.type = S_IFCHR})

/* Remove what was not moved into place; the directory has its times again. */
void vfs_temp_done(struct vfs_temp *t);
#define cleanup_vfs_temp cleanup(vfs_temp_done)

/* Make an entry below @dirfd. -EAGAIN (ERR_PRECONDITION) if somebody else put another there. */
int vfs_temp_make(const struct vfs *fs, const struct vfs_mount *m, int dirfd,
		  const struct vfs_temp_kind *kind, struct vfs_temp *ret, struct err *e);
/* Another link to the file behind @inode (O_PATH); -ENOENT, without an error set, if it has none
 * left, -EXDEV if it is of another mount. */
int vfs_temp_link(const struct vfs *fs, const struct vfs_mount *m, int dirfd, int inode,
		  struct vfs_temp *ret, struct err *e);
/* Rename it to @name, over what is there. */
int vfs_temp_commit(struct vfs_temp *t, const char *name, struct err *e);
/* Trade places with @name, which rename() could not replace, and remove that. -ENOTEMPTY
 * (ERR_PRECONDITION), and nothing has changed, if something is in it. */
int vfs_temp_exchange(struct vfs_temp *t, const char *name, struct err *e);

/*
 * Remove an entry of the top, of a directory also the whiteouts in it. Missing is fine;
 * -ENOTEMPTY (ERR_PRECONDITION), and all whiteouts stay, if there is more.
 */
int vfs_temp_remove(const struct vfs_mount *m, int dirfd, const char *name, struct err *e);
