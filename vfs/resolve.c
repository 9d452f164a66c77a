/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is a string of what is done, which is canonical, and one of what is to do, which
 * links prepend themselves to. The directory of the done part stays open, so a step down costs
 * one open a layer; only ".." and links start over, by walking the done part again.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "vfs/place.h"
#include "vfs/resolve.h"
#include "vfs/text.h"

struct walk {
	const struct vfs *fs;
	char done[LIMIT_PATH];
	char todo[LIMIT_PATH];
	const char *next;    /* in todo */
	struct vfs_dir here; /* the directory at done, if is_open */
	bool is_open;        /* else done is text: missing, or unreachable */
	bool missing;        /* done is below something that doesn't exist */
	bool lost;           /* ".." was taken below that: all that follows is text */
	unsigned n_links;
	const struct vfs_resolve_watcher *watcher; /* borrowed; NULL if nobody wants to know */
};

static void walk_done(struct walk *w)
{
	vfs_dir_done(&w->here);
}

static void leave(struct walk *w)
{
	vfs_dir_done(&w->here);
	w->is_open = false;
}

/* Open the directory at done again. */
static int reopen(struct walk *w, struct err *e)
{
	int r;

	leave(w);
	r = vfs_dir_walk(w->fs, w->done, &w->here, e);
	w->is_open = r == 0;
	return r < 0 ? r : 0;
}

static int step_up(struct walk *w, struct err *e)
{
	path_parent(w->done, w->done);
	w->lost |= w->missing;
	return w->lost ? 0 : reopen(w, e);
}

static int not_a_directory(const char *path, struct err *e)
{
	return err_set(e, -ENOTDIR, ERR_INVALID, "'%s' is not a directory", vfs_text(path).s);
}

/* A mount begins here, whatever is below it, even nothing: its destination gets created. */
static int step_into_mount(struct walk *w, const struct vfs_mount *m, bool last, struct err *e)
{
	strcpy(w->done, m->destination);
	w->missing = false;
	leave(w);
	if (m->is_dir)
		return reopen(w, e);
	return last || m->kind == MOUNT_SPECIAL ? 0 : not_a_directory(w->done, e);
}

static int tell(struct walk *w, const char *path, const char *target, struct err *e)
{
	return w->watcher ? w->watcher->followed(w->watcher->arg, path, target, e) : 0;
}

/* @path is that of the link, which has the name @name in the directory that is open. */
static int step_link(struct walk *w, const struct vfs_entry *entry, const char *name,
		     const char *path, struct err *e)
{
	char todo[LIMIT_PATH];
	size_t n_rest = strlen(w->next);
	ssize_t n;
	int r;

	if (++w->n_links > LIMIT_SYMLINKS)
		return err_set(e, -ELOOP, ERR_INVALID, "more than %d symbolic links",
			       LIMIT_SYMLINKS);
	n = readlinkat(w->here.v[entry->at].fd, name, todo, sizeof(todo));
	if (n < 0)
		return err_sys(e, "reading the link '%s'", vfs_text(name).s);
	if ((size_t)n + n_rest >= sizeof(todo))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a path is too long");
	todo[n] = '\0';
	r = tell(w, path, todo, e);
	if (r < 0)
		return r;
	memcpy(todo + n, w->next, n_rest + 1); /* the rest is empty or begins with a slash */
	memcpy(w->todo, todo, (size_t)n + n_rest + 1);
	w->next = w->todo;
	if (todo[0] != '/')
		return 0;
	strcpy(w->done, "/");
	return reopen(w, e);
}

/* @name is there but no directory, or it isn't there; @path is done with it. */
static int step_other(struct walk *w, const char *name, const char *path, bool last, bool follow,
		      struct err *e)
{
	struct vfs_entry entry;
	int r = vfs_dir_find(&w->here, name, &entry, e);

	if (r < 0)
		return r;
	if (entry.type == VFS_LINK && (follow || !last))
		return step_link(w, &entry, name, path, e);
	if (entry.type != VFS_ABSENT && !last)
		return not_a_directory(path, e);
	strcpy(w->done, path);
	w->missing = entry.type == VFS_ABSENT;
	leave(w);
	return 0;
}

static int step_down(struct walk *w, const char *name, bool last, bool follow, struct err *e)
{
	const struct vfs_mount *m;
	char path[LIMIT_PATH];
	struct vfs_dir child;
	int r = path_join(w->done, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	m = w->lost ? NULL : vfs_mount_at(w->fs, path);
	if (m)
		return step_into_mount(w, m, last, e);
	if (!w->is_open) {
		strcpy(w->done, path);
		return 0;
	}
	r = vfs_dir_enter(&w->here, name, &child, e);
	if (r < 0)
		return r;
	if (r == VFS_NOT_DIR)
		return step_other(w, name, path, last, follow, e);
	vfs_dir_done(&w->here);
	w->here = child;
	strcpy(w->done, path);
	return 0;
}

static int step(struct walk *w, const char *name, bool follow_last, struct err *e)
{
	/* A slash at the end asks for a directory, so a link before it is followed. */
	bool last = *w->next == '\0';

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return step_up(w, e);
	return step_down(w, name, last, follow_last, e);
}

int vfs_resolve_watched(const struct vfs *fs, const char *path, bool follow_last,
			const struct vfs_resolve_watcher *watcher, char *ret, struct err *e)
{
	cleanup(walk_done) struct walk w = {.fs = fs, .done = "/", .watcher = watcher};
	char name[NAME_MAX + 1];
	int r;

	if (strlen(path) >= sizeof(w.todo))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a path is too long");
	strcpy(w.todo, path);
	w.next = w.todo;
	r = reopen(&w, e);
	while (r >= 0 && (r = vfs_next_name(&w.next, name, e)) > 0)
		r = step(&w, name, follow_last, e);
	if (r < 0)
		return err_wrap(e, r, "resolving '%s'", vfs_text(path).s);
	strcpy(ret, w.done);
	return w.missing || w.lost ? VFS_MISSING : 0;
}

int vfs_resolve(const struct vfs *fs, const char *path, bool follow_last, char *ret, struct err *e)
{
	return vfs_resolve_watched(fs, path, follow_last, NULL, ret, e);
}
