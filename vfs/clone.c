/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/path.h"
#include "vfs/proc_fd.h"

/* Which file, in which mount. */
struct identity {
	uint64_t mount_id;
	uint64_t ino;
	uint32_t dev[2];
	bool is_mount_root;
};

static int identify(int dirfd, const char *path, struct identity *ret)
{
	int how = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	struct statx st;

	if (statx(dirfd, path, how, STATX_INO | STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
		return -EOPNOTSUPP;
	*ret = (struct identity){
		.mount_id = st.stx_mnt_id,
		.ino = st.stx_ino,
		.dev = {st.stx_dev_major, st.stx_dev_minor},
		.is_mount_root = st.stx_attributes & STATX_ATTR_MOUNT_ROOT,
	};
	return 0;
}

int vfs_mount_id(int dirfd, const char *name, uint64_t *ret)
{
	struct identity id = {0};
	int r = identify(dirfd, name, &id);

	if (r == 0)
		*ret = id.mount_id;
	return r;
}

static void clone_done(struct vfs_clone *k)
{
	fd_close(k->fd);
	free(k->root);
}

void vfs_clones_done(struct vfs_clones *c)
{
	for (size_t i = 0; i < c->n; i++)
		clone_done(&c->v[i]);
	free(c->v);
	*c = (struct vfs_clones){0};
}

/*
 * What we never want from an image, denied by the kernel once more. Before Linux 5.12 there is
 * no such call; the code does not rely on it.
 */
static void harden(int fd, bool writable)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			    MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSYMFOLLOW |
			    (writable ? 0 : MOUNT_ATTR_RDONLY),
		.attr_clr = MOUNT_ATTR__ATIME,
	};

	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) == 0)
		return;
	/* in a user namespace the kind of access times may be locked */
	attr.attr_set &= ~(uint64_t)MOUNT_ATTR_NOATIME;
	attr.attr_clr = 0;
	(void)mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
}

/* Returns the clone, or -EPERM, without an error set, to who may not make one. */
static int make(int fd, unsigned flags, bool writable, struct err *e)
{
	int clone = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);

	if (clone < 0 && (errno == EPERM || errno == ENOSYS))
		return -EPERM;
	if (clone < 0)
		return err_sys(e, "cloning a mount");
	harden(clone, writable);
	return clone;
}

/* Room for one more. */
static int grow(struct vfs_clones *c, struct err *e)
{
	struct vfs_clone *v = reallocarray(c->v, c->n + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	c->v = v;
	return 0;
}

/* Keep a clone that isn't shared. Returns another descriptor of it. */
static int keep(struct vfs_clones *c, int clone, struct err *e)
{
	int fd = fcntl(clone, F_DUPFD_CLOEXEC, 0);
	int r = fd < 0 ? err_sys(e, "cloning a mount") : grow(c, e);

	if (r < 0) {
		fd_close(fd);
		fd_close(clone);
		return r;
	}
	c->v[c->n++] = (struct vfs_clone){.fd = clone};
	return fd;
}

int vfs_clones_open_recursive(struct vfs_clones *c, int fd, bool writable, struct err *e)
{
	int clone = make(fd, AT_RECURSIVE, writable, e);

	return clone < 0 ? clone : keep(c, clone, e);
}

/* Cut @path down to the root of the mount that it is in. */
static void cut_to_root(char *path, struct identity id)
{
	while (!id.is_mount_root && path[1]) {
		char parent[LIMIT_PATH];
		struct identity above;

		path_parent(path, parent);
		if (identify(AT_FDCWD, parent, &above) < 0 || above.mount_id != id.mount_id)
			return;
		strcpy(path, parent);
		id = above;
	}
}

/* What is left of @path below @root, for *at() calls; NULL if it isn't there. */
static const char *below(const char *path, const char *root)
{
	if (!path_is_below(path, root))
		return NULL;
	path += strcmp(root, "/") == 0 ? 0 : strlen(root);
	path += *path == '/';
	return *path ? path : ".";
}

/* @path in the clone, if that is the same file; else -EBADF. */
static int open_in(const struct vfs_clone *k, const char *path, const struct identity *id)
{
	const char *rest = below(path, k->root);
	cleanup_close int fd = rest ? openat(k->fd, rest, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -EBADF;
	struct identity found;

	if (fd < 0 || identify(fd, "", &found) < 0 || found.mount_id != k->own_id ||
	    found.ino != id->ino || memcmp(found.dev, id->dev, sizeof(found.dev)) != 0)
		return -EBADF;
	return take_fd(&fd);
}

/* Add a clone of the whole mount that @path is in. Returns 0; -EBADF if that can't be had. */
static int add(struct vfs_clones *c, const char *path, const struct identity *id, bool writable)
{
	cleanup(clone_done) struct vfs_clone k = {
		.fd = -EBADF, .mount_id = id->mount_id, .writable = writable};
	cleanup_close int root = -EBADF;
	char text[LIMIT_PATH];

	if (grow(c, NULL) < 0)
		return -EBADF;
	strcpy(text, path);
	cut_to_root(text, *id);
	root = open(text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	k.root = strdup(text);
	k.fd = root < 0 ? -EBADF : make(root, 0, writable, NULL);
	if (k.fd < 0 || !k.root || vfs_mount_id(k.fd, "", &k.own_id) < 0)
		return -EBADF;
	c->v[c->n++] = k;
	k = (struct vfs_clone){.fd = -EBADF};
	return 0;
}

/* Returns the descriptor; -EBADF if only a clone of its own will do. */
static int open_shared(struct vfs_clones *c, int fd, bool writable)
{
	char path[LIMIT_PATH];
	struct identity id;
	ssize_t n = readlink(proc_fd(fd).s, path, sizeof(path));

	if (n <= 0 || (size_t)n >= sizeof(path) || path[0] != '/' || identify(fd, "", &id) < 0)
		return -EBADF;
	path[n] = '\0';
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].root && c->v[i].mount_id == id.mount_id &&
		    (c->v[i].writable || !writable))
			return open_in(&c->v[i], path, &id);
	if (add(c, path, &id, writable) < 0)
		return -EBADF;
	return open_in(&c->v[c->n - 1], path, &id);
}

int vfs_clones_open(struct vfs_clones *c, int fd, bool writable, struct err *e)
{
	int shared = open_shared(c, fd, writable);
	int clone = shared < 0 ? make(fd, 0, writable, e) : -EBADF;

	if (shared >= 0)
		return shared;
	return clone < 0 ? clone : keep(c, clone, e);
}
