/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/held.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "base/io.h"
#include "vfs/content.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/temp.h"
#include "vfs/text.h"

static void forget_children(struct vfs_held *h)
{
	for (size_t i = 0; i < h->n_children; i++) {
		vfs_held_done(&h->children[i].held);
		free(h->children[i].name);
	}
	free(h->children);
	h->children = NULL;
	h->n_children = 0;
}

void vfs_held_done(struct vfs_held *h)
{
	fd_close(h->inode);
	fd_close(h->content);
	vfs_xattrs_done(&h->xattrs);
	free(h->target);
	forget_children(h);
	*h = VFS_HELD_NONE;
}

/* A directory of the file system that an entry is in: its own, or that of a bound file. */
static int open_near(const struct vfs_mount *m, int dirfd)
{
	char parent[LIMIT_PATH];

	if (dirfd >= 0)
		return openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (strlen(m->layers[0].path) >= sizeof(parent))
		return -1;
	strcpy(parent, m->layers[0].path);
	*strrchr(parent, '/') = '\0';
	return open(*parent ? parent : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A file without a name, on the same file system; in memory, if small, where that makes none. */
static int open_scratch(const struct vfs_mount *m, int dirfd, off_t size, struct err *e)
{
	cleanup_close int near = open_near(m, dirfd);
	int fd = near < 0 ? -1 : openat(near, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && size > LIMIT_MEMORY_COPY)
		return err_set(e, -EFBIG, ERR_LIMIT,
			       "a file exceeds %d bytes, and its file system makes no file without "
			       "a name",
			       LIMIT_MEMORY_COPY);
	if (fd < 0)
		fd = memfd_create("anchord-snapshot", MFD_CLOEXEC);
	return fd < 0 ? err_sys(e, "making a file for a copy") : fd;
}

static int take_content(const struct vfs_mount *m, int dirfd, struct vfs_held *h, struct err *e)
{
	if (!S_ISREG(h->st.st_mode) || h->st.st_size == 0)
		return 0;
	h->content = open_scratch(m, dirfd, h->st.st_size, e);
	return h->content < 0 ? h->content : vfs_content_copy(h->inode, h->content, e);
}

static int take_target(struct vfs_held *h, struct err *e)
{
	char target[LIMIT_PATH];
	ssize_t n;

	if (!S_ISLNK(h->st.st_mode))
		return 0;
	n = readlinkat(h->inode, "", target, sizeof(target));
	if (n < 0)
		return err_sys(e, "reading a link");
	h->target = strndup(target, (size_t)n);
	return h->target ? 0 : err_oom(e);
}

static int add_child(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_held *h,
		     struct err *e)
{
	struct vfs_held_child *child;
	struct vfs_held_child *v;
	int r;

	if (h->n_children >= LIMIT_DIR_ENTRIES)
		return err_set(e, -E2BIG, ERR_LIMIT, "a directory has more than %d entries",
			       LIMIT_DIR_ENTRIES);
	v = reallocarray(h->children, h->n_children + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	h->children = v;
	child = &v[h->n_children];
	*child = (struct vfs_held_child){.name = strdup(name), .held = VFS_HELD_NONE};
	if (!child->name)
		return err_oom(e);
	h->n_children++;
	r = vfs_held_take(m, dirfd, name, &child->held, e);
	child->held.inode = fd_close(child->held.inode); /* there may be many */
	return r;
}

/* Add the entry if it is a whiteout. Returns 1; 0 if it is something else. */
static int take_child(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_held *h,
		      struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "looking at '%s'", vfs_text(name).s);
	r = vfs_overlay_is_whiteout(m, dirfd, name, &st, e);
	if (r > 0)
		r = add_child(m, dirfd, name, h, e);
	else if (r == 0)
		return 0;
	return r < 0 ? r : 1;
}

/* The whiteouts in a directory, unless it holds anything else: then it can't go. */
static int take_children(const struct vfs_mount *m, struct vfs_held *h, struct err *e)
{
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int r;

	if (!S_ISDIR(h->st.st_mode) || m->kind != MOUNT_OVERLAY)
		return 0;
	r = vfs_dir_open_list(h->inode, &d, e);
	if (r < 0)
		return r;
	for (r = 1; r > 0 && (entry = io_next_entry(d));)
		r = take_child(m, dirfd(d), entry->d_name, h, e);
	if (r == 0)
		forget_children(h);
	return r < 0 ? r : 0;
}

int vfs_held_take(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_held *ret,
		  struct err *e)
{
	cleanup(vfs_held_done) struct vfs_held h = VFS_HELD_NONE;
	int r;

	h.inode = name ? openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)
		       : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (h.inode < 0 && errno == ENOENT) {
		*ret = VFS_HELD_NONE;
		return 0;
	}
	if (h.inode < 0 || fstat(h.inode, &h.st) < 0)
		return err_sys(e, "opening an entry");
	h.exists = true;
	clock_gettime(CLOCK_REALTIME_COARSE, &h.taken);
	r = vfs_meta_read_xattrs(h.inode, vfs_xattr_is_any, &h.xattrs, e);
	if (r == 0)
		r = take_target(&h, e);
	if (r == 0)
		r = take_content(m, name ? dirfd : -EBADF, &h, e);
	if (r == 0)
		r = take_children(m, &h, e);
	if (r < 0)
		return r;
	*ret = h;
	h = VFS_HELD_NONE;
	return 0;
}

int vfs_held_touch(const struct vfs_held *h, int fd, struct err *e)
{
	return vfs_meta_touch(fd, (struct timespec[]){h->st.st_atim, h->st.st_mtim}, e);
}

/*
 * Has nobody touched what has the same change time? Only if it was old when it was remembered: a
 * clock that stands still for a tick tells nothing about changes within.
 */
static bool is_untouched(const struct vfs_held *h, const struct stat *st)
{
	const struct timespec *c = &h->st.st_ctim;

	return clock_compare(st->st_ctim, *c) == 0 && st->st_ino == h->st.st_ino &&
	       h->taken.tv_sec > c->tv_sec + 1;
}

/* Does the file behind @fd have the bytes that it had? Returns 1 or 0. */
static int has_content(const struct vfs_held *h, int fd, const struct stat *st, struct err *e)
{
	cleanup_close int from = -EBADF;

	if (st->st_size != h->st.st_size || st->st_size == 0)
		return st->st_size == h->st.st_size;
	from = vfs_place_reopen(fd, O_RDONLY, e);
	return from < 0 ? from : vfs_content_same(from, h->content, e);
}

/*
 * Written in place, so that all names of the file have it; but only if it isn't there: who dies in
 * between leaves half of it, and a program that runs can't be written.
 */
static int write_content(const struct vfs_held *h, int fd, const struct stat *st, struct err *e)
{
	cleanup_close int to = -EBADF;
	int r = has_content(h, fd, st, e);

	if (r != 0)
		return r < 0 ? r : 0;
	to = vfs_place_reopen(fd, O_RDWR, e);
	if (to < 0)
		return to;
	if (ftruncate(to, 0) < 0)
		return err_sys(e, "emptying a file");
	return h->content < 0 ? 0 : vfs_content_copy(h->content, to, e);
}

int vfs_held_apply(const struct vfs_held *h, int fd, struct err *e)
{
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at an entry");
	if (is_untouched(h, &st))
		return 0;
	if (S_ISREG(h->st.st_mode))
		r = write_content(h, fd, &st, e);
	if (r == 0)
		r = vfs_meta_own(fd, h->st.st_uid, h->st.st_gid, e);
	if (r == 0)
		r = vfs_meta_chmod(fd, h->st.st_mode, e);
	if (r == 0)
		r = vfs_meta_write_xattrs(fd, vfs_xattr_is_any, &h->xattrs, /* lenient= */ false,
					  e);
	return r < 0 ? r : vfs_held_touch(h, fd, e);
}

static int restore_children(const struct vfs *fs, const struct vfs_mount *m,
			    const struct vfs_held *h, int dirfd, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->n_children; i++)
		r = vfs_held_restore(fs, m, dirfd, h->children[i].name, &h->children[i].held, e);
	return r;
}

/* The entry as a temporary: by another name of it if there is one, else made again. */
static int make_again(const struct vfs *fs, const struct vfs_mount *m, int dirfd,
		      const struct vfs_held *h, struct vfs_temp *temp, struct err *e)
{
	const struct vfs_temp_kind kind = {
		.type = h->st.st_mode & S_IFMT, .rdev = h->st.st_rdev, .target = h->target};
	int r = -ENOENT;

	if (!S_ISDIR(h->st.st_mode) && h->inode >= 0)
		r = vfs_temp_link(fs, m, dirfd, h->inode, temp, e);
	if (r == -ENOENT || r == -EXDEV)
		r = vfs_temp_make(fs, m, dirfd, &kind, temp, e);
	if (r == 0)
		r = restore_children(fs, m, h, temp->fd, e);
	return r < 0 ? r : vfs_held_apply(h, temp->fd, e);
}

/* A directory and anything else can't replace one another: what is there goes first. */
static int make_way(const struct vfs_mount *m, int dirfd, const char *name, bool for_dir,
		    struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "looking at '%s'", vfs_text(name).s);
	if (!S_ISDIR(st.st_mode) && !for_dir)
		return 0;
	return vfs_temp_remove(m, dirfd, name, e);
}

int vfs_held_restore(const struct vfs *fs, const struct vfs_mount *m, int dirfd, const char *name,
		     const struct vfs_held *h, struct err *e)
{
	cleanup_close int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	struct stat st;
	bool is_same;
	int r;

	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "opening '%s'", vfs_text(name).s);
	if (fd >= 0 && fstat(fd, &st) < 0)
		return err_sys(e, "looking at '%s'", vfs_text(name).s);
	if (!h->exists)
		return fd < 0 ? 0 : vfs_temp_remove(m, dirfd, name, e);
	is_same =
		fd >= 0 && h->inode >= 0 && st.st_ino == h->st.st_ino && st.st_dev == h->st.st_dev;
	if (is_same)
		return vfs_held_apply(h, fd, e);
	if (fd >= 0 && S_ISDIR(st.st_mode) && S_ISDIR(h->st.st_mode)) {
		r = restore_children(fs, m, h, fd, e);
		return r < 0 ? r : vfs_held_apply(h, fd, e);
	}
	r = make_way(m, dirfd, name, S_ISDIR(h->st.st_mode), e);
	if (r == 0)
		r = make_again(fs, m, dirfd, h, &temp, e);
	return r < 0 ? r : vfs_temp_commit(&temp, name, e);
}
