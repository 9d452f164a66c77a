/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot is the chain of the top's entries from the mount's root to the path. It ends
 * early where one isn't a directory: below that the top holds nothing. Restoring goes down the
 * chain and puts things back on the way up, so that each directory's times come last.
 */
#include "vfs/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "vfs/held.h"
#include "vfs/text.h"
#include "vfs/top.h"

struct link {
	char name[NAME_MAX + 1]; /* "" for the mount's root, which is first */
	struct vfs_held held;
};

struct vfs_snapshot {
	const struct vfs *fs; /* borrowed */
	const struct vfs_mount *mount;
	struct link *chain; /* owned */
	size_t n;
};

struct vfs_snapshot *vfs_snapshot_free(struct vfs_snapshot *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		vfs_held_done(&s->chain[i].held);
	free(s->chain);
	free(s);
	return NULL;
}

static size_t count_names(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1] != '\0';
	return n;
}

/* The directory @name of the top's directory @dirfd; -ENOENT, without an error set, for others. */
static int open_dir(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return -ENOENT;
	return err_sys(e, "opening '%s'", vfs_text(name).s);
}

/* Remember each name of @inside, as long as the top has directories on the way. */
static int take_chain(struct vfs_snapshot *s, const char *inside, struct err *e)
{
	cleanup_close int here = fcntl(s->mount->layers[0].fd, F_DUPFD_CLOEXEC, 0);
	struct link *l = &s->chain[s->n++];
	int r;

	l->held = VFS_HELD_NONE;
	if (here < 0)
		return err_sys(e, "opening the top");
	r = vfs_held_take(s->mount, here, NULL, &l->held, e);
	while (r == 0 && (l = &s->chain[s->n], r = vfs_next_name(&inside, l->name, e)) > 0) {
		int child;

		l->held = VFS_HELD_NONE;
		s->n++;
		r = here < 0 ? 0 : vfs_held_take(s->mount, here, l->name, &l->held, e);
		if (r < 0)
			return r;
		child = here < 0 ? -ENOENT : open_dir(here, l->name, e);
		if (child < 0 && child != -ENOENT)
			return child;
		fd_close(here);
		here = child;
	}
	return r;
}

int vfs_snapshot(const struct vfs *fs, const char *path, struct vfs_snapshot **ret, struct err *e)
{
	cleanup_vfs_snapshot struct vfs_snapshot *s = calloc(1, sizeof(*s));
	cleanup_vfs_place struct vfs_place p = {0};
	const char *inside;
	int r;

	if (!s)
		return err_oom(e);
	r = vfs_top_find(fs, path, &p, e);
	if (r < 0)
		return err_wrap(e, r, "remembering '%s'", vfs_text(path).s);
	s->fs = fs;
	s->mount = p.mount;
	inside = vfs_path_inside(p.mount, path);
	s->chain = calloc(count_names(inside) + 3, sizeof(*s->chain));
	if (!s->chain)
		return err_oom(e);
	r = take_chain(s, inside, e);
	if (r < 0)
		return err_wrap(e, r, "remembering '%s'", vfs_text(path).s);
	*ret = take_ptr(s);
	return 0;
}

static int restore_link(const struct vfs_snapshot *s, size_t i, int dirfd, struct err *e);

/* What is below the directory @fd of the chain's link @i, then its times. */
static int restore_below(const struct vfs_snapshot *s, size_t i, int fd, struct err *e)
{
	const struct vfs_held *h = &s->chain[i].held;
	int r = restore_link(s, i + 1, fd, e);
	int touched = h->exists && S_ISDIR(h->st.st_mode) && r >= 0 ? vfs_held_touch(h, fd, e) : 0;

	return touched < 0 ? touched : r;
}

/* An entry on the way: a directory that was there, or one that has come and must go. */
static int restore_ancestor(const struct vfs_snapshot *s, size_t i, int dirfd, struct err *e)
{
	const struct link *l = &s->chain[i];
	bool was_dir = l->held.exists && S_ISDIR(l->held.st.st_mode);
	cleanup_close int child = open_dir(dirfd, l->name, e);
	struct err why = ERR_NONE;
	int below = 0;
	int r;

	if (child == -ENOENT && was_dir) {
		r = vfs_held_restore(s->fs, s->mount, dirfd, l->name, &l->held, e);
		if (r < 0)
			return r;
		child = open_dir(dirfd, l->name, e);
	}
	if (child < 0 && child != -ENOENT)
		return child;
	if (child >= 0)
		below = restore_below(s, i, child, e);
	if (below < 0 || was_dir)
		return below;
	r = vfs_held_restore(s->fs, s->mount, dirfd, l->name, &l->held, &why);
	if (r == -ENOTEMPTY)
		return VFS_KEPT;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? r : below;
}

static int restore_link(const struct vfs_snapshot *s, size_t i, int dirfd, struct err *e)
{
	const struct link *l = &s->chain[i];

	if (i == s->n)
		return 0;
	if (i + 1 < s->n)
		return restore_ancestor(s, i, dirfd, e);
	return vfs_held_restore(s->fs, s->mount, dirfd, l->name, &l->held, e);
}

int vfs_restore(const struct vfs_snapshot *s, struct err *e)
{
	int root = s->mount->layers[0].fd;
	int r = s->n == 1 ? vfs_held_apply(&s->chain[0].held, root, e)
			  : restore_below(s, 0, root, e);

	return r < 0 ? err_wrap(e, r, "restoring") : r;
}
