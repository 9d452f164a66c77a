/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/proc_fd.h"
#include "vfs/text.h"

#define ACL_ACCESS "system.posix_acl_access"

static void touch_back(int dirfd, const struct timespec times[2])
{
	vfs_meta_touch(dirfd, times, NULL);
}

void vfs_temp_done(struct vfs_temp *t)
{
	if (t->pending) {
		vfs_temp_remove(t->mount, t->dirfd, t->fs->temp, NULL);
		touch_back(t->dirfd, t->times);
	}
	fd_close(t->fd);
	*t = VFS_TEMP_NONE;
}

/* Returns the descriptor, or -1 and errno. */
static int make(int dirfd, const char *name, const struct vfs_temp_kind *kind)
{
	int r = -1;

	if (kind->type == S_IFREG)
		return openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			      kind->mode ? kind->mode : 0600);
	if (kind->type == S_IFDIR)
		r = mkdirat(dirfd, name, kind->mode ? kind->mode : 0700);
	else if (kind->type == S_IFLNK)
		r = symlinkat(kind->target, dirfd, name);
	else
		r = mknodat(dirfd, name, kind->type, kind->rdev);
	fault_point("vfs.made");
	return r < 0 ? r : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * All but files are made and opened in two steps. Who owns the directory could put another entry
 * there in between, say a link to a file that is none of his, for us to give away.
 */
static int check_is_made(int fd, const struct vfs_temp_kind *kind, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at what was made");
	if ((st.st_mode & S_IFMT) == kind->type && st.st_uid == geteuid() &&
	    (st.st_nlink == 1 || S_ISDIR(st.st_mode)))
		return 0;
	return err_set(e, -EAGAIN, ERR_PRECONDITION, "somebody put another entry in its place");
}

/* Open what was made, without the attributes that a directory's ACL gives to its entries. */
static int make_and_check(const struct vfs_mount *m, int dirfd, const char *name,
			  const struct vfs_temp_kind *kind, struct err *e)
{
	cleanup_close int fd = make(dirfd, name, kind);
	int r;

	if (fd < 0 && errno == EEXIST) { /* left by a crash: the name is ours alone */
		r = vfs_temp_remove(m, dirfd, name, e);
		if (r < 0)
			return r;
		fd = make(dirfd, name, kind);
	}
	if (fd < 0)
		return err_sys(e, "creating '%s'", name);
	r = check_is_made(fd, kind, e);
	if (r == 0 && kind->type == S_IFCHR && removexattr(proc_fd(fd).s, ACL_ACCESS) < 0 &&
	    errno != ENODATA && errno != EOPNOTSUPP)
		r = err_sys(e, "removing an ACL");
	return r < 0 ? r : take_fd(&fd);
}

static int begin(const struct vfs *fs, const struct vfs_mount *m, int dirfd, struct vfs_temp *ret,
		 struct err *e)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "looking at a directory");
	*ret = (struct vfs_temp){.fs = fs,
				 .mount = m,
				 .dirfd = dirfd,
				 .fd = -EBADF,
				 .times = {st.st_atim, st.st_mtim}};
	return 0;
}

int vfs_temp_make(const struct vfs *fs, const struct vfs_mount *m, int dirfd,
		  const struct vfs_temp_kind *kind, struct vfs_temp *ret, struct err *e)
{
	struct vfs_temp t;
	int r = begin(fs, m, dirfd, &t, e);

	if (r < 0)
		return r;
	t.pending = true; /* made, perhaps, but not opened */
	t.fd = make_and_check(m, dirfd, fs->temp, kind, e);
	if (t.fd < 0) {
		r = t.fd;
		vfs_temp_done(&t);
		return r;
	}
	*ret = t;
	fault_point("vfs.temp");
	return 0;
}

int vfs_temp_link(const struct vfs *fs, const struct vfs_mount *m, int dirfd, int inode,
		  struct vfs_temp *ret, struct err *e)
{
	struct vfs_temp t;
	int r = begin(fs, m, dirfd, &t, e);

	if (r == 0)
		r = vfs_temp_remove(m, dirfd, fs->temp, e);
	if (r < 0)
		return r;
	/* through /proc, since a bare descriptor wants a capability of its own */
	if (linkat(AT_FDCWD, proc_fd(inode).s, dirfd, fs->temp, AT_SYMLINK_FOLLOW) < 0)
		return errno == ENOENT || errno == EXDEV ? -errno : err_sys(e, "linking");
	t.pending = true;
	t.fd = openat(dirfd, fs->temp, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (t.fd < 0) {
		r = err_sys(e, "opening '%s'", fs->temp);
		vfs_temp_done(&t);
		return r;
	}
	*ret = t;
	return 0;
}

static int rename_temp(struct vfs_temp *t, const char *name, unsigned flags, struct err *e)
{
	fault_point("vfs.rename");
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
	r = vfs_temp_remove(t->mount, t->dirfd, t->fs->temp, e);
	if (r == -ENOTEMPTY && rename_temp(t, name, RENAME_EXCHANGE, NULL) == 0)
		return r; /* somebody was quicker: it is where it was */
	t->pending = false;
	return r;
}

/* The next entry that is a whiteout, or with @others one that isn't. NULL at the end, or errno. */
static const struct dirent *next_child(const struct vfs_mount *m, DIR *d, bool others)
{
	const struct dirent *entry;

	while ((entry = io_next_entry(d))) {
		struct stat st;
		int r;

		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = vfs_overlay_is_whiteout(m, dirfd(d), entry->d_name, &st, NULL);
		if (r < 0)
			errno = -r;
		if (r < 0 || (r > 0) != others)
			return r < 0 ? NULL : entry;
	}
	return NULL;
}

static int not_empty(const char *name, struct err *e)
{
	return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "'%s' is not empty", vfs_text(name).s);
}

/* Remove the whiteouts in the directory @name, which has to hold nothing else. */
static int clear_whiteouts(const struct vfs_mount *m, int parent, const char *name, struct err *e)
{
	cleanup_close int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int r = fd < 0 ? err_sys(e, "opening '%s'", vfs_text(name).s)
		       : vfs_dir_open_list(fd, &d, e);

	if (r < 0)
		return r;
	if (next_child(m, d, /* others= */ true))
		return not_empty(name, e);
	if (errno)
		return err_sys(e, "listing '%s'", vfs_text(name).s);
	rewinddir(d);
	while ((entry = next_child(m, d, /* others= */ false)))
		if (unlinkat(dirfd(d), entry->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(e, "removing a whiteout in '%s'", vfs_text(name).s);
	return errno ? err_sys(e, "listing '%s'", vfs_text(name).s) : 0;
}

int vfs_temp_remove(const struct vfs_mount *m, int dirfd, const char *name, struct err *e)
{
	int r;

	fault_point("vfs.remove");
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return err_sys(e, "removing '%s'", vfs_text(name).s);
	r = m->kind == MOUNT_OVERLAY ? clear_whiteouts(m, dirfd, name, e) : 0;
	if (r < 0)
		return r;
	fault_point("vfs.remove");
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return not_empty(name, e);
	return err_sys(e, "removing '%s'", vfs_text(name).s);
}
