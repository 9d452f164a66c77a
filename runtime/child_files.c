/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that fill /dev, and hide and protect paths of /proc and /sys. */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum {
	ON_FDS = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
	CLONE_FD = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH,
};

#define NULL_DEVICE makedev(1, 3)

/* ---- entries --------------------------------------------------------------------------- */

static int set_place(struct child *c, int fd)
{
	if (c->place >= 0)
		close(c->place);
	c->place = fd;
	return fd < 0 ? fd : 0;
}

int child_place(struct child *c, const struct op *op)
{
	return set_place(c, child_open_or_create(c, op->path, c->root));
}

/* What is there already, stays: an image or a mount may bring its own. */
static int unless_there(int r)
{
	return r < 0 && errno != EEXIST ? -errno : 0;
}

int child_directory(struct child *c, const struct op *op)
{
	return unless_there(mkdirat(c->place, op->path, 0755));
}

int child_link(struct child *c, const struct op *op)
{
	return unless_there(symlinkat(op->target, c->place, op->path));
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* For a device with a path of its own: its directory becomes the place. */
static int place_above(struct child *c, const char *path)
{
	char dir[LIMIT_PATH];
	size_t n = (size_t)(last_name(path) - path);

	if (n == 0)
		return 0;
	if (n >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, n);
	dir[n > 1 ? n - 1 : n] = '\0';
	return set_place(c, child_open_or_create(c, dir, c->root));
}

static bool is_device(int fd, const struct op *op)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == (op->other & S_IFMT) &&
	       st.st_rdev == op->value;
}

/* Where device nodes can't be made, the host's own is bound in their place; nothing else is. */
static int bind_host_node(struct child *c, const char *name, const struct op *op)
{
	char path[LIMIT_PATH];
	int file, node, r;

	path[0] = '\0';
	if (op->path[0] != '/')
		child_append(path, 0, sizeof(path), "/dev/");
	child_append(path, strlen(path), sizeof(path), op->path);
	node = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (node < 0 || !is_device(node, op))
		return -EPERM;
	file = openat(c->place, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (file < 0)
		return -errno;
	r = child_result(move_mount(node, "", file, "", ON_FDS));
	close(file);
	close(node);
	return r;
}

static int make_node(struct child *c, const char *name, const struct op *op)
{
	if (mknodat(c->place, name, (mode_t)op->other, (dev_t)op->value) < 0)
		return errno == EPERM ? bind_host_node(c, name, op) : errno == EEXIST ? 0 : -errno;
	if (op->uid == 0 && op->gid == 0)
		return 0;
	return child_result(fchownat(c->place, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW));
}

int child_node(struct child *c, const struct op *op)
{
	const char *name = last_name(op->path);
	int r = place_above(c, op->path);

	if (r == 0)
		r = make_node(c, name, op);
	if (r == 0 && op->value == NULL_DEVICE && c->null < 0)
		c->null = openat(c->place, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return r;
}

/* ---- paths of /proc and /sys that are hidden or protected ------------------------------ */

static int check_magic(int fd, uint64_t magic)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_type == magic ? fd : -EXDEV;
}

static bool is_same_base(const struct op *a, const struct op *b)
{
	return a && a->other == b->other && a->value == b->value &&
	       memcmp(a->path, b->path, a->other) == 0;
}

/* "/proc" of "/proc/kcore", which stays open: the next path is most likely in it, too. */
static int open_base(struct child *c, const struct op *op)
{
	char base[LIMIT_PATH];
	int fd;

	if (is_same_base(c->base_op, op))
		return c->base;
	if (op->other >= sizeof(base))
		return -ENAMETOOLONG;
	memcpy(base, op->path, op->other);
	base[op->other] = '\0';
	fd = child_open(c, base);
	if (fd < 0)
		return fd == -ENOENT ? -EXDEV : fd;
	fd = check_magic(fd, op->value);
	if (fd < 0)
		return fd;
	if (c->base >= 0)
		close(c->base);
	c->base = fd;
	c->base_op = op;
	return fd;
}

/*
 * The image may have put anything where we expect /proc, and others may change that meanwhile:
 * cover only what really lies in the kernel's own file system. There, and only there, a missing
 * path is nothing to protect (-ENOENT).
 */
static int open_in(struct child *c, const struct op *op)
{
	const char *below = op->path + op->other;
	int base = op->value ? open_base(c, op) : c->root;
	int fd;

	if (base < 0)
		return base;
	fd = child_open_below(base, *below ? below : "/", O_PATH, 0);
	if (!*below)
		c->base_op = NULL; /* it is about to be covered */
	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	return op->value ? check_magic(fd, op->value) : fd;
}

bool child_is_null_device(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == NULL_DEVICE;
}

/* The container's own; the host's for one whose /dev isn't ours. */
static int clone_null(struct child *c)
{
	if (c->null < 0 || !child_is_null_device(c->null, ""))
		c->null = openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (c->null < 0)
		return -errno;
	return child_is_null_device(c->null, "") ? child_result(open_tree(c->null, "", CLONE_FD))
						 : -ENXIO;
}

/* One empty tmpfs serves all masked directories. */
static int clone_empty(struct child *c, const char *label)
{
	int fs, r;

	if (c->empty >= 0)
		return child_result(open_tree(c->empty, "", CLONE_FD));
	fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || (label && fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0) < 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	r = child_result(fsmount(fs, FSMOUNT_CLOEXEC,
				 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					 MOUNT_ATTR_NOEXEC));
	close(fs);
	c->empty = r;
	return r;
}

int child_mask(struct child *c, const struct op *op)
{
	int to = open_in(c, op);
	struct stat st;
	int cover, r;

	if (to < 0)
		return to == -ENOENT ? 0 : to;
	if (fstat(to, &st) < 0)
		return -errno;
	cover = S_ISDIR(st.st_mode) ? clone_empty(c, op->target) : clone_null(c);
	r = cover < 0 ? cover : child_result(move_mount(cover, "", to, "", ON_FDS));
	close(to);
	return r;
}

int child_readonly_mount(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int fd = child_open(c, op->path);
	int r;

	if (fd < 0)
		return fd;
	r = child_result(mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	close(fd);
	return r;
}

int child_readonly_path(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int to = open_in(c, op);
	int tree, r;

	if (to < 0)
		return to == -ENOENT ? 0 : to;
	tree = open_tree(to, "", CLONE_FD | AT_RECURSIVE);
	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	r = child_result(move_mount(tree, "", to, "", ON_FDS));
	close(tree);
	close(to);
	return r;
}
