/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "vfs/overlay_attr.h"
#include "vfs/text.h"

void vfs_temp_done(struct vfs_temp *t)
{
	if (t->pending)
		vfs_temp_remove(t->mount, t->dirfd, t->fs->temp, NULL);
	fd_close(t->fd);
	*t = VFS_TEMP_NONE;
}

/* Returns the descriptor, or -1 and errno. */
static int make(int dirfd, const char *name, const struct vfs_temp_kind *kind)
{
	int r = -1;

	if (kind->type == S_IFREG)
		return openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			      0600);
	if (kind->type == S_IFDIR)
		r = mkdirat(dirfd, name, 0700);
	else if (kind->type == S_IFLNK)
		r = symlinkat(kind->target, dirfd, name);
	else
		r = mknodat(dirfd, name, kind->type, kind->rdev);
	return r < 0 ? r : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int vfs_temp_make(const struct vfs *fs, const struct vfs_mount *m, int dirfd,
		  const struct vfs_temp_kind *kind, struct vfs_temp *ret, struct err *e)
{
	int fd = make(dirfd, fs->temp, kind);

	if (fd < 0 && errno == EEXIST) { /* left by a crash: the name is ours alone */
		int r = vfs_temp_remove(m, dirfd, fs->temp, e);

		if (r < 0)
			return r;
		fd = make(dirfd, fs->temp, kind);
	}
	if (fd < 0) {
		int r = err_sys(e, "creating '%s'", fs->temp);

		vfs_temp_remove(m, dirfd, fs->temp, NULL); /* made, but not opened */
		return r;
	}
	*ret = (struct vfs_temp){.fs = fs, .mount = m, .dirfd = dirfd, .fd = fd, .pending = true};
	fault_point("vfs.temp");
	return 0;
}

int vfs_temp_link(const struct vfs *fs, const struct vfs_mount *m, int dirfd, int inode,
		  struct vfs_temp *ret, struct err *e)
{
	cleanup_close int fd = -EBADF;
	int r = vfs_temp_remove(m, dirfd, fs->temp, e);

	if (r < 0)
		return r;
	if (linkat(inode, "", dirfd, fs->temp, AT_EMPTY_PATH) < 0)
		return errno == ENOENT || errno == EXDEV ? -errno : err_sys(e, "linking");
	*ret = (struct vfs_temp){
		.fs = fs, .mount = m, .dirfd = dirfd, .fd = -EBADF, .pending = true};
	fd = openat(dirfd, fs->temp, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		r = err_sys(e, "opening '%s'", fs->temp);
		vfs_temp_done(ret);
		return r;
	}
	ret->fd = take_fd(&fd);
	return 0;
}

static int rename_temp(struct vfs_temp *t, const char *name, unsigned flags, struct err *e)
{
	if (renameat2(t->dirfd, t->fs->temp, t->dirfd, name, flags) < 0)
		return err_sys(e, "renaming to '%s'", vfs_text(name).s);
	fault_point("vfs.renamed");
	return 0;
}

int vfs_temp_commit(struct vfs_temp *t, const char *name, struct err *e)
{
	int r = rename_temp(t, name, 0, e);

	if (r == 0)
		t->pending = false;
	return r;
}

int vfs_temp_exchange(struct vfs_temp *t, const char *name, struct err *e)
{
	int r = rename_temp(t, name, RENAME_EXCHANGE, e);

	if (r < 0)
		return r;
	t->pending = false;
	return vfs_temp_remove(t->mount, t->dirfd, t->fs->temp, e);
}

/* Remove the whiteouts in the directory @name and nothing else. */
static int clear_whiteouts(const struct vfs_mount *m, int parent, const char *name, struct err *e)
{
	cleanup_close int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d)
		return err_sys(e, "opening '%s'", vfs_text(name).s);
	take_fd(&fd); /* d owns it */
	while ((entry = readdir(d))) {
		struct stat st;
		int r;

		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = vfs_overlay_is_whiteout(m, dirfd(d), entry->d_name, &st, e);
		if (r < 0)
			return r;
		if (r > 0 && unlinkat(dirfd(d), entry->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(e, "removing a whiteout in '%s'", vfs_text(name).s);
	}
	return 0;
}

int vfs_temp_remove(const struct vfs_mount *m, int dirfd, const char *name, struct err *e)
{
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return err_sys(e, "removing '%s'", vfs_text(name).s);
	r = m->kind == MOUNT_OVERLAY ? clear_whiteouts(m, dirfd, name, e) : 0;
	if (r < 0)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "'%s' is not empty",
			       vfs_text(name).s);
	return err_sys(e, "removing '%s'", vfs_text(name).s);
}
