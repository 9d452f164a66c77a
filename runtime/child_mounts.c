/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that make, fill and attach mounts. */
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum { ON_FDS = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, OPEN_TRIES = 64 };

void child_set_current(struct child *c, int fd)
{
	if (c->current >= 0)
		close(c->current);
	c->current = fd;
	c->on_staging = false;
}

int child_open_below(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
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

int child_open(const struct child *c, const char *path)
{
	return child_open_below(c->root, path, O_PATH, 0);
}

/* Make the mount that holds @path private: it is the nearest directory above that is one. */
static int make_private(const char *path)
{
	char above[LIMIT_PATH];
	size_t n = child_append(above, 0, sizeof(above), path);

	while (mount(NULL, above, NULL, MS_PRIVATE, NULL) < 0) {
		if (errno != EINVAL || n <= 1)
			return -errno;
		while (n > 1 && above[n - 1] != '/')
			n--;
		if (n > 1)
			n--;
		above[n] = '\0';
	}
	return 0;
}

/*
 * What is mounted here must not come to the host. A shared root is asked for to let mounts of the
 * container go there, but the root itself isn't one of them.
 */
int child_private_mounts(struct child *c, const struct op *op)
{
	(void)c;
	if (mount(NULL, "/", NULL, MS_REC | (unsigned long)op->value, NULL) < 0)
		return -errno;
	return op->value == MS_SHARED ? make_private(op->path) : 0;
}

int child_hold(struct child *c, const struct op *op)
{
	c->held[op->value] = c->current;
	c->current = -EBADF;
	return 0;
}

int child_take(struct child *c, const struct op *op)
{
	child_set_current(c, c->held[op->value]);
	c->held[op->value] = -EBADF;
	return 0;
}

/* What is at @subpath in @root: links in it count from there and never lead out. */
static int clone_part(int root, const char *subpath, unsigned how, uint64_t resolve)
{
	int inside = child_open_below(root, subpath, O_PATH, resolve);
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
	struct mount_attr attr = {.attr_set = op->value, .attr_clr = op->other};
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

static int attach_root(int mount, const char *path)
{
	return child_result(move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH));
}

int child_root(struct child *c, const struct op *op)
{
	/* Several rootfs specs lie on one another: a path leads to the topmost. */
	int r = c->on_staging ? 0 : attach_root(c->current, op->path);

	/* Root of a user namespace may not be let in there, and looks for nothing there. */
	if (r == -EACCES)
		r = attach_root(c->current, "/");
	if (r < 0)
		return r;
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

/* Make the entry @name of @dir, of the type of @like unless something comes below it. */
static int create_entry(int dir, const char *name, bool is_last, int like)
{
	struct stat st;
	int r;

	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || !*name)
		return 0;
	if (is_last && fstat(like, &st) < 0)
		return -errno;
	if (!is_last || S_ISDIR(st.st_mode))
		r = mkdirat(dir, name, 0755);
	else
		r = mknodat(dir, name, S_IFREG | 0644, 0);
	return r < 0 && errno != EEXIST ? -errno : 0;
}

/*
 * mkdir -p of the directory part of a path, then the entry itself. Each directory is opened from
 * the root again: links count from there. Where one leads to nothing, *@ret_end is behind it.
 */
static int create_path(struct child *c, const char *path, int like, size_t *ret_end)
{
	char part[LIMIT_PATH];
	int dir = c->root;

	for (const char *name = path + 1, *end;; name = end + 1) {
		int r;

		end = name + strcspn(name, "/");
		cut(part, name, end);
		r = create_entry(dir, part, !*end, like);
		if (dir != c->root)
			close(dir);
		if (r < 0)
			return r;
		cut(part, path, end);
		*ret_end = (size_t)(end - path);
		dir = child_open(c, part);
		if (dir < 0 || !*end)
			return dir;
	}
}

/* Put what a link says in the place of the link, which ends at @end. */
static int replace_link(const struct child *c, char path[LIMIT_PATH], size_t end)
{
	char text[LIMIT_PATH], rest[LIMIT_PATH];
	size_t n = end;
	int link;
	ssize_t got;

	child_append(rest, 0, sizeof(rest), path + end);
	path[end] = '\0';
	link = child_open_below(c->root, path, O_PATH | O_NOFOLLOW, 0);
	if (link < 0)
		return link;
	got = readlinkat(link, "", text, sizeof(text) - 1);
	close(link);
	if (got <= 0)
		return -ENOENT;
	text[got] = '\0';
	while (n > 1 && path[n - 1] != '/')
		n--;
	n = child_append(path, text[0] == '/' ? 0 : n, LIMIT_PATH, text);
	if (n + strlen(rest) >= LIMIT_PATH - 1)
		return -ENAMETOOLONG;
	child_append(path, n, LIMIT_PATH, rest);
	return 0;
}

/* Images have links to what is made when they run: /var/run, where there is no /run yet. */
static int create_destination(struct child *c, const char *path, int like)
{
	char whole[LIMIT_PATH];
	size_t end = 0;
	int r = -ENOENT;

	if (path[0] != '/' || strnlen(path, sizeof(whole)) == sizeof(whole))
		return -ENAMETOOLONG;
	child_append(whole, 0, sizeof(whole), path);
	for (int i = 0; i < LIMIT_SYMLINKS && r == -ENOENT; i++) {
		r = create_path(c, whole, like, &end);
		if (r == -ENOENT && replace_link(c, whole, end) < 0)
			break;
	}
	return r;
}

static int open_or_create(struct child *c, const char *path, int like, uint64_t resolve)
{
	int to = child_open_below(c->root, path, O_PATH, resolve);

	if (to != -ENOENT)
		return to;
	to = create_destination(c, path, like);
	if (to < 0 || !resolve)
		return to;
	close(to);
	return child_open_below(c->root, path, O_PATH, resolve);
}

int child_open_or_create(struct child *c, const char *path, int like)
{
	return open_or_create(c, path, like, 0);
}

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

int child_attach(struct child *c, const struct op *op)
{
	uint64_t resolve = op->flags & OP_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0;
	int to, r;

	if (c->current < 0)
		return 0; /* an optional file system that this kernel lacks */
	to = op->flags & OP_CREATE ? open_or_create(c, op->path, c->current, resolve)
				   : child_open_below(c->root, op->path, O_PATH, resolve);
	if (to == -ENOENT && op->flags & OP_OPTIONAL) {
		child_set_current(c, -EBADF);
		return 0;
	}
	if (to < 0)
		return to;
	r = child_result(move_mount(c->current, "", to, "", ON_FDS));
	if (r == -EINVAL && is_directory(c->current) != is_directory(to))
		r = -ENOTDIR;
	close(to);
	return r;
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
	int old = op->value ? openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

	if (fchdir(c->root) < 0 || sys_pivot_root(".", ".") < 0)
		return -errno;
	/*
	 * Mounts of the host that are shared with us must not be taken off there, too. For mount()
	 * "." would be the new root, for umount2() it is what lies on it.
	 */
	if (op->value && (fchdir(old) < 0 ||
			  mount(NULL, ".", NULL, MS_REC | (unsigned long)op->value, NULL) < 0))
		return -errno;
	if (umount2(".", MNT_DETACH) < 0)
		return -errno;
	return child_result(chdir("/"));
}

/* Where "/" can't be pivoted away (an initramfs), the root is moved over it. */
int child_change_root(struct child *c, const struct op *op)
{
	(void)op;
	if (fchdir(c->root) < 0)
		return -errno;
	/* ELOOP: it lies there already, see child_root(). */
	if (move_mount(c->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 && errno != ELOOP)
		return -errno;
	if (chroot(".") < 0)
		return -errno;
	return child_result(chdir("/"));
}

int child_root_propagation(struct child *c, const struct op *op)
{
	unsigned long recursive = op->flags & OP_RECURSIVE ? MS_REC : 0;

	(void)c;
	return child_result(mount(NULL, "/", NULL, (unsigned long)op->value | recursive, NULL));
}
