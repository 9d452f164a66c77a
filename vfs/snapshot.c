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

#include "base/io.h"
#include "base/path.h"
#include "vfs/cursor.h"
#include "vfs/held.h"
#include "vfs/overlay_attr.h"
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
		if (strspn(inside, "/") < strlen(inside) && S_ISDIR(l->held.st.st_mode))
			l->held.inode = fd_close(l->held.inode); /* there may be thousands */
		child = here < 0 ? -ENOENT : open_dir(here, l->name, e);
		if (child < 0 && child != -ENOENT)
			return child;
		fd_close(here);
		here = child;
	}
	return r;
}

int vfs_snapshot(struct vfs *fs, const char *path, struct vfs_snapshot **ret, struct err *e)
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

/* ---- restoring --------------------------------------------------------------------------- */

struct identity {
	dev_t dev;
	ino_t ino;
};

/*
 * A way down the chain. One directory is open at a time, since there may be thousands: on the way
 * up each parent is opened as "..", and has to be the one that it was.
 */
struct way {
	const struct vfs_snapshot *s;
	size_t at;                /* the open directory's index in the chain ... */
	int fd;                   /* ... and descriptor */
	struct identity *parents; /* of those above; owned */
};

static void way_done(struct way *w)
{
	fd_close(w->fd);
	free(w->parents);
}

static int identify(int fd, struct identity *ret, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a directory");
	*ret = (struct identity){st.st_dev, st.st_ino};
	return 0;
}

static int way_init(struct way *w, struct err *e)
{
	w->fd = fcntl(w->s->mount->layers[0].fd, F_DUPFD_CLOEXEC, 0);
	w->parents = calloc(w->s->n, sizeof(*w->parents));
	if (w->fd < 0)
		return err_sys(e, "opening the top");
	return w->parents ? 0 : err_oom(e);
}

static int go_down(struct way *w, int child, struct err *e)
{
	int r = identify(w->fd, &w->parents[w->at], e);

	if (r < 0) {
		fd_close(child);
		return r;
	}
	fd_close(w->fd);
	w->fd = child;
	w->at++;
	return 0;
}

static int go_up(struct way *w, struct err *e)
{
	const struct identity *want = &w->parents[w->at - 1];
	int parent = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct identity found;
	int r = parent < 0 ? err_sys(e, "opening the directory above")
			   : identify(parent, &found, e);

	if (r == 0 && (found.dev != want->dev || found.ino != want->ino))
		r = err_set(e, -EAGAIN, ERR_PRECONDITION, "a directory was moved meanwhile");
	if (r < 0) {
		fd_close(parent);
		return r;
	}
	fd_close(w->fd);
	w->fd = parent;
	w->at--;
	return 0;
}

static bool was_dir(const struct link *l)
{
	return l->held.exists && S_ISDIR(l->held.st.st_mode);
}

/* The container path of a link of the chain. */
static int path_of(const struct vfs_snapshot *s, size_t i, char *ret, struct err *e)
{
	int r = 0;

	strcpy(ret, s->mount->destination);
	for (size_t k = 1; r == 0 && k <= i; k++) {
		char above[LIMIT_PATH];

		strcpy(above, ret);
		r = path_join(above, s->chain[k].name, ret, LIMIT_PATH, e);
	}
	return r;
}

/* Is an entry of the directory a whiteout that hides something? */
static int holds_removal(const struct vfs_dir *d, struct err *e)
{
	cleanup_closedir DIR *entries = NULL;
	const struct dirent *entry;
	int r = vfs_dir_open_list(vfs_dir_top(d), &entries, e);

	while (r == 0 && (entry = io_next_entry(entries))) {
		struct vfs_entry found;

		r = vfs_dir_find(d, entry->d_name, &found, e);
		if (r == 0)
			r = found.whiteout && found.below != VFS_ABSENT;
	}
	return r;
}

/*
 * A directory that came since goes with the whiteouts in it, but not if they hide something:
 * somebody has removed that. Returns 1 if so, or 0.
 */
static int has_removals(const struct vfs_snapshot *s, size_t i, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir d = {0};
	char path[LIMIT_PATH];
	int r;

	if (s->mount->kind != MOUNT_OVERLAY || s->chain[i].held.exists)
		return 0;
	r = path_of(s, i, path, e);
	if (r == 0)
		r = vfs_dir_walk(s->fs, path, &d, e);
	if (r != 0)
		return r < 0 ? r : 0;
	return vfs_dir_top(&d) < 0 ? 0 : holds_removal(&d, e);
}

/* The link @i of the chain, in the open directory. -ENOTEMPTY if something is in its way. */
static int restore_entry(const struct way *w, size_t i, struct err *e)
{
	const struct vfs_snapshot *s = w->s;
	int r = has_removals(s, i, e);

	if (r > 0)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "something was removed in '%s'",
			       vfs_text(s->chain[i].name).s);
	return r < 0 ? r
		     : vfs_held_restore(s->fs, s->mount, w->fd, s->chain[i].name, &s->chain[i].held,
					e);
}

/*
 * Go down as far as there are directories, making those again that were there. Returns the index
 * of the link that is no directory, or of the last one.
 */
static int descend(struct way *w, struct err *e)
{
	while (w->at + 2 < w->s->n) {
		const struct link *l = &w->s->chain[w->at + 1];
		int child = open_dir(w->fd, l->name, e);
		int r = 0;

		if (child == -ENOENT && was_dir(l)) {
			r = restore_entry(w, w->at + 1, e);
			child = r < 0 ? r : open_dir(w->fd, l->name, e);
		}
		if (child == -ENOENT)
			break;
		r = child < 0 ? child : go_down(w, child, e);
		if (r < 0)
			return r;
	}
	return (int)w->at + 1;
}

/* The directory that is open, which was there: its times, and no mark that it hadn't. */
static int settle(const struct way *w, struct err *e)
{
	const struct vfs_held *h = &w->s->chain[w->at].held;
	int r = 0;

	if (!vfs_overlay_has_impure(w->s->mount, &h->xattrs))
		r = vfs_overlay_settle(w->s->mount, w->fd, e);
	return r < 0 ? r : vfs_held_touch(h, w->fd, e);
}

/* A directory that is open, and then closed: back to what it was. */
static int ascend(struct way *w, bool *kept, struct err *e)
{
	struct err why = ERR_NONE;
	int r;

	if (was_dir(&w->s->chain[w->at])) {
		r = settle(w, e);
		return r < 0 || w->at == 0 ? r : go_up(w, e);
	}
	r = go_up(w, e);
	if (r < 0)
		return r;
	r = restore_entry(w, w->at + 1, &why);
	*kept |= r == -ENOTEMPTY;
	if (r < 0 && r != -ENOTEMPTY && e)
		*e = why;
	return r == -ENOTEMPTY ? 0 : r;
}

static int restore(struct way *w, struct err *e)
{
	bool kept = false;
	int r = way_init(w, e);
	int end;

	if (r < 0)
		return r;
	end = descend(w, e);
	if (end < 0)
		return end;
	r = restore_entry(w, (size_t)end, e);
	if (r == -ENOTEMPTY && (size_t)end + 1 < w->s->n) {
		err_clear(e);
		kept = true;
		r = 0;
	}
	while (r == 0 && w->at > 0)
		r = ascend(w, &kept, e);
	if (r == 0)
		r = settle(w, e);
	return r < 0 ? r : kept ? VFS_KEPT : 0;
}

int vfs_restore(const struct vfs_snapshot *s, struct err *e)
{
	cleanup(way_done) struct way w = {.s = s, .fd = -EBADF};
	int r;

	vfs_cursor_forget(s->fs->cursor);
	r = s->n == 1 ? vfs_held_apply(&s->chain[0].held, s->mount->layers[0].fd, e)
		      : restore(&w, e);

	vfs_cursor_forget(s->fs->cursor);
	return r < 0 ? err_wrap(e, r, "restoring") : r;
}
