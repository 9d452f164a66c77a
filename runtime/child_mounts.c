/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that make, fill and attach mounts. */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"

enum { ON_FDS = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, OPEN_TRIES = 64 };

void child_set_current(struct child *c, int fd)
{
	if (c->current >= 0)
		close(c->current);
	c->current = fd;
	c->on_staging = false;
}

static int open_below(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int r = -EAGAIN;

	/* The kernel gives up on ".." when anything on the machine is renamed at that moment. */
	for (int i = 0; i < OPEN_TRIES && r == -EAGAIN; i++)
		r = child_result(sys_openat2(dirfd, path, &how));
	return r;
}

static int open_at(int dirfd, const char *path, uint64_t flags)
{
	return open_below(dirfd, path, flags, 0);
}

int child_open(const struct child *c, const char *path)
{
	return open_at(c->root, path, O_PATH);
}

int child_private_mounts(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* What is at @subpath in @root: links in it count from there and never lead out. */
static int clone_part(int root, const char *subpath, unsigned how, uint64_t resolve)
{
	int inside = open_below(root, subpath, O_PATH, resolve);
	int part;

	if (inside < 0)
		return inside;
	part = child_result(open_tree(inside, "", how | AT_EMPTY_PATH));
	close(inside);
	return part;
}

/* A part of what the bind would show, so mounts in the source count for a recursive one only. */
static int bind_part(const struct op *op, int tree, unsigned how)
{
	int part = clone_part(tree, op->target, how, 0);
	int source;

	if (part != -EINVAL)
		return part;
	/* Before Linux 6.15 a clone can't be cloned. In the source a mount could be in the way. */
	source = openat(AT_FDCWD, op->path, O_PATH | O_CLOEXEC);
	if (source < 0)
		return -errno;
	part = clone_part(source, op->target, how, op->flags & OP_RECURSIVE ? 0 : RESOLVE_NO_XDEV);
	close(source);
	return part;
}

int child_bind(struct child *c, const struct op *op)
{
	unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
		       (op->flags & OP_RECURSIVE ? AT_RECURSIVE : 0u);
	int tree = open_tree(AT_FDCWD, op->path, how);
	int part;

	if (tree < 0)
		return -errno;
	if (op->target) {
		part = bind_part(op, tree, how);
		close(tree);
		if (part < 0)
			return part;
		tree = part;
	}
	child_set_current(c, tree);
	return 0;
}

int child_attributes(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = op->value, .attr_clr = op->clear};
	unsigned recursive = op->flags & OP_RECURSIVE ? AT_RECURSIVE : 0;

	return child_result(
		mount_setattr(c->current, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)));
}

int child_propagation(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.propagation = op->value};
	unsigned recursive = op->flags & OP_RECURSIVE ? AT_RECURSIVE : 0;

	return child_result(
		mount_setattr(c->current, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)));
}

int child_root(struct child *c, const struct op *op)
{
	/* Several rootfs specs lie on one another: a path leads to the topmost. */
	if (!c->on_staging &&
	    move_mount(c->current, "", AT_FDCWD, op->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	c->root = c->current;
	c->current = -EBADF;
	c->on_staging = false;
	return 0;
}

/* ---- destinations ---------------------------------------------------------------------- */

static void cut(char *to, const char *from, const char *end)
{
	memcpy(to, from, (size_t)(end - from));
	to[end - from] = '\0';
}

/*
 * mkdir -p of the directory part of a canonical path, then an entry of the type of the
 * mount's root. Each directory is opened from the root again: links count from there.
 */
static int create_destination(struct child *c, const char *path)
{
	char part[LIMIT_PATH];
	struct stat st;
	int dir = c->root;

	if (strnlen(path, sizeof(part)) == sizeof(part))
		return -ENAMETOOLONG;
	if (fstat(c->current, &st) < 0)
		return -errno;
	for (const char *name = path + 1, *end;; name = end + 1) {
		int r;

		end = strchrnul(name, '/');
		cut(part, name, end);
		if (*end || S_ISDIR(st.st_mode))
			r = mkdirat(dir, part, 0755);
		else
			r = mknodat(dir, part, S_IFREG | 0644, 0);
		if (r < 0 && errno != EEXIST)
			return -errno;
		if (!*end)
			return 0;
		cut(part, path, end);
		dir = child_open(c, part);
		if (dir < 0)
			return dir;
	}
}

int child_attach(struct child *c, const struct op *op)
{
	int to;

	if (c->current < 0)
		return 0; /* an optional file system that this kernel lacks */
	to = child_open(c, op->path);
	if (to == -ENOENT && op->flags & OP_CREATE) {
		int r = create_destination(c, op->path);

		if (r < 0)
			return r;
		to = child_open(c, op->path);
	}
	if (to == -ENOENT && op->flags & OP_OPTIONAL) {
		child_set_current(c, -EBADF);
		return 0;
	}
	if (to < 0)
		return to;
	return child_result(move_mount(c->current, "", to, "", ON_FDS));
}

/* ---- what our own /dev holds ----------------------------------------------------------- */

int child_directory(struct child *c, const struct op *op)
{
	return child_result(mkdirat(c->current, op->path, 0755));
}

int child_link(struct child *c, const struct op *op)
{
	return child_result(symlinkat(op->target, c->current, op->path));
}

/* Where device nodes can't be made, the host's own is bound in their place. */
static int bind_host_node(struct child *c, const char *name)
{
	char path[64] = "/dev/";
	int file, node;

	memcpy(path + 5, name, strnlen(name, sizeof(path) - 6));
	file = openat(c->current, name, O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	node = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (file < 0 || node < 0)
		return -errno;
	return child_result(move_mount(node, "", file, "", ON_FDS));
}

int child_node(struct child *c, const struct op *op)
{
	int r = child_result(mknodat(c->current, op->path, S_IFCHR | 0666, (dev_t)op->value));

	if (r == -EPERM)
		r = bind_host_node(c, op->path);
	if (r == 0 && op->value == makedev(1, 3))
		c->null = r = open_at(c->current, op->path, O_PATH);
	return r < 0 ? r : 0;
}

/* ---- paths of /proc and /sys that are hidden or protected ------------------------------ */

/*
 * The image may have put anything where we expect /proc: cover only what really lies in the
 * kernel's own file system. A missing path is nothing to protect (-ENOENT).
 */
static int open_in(const struct child *c, const char *path, uint64_t magic)
{
	struct statfs fs;
	int fd = child_open(c, path);

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_type == magic ? fd : -EXDEV;
}

static int clone_null(const struct child *c)
{
	struct stat st;

	if (fstat(c->null, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return -ENXIO;
	return child_result(
		open_tree(c->null, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
}

/* One empty tmpfs serves all masked directories. */
static int clone_empty(struct child *c)
{
	int fs;

	if (c->empty >= 0)
		return child_result(open_tree(c->empty, "",
					      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
	fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	c->empty = child_result(fsmount(fs, FSMOUNT_CLOEXEC,
					MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						MOUNT_ATTR_NOEXEC));
	return c->empty;
}

int child_mask(struct child *c, const struct op *op)
{
	int to = open_in(c, op->path, op->value);
	struct stat st;
	int cover;

	if (to < 0)
		return to == -ENOENT ? 0 : to;
	if (fstat(to, &st) < 0)
		return -errno;
	cover = S_ISDIR(st.st_mode) ? clone_empty(c) : clone_null(c);
	return cover < 0 ? cover : child_result(move_mount(cover, "", to, "", ON_FDS));
}

int child_readonly_path(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int to = open_in(c, op->path, op->value);
	int tree;

	if (to < 0)
		return to == -ENOENT ? 0 : to;
	tree = open_tree(to, "",
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return child_result(move_mount(tree, "", to, "", ON_FDS));
}

/* ---- the root -------------------------------------------------------------------------- */

int child_readonly_root(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	(void)op;
	return child_result(mount_setattr(c->root, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}

/* With both names ".", the old root ends up on top of the new one and is taken off again. */
int child_pivot_root(struct child *c, const struct op *op)
{
	(void)op;
	if (fchdir(c->root) < 0 || sys_pivot_root(".", ".") < 0)
		return -errno;
	if (umount2(".", MNT_DETACH) < 0)
		return -errno;
	return child_result(chdir("/"));
}
