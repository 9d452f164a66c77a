/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/path.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/text.h"

/* What no stat of the backing file says: the place in the container's mounts. */
static int mount_facts(const struct vfs *fs, const char *path, const struct vfs_place *p,
		       struct vfs_stat *st, struct err *e)
{
	int readonly = vfs_place_is_readonly(p, e);
	int submount = readonly < 0 ? readonly : vfs_place_is_submount(p, e);

	if (submount < 0)
		return submount;
	st->writable = p->mount->has_top && !readonly;
	st->noexec = p->mount->noexec;
	st->mountpoint = strcmp(path, "/") != 0 && (vfs_mount_at(fs, path) || submount);
	return 0;
}

static int stat_of(const struct vfs *fs, const char *path, const struct vfs_place *p,
		   struct vfs_stat *ret, struct err *e)
{
	const struct vfs_entry *entry = &p->entry;
	struct vfs_stat st = {
		.type = entry->type,
		.mode = entry->st.st_mode & 07777,
		.uid = entry->st.st_uid,
		.gid = entry->st.st_gid,
		.size = entry->type == VFS_FILE ? entry->st.st_size : 0,
		.atime = entry->st.st_atim,
		.mtime = entry->st.st_mtim,
		.ctime = entry->st.st_ctim,
		.dev = entry->st.st_dev,
		.ino = entry->st.st_ino,
		.nlink = entry->st.st_nlink,
		.in_top = entry->in_top,
		.whiteout = entry->whiteout,
		.below = entry->below != VFS_ABSENT,
	};
	int r = mount_facts(fs, path, p, &st, e);

	if (r == 0)
		*ret = st;
	return r;
}

int vfs_lstat(const struct vfs *fs, const char *path, struct vfs_stat *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_place_find(fs, path, &p, e);

	if (r == 0)
		r = stat_of(fs, path, &p, ret, e);
	return r < 0 ? err_wrap(e, r, "looking at '%s'", vfs_text(path).s) : 0;
}

int vfs_is_writable(const struct vfs *fs, const char *path, struct err *e)
{
	const struct vfs_mount *m;
	struct vfs_stat st;
	int r = vfs_check_canonical(path, e);

	if (r < 0)
		return r;
	m = vfs_mount_of(fs, path);
	if (!m->has_submounts)
		return m->has_top;
	r = vfs_lstat(fs, path, &st, e);
	return r < 0 ? r : st.writable;
}

int vfs_stat(const struct vfs *fs, const char *path, struct vfs_stat *ret, struct err *e)
{
	char canonical[LIMIT_PATH];
	int r = vfs_resolve(fs, path, /* follow_last= */ true, canonical, e);

	if (r == VFS_MISSING)
		*ret = (struct vfs_stat){.type = VFS_ABSENT};
	return r == VFS_MISSING ? 0 : r < 0 ? r : vfs_lstat(fs, canonical, ret, e);
}

static int birth_of_fd(int fd, struct timespec *ret, struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) < 0)
		return err_sys(e, "asking when it was made");
	*ret = st.stx_mask & STATX_BTIME
		       ? (struct timespec){st.stx_btime.tv_sec, st.stx_btime.tv_nsec}
		       : (struct timespec){0};
	return 0;
}

int vfs_get_birth(const struct vfs *fs, const char *path, struct timespec *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	fd = vfs_place_open(&p, e);
	r = fd < 0 ? fd : birth_of_fd(fd, ret, e);
	return r < 0 ? err_wrap(e, r, "looking at '%s'", vfs_text(path).s) : 0;
}

/* @fd: what shows at the place, a directory. */
static int facts_of(const struct vfs_place *p, int fd, struct vfs_dir_facts *ret, struct err *e)
{
	int r = birth_of_fd(fd, &ret->born, e);

	ret->impure = r == 0 && p->entry.in_top && vfs_overlay_is_impure(p->mount, fd);
	return r;
}

static int look(const struct vfs *fs, const char *path, struct vfs_stat *st,
		struct vfs_xattrs *xattrs, struct vfs_dir_facts *facts, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = vfs_place_find(fs, path, &p, e);

	if (r == 0)
		r = stat_of(fs, path, &p, st, e);
	if (r < 0 || (p.entry.type != VFS_FILE && p.entry.type != VFS_DIR))
		return r;
	fd = vfs_place_open(&p, e);
	if (fd < 0)
		return fd;
	if (p.entry.type == VFS_DIR)
		r = facts_of(&p, fd, facts, e);
	return r == 0 ? vfs_meta_read_xattrs(fd, vfs_xattrs_visible(p.mount), xattrs, e) : r;
}

int vfs_look(const struct vfs *fs, const char *path, struct vfs_stat *ret,
	     struct vfs_xattrs *ret_xattrs, struct vfs_dir_facts *ret_facts, struct err *e)
{
	int r = look(fs, path, ret, ret_xattrs, ret_facts, e);

	return r < 0 ? err_wrap(e, r, "looking at '%s'", vfs_text(path).s) : 0;
}

int vfs_exists(const struct vfs *fs, const char *path, struct err *e)
{
	struct err why = ERR_NONE;
	struct vfs_stat st;
	int r = vfs_stat(fs, path, &st, &why);

	if (r == -ENOTDIR)
		return 0;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? r : st.type != VFS_ABSENT && st.type != VFS_UNREACHABLE;
}

static int open_file(const struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	r = vfs_place_need(&p, VFS_FILE, path, e);
	if (r < 0)
		return r;
	fd = vfs_place_open_content(&p, e);
	return fd < 0 ? fd : vfs_place_reopen(fd, O_RDONLY, e);
}

int vfs_open(const struct vfs *fs, const char *path, struct err *e)
{
	int fd = open_file(fs, path, e);

	return fd < 0 ? err_wrap(e, fd, "opening '%s'", vfs_text(path).s) : fd;
}

int vfs_read_file(const struct vfs *fs, const char *path, struct buf *to, struct err *e)
{
	cleanup_close int fd = vfs_open(fs, path, e);
	int r;

	if (fd < 0)
		return fd;
	r = io_read_all(fd, to, e);
	return r < 0 ? err_wrap(e, r, "'%s'", vfs_text(path).s) : 0;
}

int vfs_readlink(const struct vfs *fs, const char *path, char *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	char target[LIMIT_PATH];
	ssize_t n;
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	r = vfs_place_need(&p, VFS_LINK, path, e);
	if (r < 0)
		return r;
	n = readlinkat(p.dir.v[p.entry.at].fd, p.name, target, sizeof(target));
	if (n < 0)
		return err_sys(e, "reading the link '%s'", vfs_text(path).s);
	if ((size_t)n >= sizeof(target))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "the link '%s' is too long",
			       vfs_text(path).s);
	memcpy(ret, target, (size_t)n);
	ret[n] = '\0';
	return 0;
}

int vfs_describe(const struct vfs *fs, const char *path, char *ret, size_t size, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_place_find(fs, path, &p, e);

	if (r == 0)
		vfs_place_describe(&p, ret, size);
	return r;
}
