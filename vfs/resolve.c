/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is a string of what is done, which is canonical, and one of what is to do, which
 * links prepend themselves to. The directory of the done part stays open, and some of those
 * above it, so that a step down costs one open a layer and a step up mostly none. Who leaves
 * these, by a link or by many "..", walks the done part again; a hostile path can make that
 * happen often, so the steps are counted.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "vfs/cursor.h"
#include "vfs/place.h"
#include "vfs/resolve.h"
#include "vfs/text.h"

enum { KEPT_DIRS = 8, KEPT_FDS = 128 };

struct walk {
	const struct vfs *fs;
	char done[LIMIT_PATH];
	char todo[LIMIT_PATH];
	const char *next;    /* in todo */
	struct vfs_dir here; /* the directory at done, if is_open */
	bool is_open; /* else done is text: missing, unreachable, or to be walked again ... */
	bool is_left; /* ... which it is here */
	struct vfs_dir above[KEPT_DIRS]; /* the directories above, the nearest one last */
	size_t n_above;
	size_t n_kept_fds;
	size_t n_steps;
	bool missing; /* done is below something that doesn't exist */
	bool lost;    /* ".." was taken below that: all that follows is text */
	unsigned n_links;
	const struct vfs_resolve_watcher *watcher; /* borrowed; NULL if nobody wants to know */
};

static void forget_first(struct walk *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w->n_kept_fds -= w->above[i].n;
		vfs_dir_done(&w->above[i]);
	}
	w->n_above -= n;
	memmove(w->above, w->above + n, w->n_above * sizeof(w->above[0]));
}

/* What is at done isn't the directory that is open, nor below those that are kept. */
static void leave(struct walk *w)
{
	vfs_dir_done(&w->here);
	w->is_open = false;
	w->is_left = false;
	forget_first(w, w->n_above);
}

/* Keep the open directory, below which the walk goes on; of too many those at the top go. */
static void keep(struct walk *w)
{
	if (!w->is_open)
		return;
	if (w->n_above == KEPT_DIRS)
		forget_first(w, 1);
	w->n_kept_fds += w->here.n;
	w->above[w->n_above++] = w->here;
	while (w->n_kept_fds > KEPT_FDS && w->n_above > 0)
		forget_first(w, 1);
	w->here = (struct vfs_dir){0};
	w->is_open = false;
}

static void walk_done(struct walk *w)
{
	leave(w);
}

static int count_steps(struct walk *w, size_t n, struct err *e)
{
	w->n_steps += n;
	if (w->n_steps > LIMIT_STEPS)
		return err_set(e, -E2BIG, ERR_LIMIT, "it takes more than %d steps", LIMIT_STEPS);
	return 0;
}

/* Walk the done part again, from the root. */
static int reopen(struct walk *w, struct err *e)
{
	size_t n = 1;
	int r;

	for (const char *p = w->done; *p; p++)
		n += *p == '/';
	r = count_steps(w, n, e);
	if (r < 0)
		return r;
	vfs_dir_done(&w->here);
	r = vfs_dir_walk(w->fs, w->done, &w->here, e);
	w->is_open = r == 0;
	w->is_left = false;
	return r < 0 ? r : 0;
}

static void step_up(struct walk *w)
{
	bool was_there = w->is_open || w->is_left;

	path_parent(w->done, w->done);
	w->lost |= w->missing;
	if (w->lost) {
		leave(w);
		return;
	}
	vfs_dir_done(&w->here);
	w->is_open = was_there && w->n_above > 0;
	w->is_left = !w->is_open; /* opened when somebody goes down from it */
	if (!w->is_open) {
		forget_first(w, w->n_above);
		return;
	}
	w->here = w->above[--w->n_above];
	w->n_kept_fds -= w->here.n;
}

static int not_a_directory(const char *path, struct err *e)
{
	return err_set(e, -ENOTDIR, ERR_INVALID, "'%s' is not a directory", vfs_text(path).s);
}

/* A mount begins here, whatever is below it, even nothing: its destination gets created. */
static int step_into_mount(struct walk *w, const struct vfs_mount *m, bool last, struct err *e)
{
	if (!w->is_open)
		leave(w); /* what is kept may not be above this */
	keep(w);
	strcpy(w->done, m->destination);
	w->missing = false;
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

	if (w->here.mount->nosymfollow)
		return err_set(e, -ELOOP, ERR_INVALID, "the mount of '%s' has nosymfollow",
			       vfs_text(path).s);
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
	leave(w);
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
	vfs_cursor_put(w->fs->cursor, &w->here, vfs_path_inside(w->here.mount, w->done));
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
	if (w->is_left) /* before a mount too: it is kept then */
		r = reopen(w, e);
	if (r == 0)
		r = count_steps(w, 1, e);
	if (r < 0)
		return r;
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
	keep(w);
	w->here = child;
	w->is_open = true;
	strcpy(w->done, path);
	return 0;
}

static int step(struct walk *w, const char *name, bool follow_last, struct err *e)
{
	/* A slash at the end asks for a directory, so a link before it is followed. */
	bool last = *w->next == '\0';

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		step_up(w);
		return 0;
	}
	return step_down(w, name, last, follow_last, e);
}

int vfs_resolve_watched(const struct vfs *fs, const char *path, bool follow_last,
			const struct vfs_resolve_watcher *watcher, char *ret, struct err *e)
{
	cleanup(walk_done) struct walk w = {.fs = fs, .done = "/", .watcher = watcher};
	const char *rest = path;
	char name[NAME_MAX + 1];
	int r;

	if (strlen(path) >= sizeof(w.todo))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a path is too long");
	w.is_open = vfs_cursor_begin(fs->cursor, path, &w.here, w.done, &rest);
	strcpy(w.todo, rest);
	w.next = w.todo;
	r = w.is_open ? 0 : reopen(&w, e);
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
