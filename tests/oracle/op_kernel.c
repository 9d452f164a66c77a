/* SPDX-License-Identifier: Apache-2.0 */
/* the verbs of op.h through system calls on a mount */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/path.h"
#include "tests/oracle/facts.h"
#include "tests/oracle/must.h"
#include "tests/oracle/op.h"

static const char temp_name[] = ".oracle.temp";

void op_kernel_resolve(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = real_open(r, op->path, op->follow ? 0 : O_NOFOLLOW);
	char path[LIMIT_PATH];

	if (fd >= 0) {
		real_path_of(r, fd, path);
		ret->r = 0;
	} else {
		ret->r = real_walk(r, op->path, op->follow, path);
		must(fd == -ENOENT ? ret->r >= 0 : ret->r == fd || ret->r == 0,
		     "the walk of %s gave %d, the kernel %d", op->path, ret->r, fd);
	}
	if (ret->r >= 0)
		facts_path(path, &ret->text);
}

void op_kernel_exists(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = real_open(r, op->path, 0);

	ret->r = fd >= 0 ? 1 : fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
}

void op_kernel_lstat(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = real_open_canonical(r, op->path);
	struct stat st;

	ret->r = fd < 0 && fd != -ENOENT ? fd : 0;
	if (real_is_unreachable(r, op->path))
		buf_addf(&ret->text, NULL, "u");
	else if (fd == -ENOENT)
		buf_addf(&ret->text, NULL, "-");
	else if (fd >= 0 && fstat(fd, &st) == 0)
		facts_of_host(&st, &ret->text);
}

/* The entry if it is of @type; else what vfs.h says. */
static int open_type(struct real *r, const struct op *op, mode_t type)
{
	cleanup_close int fd = real_open_canonical(r, op->path);
	struct stat st;

	if (fd < 0)
		return fd;
	must(fstat(fd, &st) == 0, "stat");
	return (st.st_mode & S_IFMT) == type ? take_fd(&fd) : -EINVAL;
}

void op_kernel_open(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = open_type(r, op, S_IFREG);

	ret->r = fd < 0 ? fd : 0;
	if (fd >= 0)
		facts_content(fd, &ret->text);
}

void op_kernel_readlink(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = open_type(r, op, S_IFLNK);
	char target[LIMIT_PATH];
	ssize_t n;

	ret->r = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	must(n > 0, "readlink");
	target[n] = '\0';
	facts_path(target, &ret->text);
}

void op_kernel_list(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	cleanup_close int fd = open_type(r, op, S_IFDIR);

	ret->r = fd < 0 ? fd : facts_list(fd, &names);
	if (ret->r < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		facts_path(names.v[i], &ret->text);
		buf_addf(&ret->text, NULL, "\n");
	}
}

void op_kernel_xattrs(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = real_open_canonical(r, op->path);

	ret->r = fd < 0 ? fd : 0;
	if (fd >= 0)
		facts_xattrs_of_host(fd, /* with_overlay= */ false, &ret->text);
}

/* As execvp() looks: the first regular file that somebody may execute. */
void op_kernel_find_command(struct real *r, const struct op *op, struct outcome *ret)
{
	const char *const dirs[] = {op->path, "/", "/a", "/b"};

	ret->r = -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_close int fd = -EBADF;
		char path[2 * LIMIT_PATH];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dirs[i], op->to);
		fd = real_open(r, path, 0);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
			ret->r = -EACCES;
			continue;
		}
		ret->r = 0;
		facts_path(path, &ret->text);
		return;
	}
}

/* The directory that holds @path, for the calls that take a directory and a name. */
static int open_parent(struct real *r, const char *path)
{
	char parent[LIMIT_PATH];
	cleanup_close int fd = -EBADF;
	struct stat st;

	path_parent(path, parent);
	fd = real_open_canonical(r, parent);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return -ENOENT;
	return take_fd(&fd);
}

static void fd_path(int fd, char ret[64])
{
	snprintf(ret, 64, "/proc/self/fd/%d", fd);
}

/* Exactly @want, apart from what overlayfs and security modules keep for themselves. */
static int set_xattrs(int fd, const struct vfs_xattrs *want)
{
	char names[4096];
	char path[64];
	ssize_t n;

	fd_path(fd, path);
	n = listxattr(path, names, sizeof(names));
	for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
		if (!strstr(p, ".overlay.") && (want->n == 0 || strcmp(p, want->v[0].name) != 0) &&
		    removexattr(path, p) < 0)
			return -errno;
	for (size_t i = 0; i < want->n; i++)
		if (setxattr(path, want->v[i].name, want->v[i].value, want->v[i].size, 0) < 0)
			return -errno;
	return 0;
}

static int apply(int fd, const struct vfs_meta *m)
{
	const struct timespec omit = {.tv_nsec = UTIME_OMIT};
	const struct timespec times[2] = {m->fields & VFS_META_ATIME ? m->atime : omit,
					  m->fields & VFS_META_MTIME ? m->mtime : omit};
	struct stat st;
	char path[64];

	fd_path(fd, path);
	must(fstat(fd, &st) == 0, "stat");
	if ((m->fields & VFS_META_OWNER) && fchownat(fd, "", m->uid, m->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if ((m->fields & VFS_META_MODE) && !S_ISLNK(st.st_mode) && chmod(path, m->mode) < 0)
		return -errno;
	if (m->fields & VFS_META_XATTRS) {
		int e = set_xattrs(fd, m->xattrs);

		if (e < 0)
			return e;
	}
	if (!(m->fields & (VFS_META_ATIME | VFS_META_MTIME)))
		return 0;
	return utimensat(fd, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int apply_at(int dir, const char *name, const struct vfs_meta *m)
{
	cleanup_close int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : apply(fd, m);
}

static int make_dir(struct real *r, const char *path, const struct vfs_meta *m)
{
	cleanup_close int dir = open_parent(r, path);

	if (dir < 0)
		return dir;
	if (strcmp(path, "/") == 0)
		return -EEXIST;
	if (mkdirat(dir, path_name(path), 0700) < 0)
		return -errno;
	return apply_at(dir, path_name(path), m);
}

void op_kernel_mkdir(struct real *r, const struct op *op, struct outcome *ret)
{
	ret->r = make_dir(r, op->path, &op->meta);
}

static int make_dirs(struct real *r, const char *path, const struct vfs_meta *m, struct buf *text)
{
	cleanup_close int fd = real_open_canonical(r, path);
	char parent[LIMIT_PATH];
	struct stat st;
	int e;

	if (fd >= 0 && fstat(fd, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	path_parent(path, parent);
	e = make_dirs(r, parent, m, text);
	if (e < 0)
		return e;
	e = make_dir(r, path, m);
	facts_path(path, text);
	buf_addf(text, NULL, "\n");
	return e;
}

void op_kernel_mkdir_p(struct real *r, const struct op *op, struct outcome *ret)
{
	ret->r = make_dirs(r, op->path, &op->meta, &ret->text);
	if (ret->r < 0)
		buf_clear(&ret->text);
}

static int write_temp(int dir, const struct op *op)
{
	cleanup_close int fd = -EBADF;
	size_t n;
	cleanup_free char *bytes = op_content(op, &n);

	fd = openat(dir, temp_name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : io_write_all(fd, bytes, n, NULL);
}

/* What rename() would say of its target, asked before a temporary file changes the directory. */
static int check_target(int dir, const char *name)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	struct statx around;
	struct statx st;

	if (statx(dir, name, flags, STATX_TYPE | STATX_MNT_ID, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	must(statx(dir, "", AT_EMPTY_PATH, STATX_MNT_ID, &around) == 0, "statx");
	if (st.stx_mnt_id != around.stx_mnt_id)
		return -EBUSY; /* a mount begins here */
	return S_ISDIR(st.stx_mode) ? -EISDIR : 0;
}

/* Make a temporary file or link and rename it over the path. */
static int put(struct real *r, const struct op *op, bool is_link)
{
	cleanup_close int dir = open_parent(r, op->path);
	int e;

	if (dir < 0)
		return dir;
	if (strcmp(op->path, "/") == 0)
		return -EBUSY;
	e = check_target(dir, path_name(op->path));
	if (e < 0)
		return e;
	e = is_link ? (symlinkat(op->to, dir, temp_name) < 0 ? -errno : 0) : write_temp(dir, op);
	if (e == 0)
		e = apply_at(dir, temp_name, &op->meta);
	if (e == 0 && renameat(dir, temp_name, dir, path_name(op->path)) < 0)
		e = -errno;
	if (e < 0 && e != -EROFS)
		unlinkat(dir, temp_name, 0);
	return e;
}

void op_kernel_put_file(struct real *r, const struct op *op, struct outcome *ret)
{
	ret->r = put(r, op, /* is_link= */ false);
}

void op_kernel_put_link(struct real *r, const struct op *op, struct outcome *ret)
{
	ret->r = put(r, op, /* is_link= */ true);
}

void op_kernel_set_meta(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = real_open_canonical(r, op->path);

	ret->r = fd < 0 ? fd : apply(fd, &op->meta);
}

void op_kernel_append(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = open_type(r, op, S_IFREG);
	cleanup_close int file = -EBADF;
	char path[64];
	size_t n;
	cleanup_free char *bytes = op_content(op, &n);

	if (fd < 0) {
		ret->r = fd;
		return;
	}
	fd_path(fd, path);
	file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	ret->r = file < 0 ? -errno : io_write_all(file, bytes, n, NULL);
}

void op_kernel_remove(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int dir = open_parent(r, op->path);
	const char *name = path_name(op->path);
	struct stat st;

	if (dir < 0)
		ret->r = dir == -ENOENT ? 0 : dir;
	else if (strcmp(op->path, "/") == 0)
		ret->r = -EBUSY;
	else if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		ret->r = errno == ENOENT ? 0 : -errno;
	else
		ret->r = unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 ? -errno
											 : 0;
}

void op_kernel_rename(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int from = open_parent(r, op->path);
	cleanup_close int to = open_parent(r, op->to);

	if (from < 0 || to < 0)
		ret->r = from < 0 ? from : to;
	else if (strcmp(op->path, "/") == 0 || strcmp(op->to, "/") == 0)
		ret->r = -EBUSY;
	else
		ret->r =
			renameat(from, path_name(op->path), to, path_name(op->to)) < 0 ? -errno : 0;
}

static int drop_entry(int dir, const char *path)
{
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return unlinkat(dir, path, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 ? -errno : 0;
}

/* While nothing is mounted, the entry is taken out of the upper. */
static int drop_from_upper(struct real *r, const struct real_mount *m, const char *path)
{
	char host[2 * LIMIT_PATH];
	int e;

	snprintf(host, sizeof(host), "%s/%s", m->top,
		 path + (m->destination[1] ? strlen(m->destination) : 0));
	real_unmount(r);
	e = drop_entry(AT_FDCWD, host);
	real_mount_again(r, r->rootfs, r->specs);
	return e;
}

/* No system call does this in an overlay. */
void op_kernel_drop(struct real *r, const struct op *op, struct outcome *ret)
{
	cleanup_close int dir = open_parent(r, op->path);
	const struct real_mount *m = dir < 0 ? NULL : real_mount_of(r, dir);

	if (real_is_mountpoint(r, op->path)) {
		ret->r = -EBUSY;
	} else if (dir < 0) {
		ret->r = 0;
	} else if (m && !m->top[0]) {
		ret->r = -EROFS;
	} else if (m && m->is_overlay) {
		dir = fd_close(dir);
		ret->r = drop_from_upper(r, m, op->path);
	} else {
		ret->r = drop_entry(dir, path_name(op->path));
	}
}
