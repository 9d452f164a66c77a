/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "vfs/overlay_attr.h"
#include "vfs/seen_note.h"
#include "vfs/text.h"

/*
 * A look-up on its way down. What is wanted begins as a name in the parent's layers; after an
 * absolute redirect it is a path from the root, in whatever layers the mount has below.
 */
struct lookup {
	const struct vfs_dir *parent;
	bool from_root;
	size_t next; /* where to look: index into the parent's layers, or the mount's */
	bool stop;   /* nothing further down counts */
	char want[LIMIT_PATH];
};

/* One component of what is wanted: where it is looked for. */
struct step {
	int dirfd; /* borrowed */
	size_t layer;
	bool is_last; /* no layer comes after this one: its attributes aren't asked */
	char name[NAME_MAX + 1];
	size_t n_before;  /* bytes of what is wanted before the name ... */
	const char *post; /* ... and what is after it: "" or "/..." */
};

void vfs_dir_done(struct vfs_dir *d)
{
	if (d->refs && --*d->refs == 0) {
		for (size_t i = 0; i < d->n && !d->is_root; i++)
			fd_close(d->v[i].fd);
		free(d->v);
		free(d->refs);
	}
	*d = (struct vfs_dir){0};
}

struct vfs_dir vfs_dir_share(const struct vfs_dir *d)
{
	++*d->refs;
	return *d;
}

/* An empty one, with room for every layer. */
static int init(struct vfs_dir *d, const struct vfs_mount *m, struct err *e)
{
	*d = (struct vfs_dir){
		.mount = m,
		.v = calloc(m->n_layers, sizeof(*d->v)),
		.refs = calloc(1, sizeof(*d->refs)),
	};
	if (!d->v || !d->refs) {
		free(d->v);
		free(d->refs);
		*d = (struct vfs_dir){0};
		return err_oom(e);
	}
	*d->refs = 1;
	return 0;
}

int vfs_dir_root(const struct vfs_mount *m, struct vfs_dir *ret, struct err *e)
{
	struct vfs_dir d;
	int r = init(&d, m, e);

	if (r < 0)
		return r;
	d.is_root = true;
	d.seen = m->seen;
	for (; d.n < m->n_layers; d.n++)
		d.v[d.n] = (struct vfs_dir_layer){.fd = m->layers[d.n].fd, .layer = d.n};
	*ret = d;
	return 0;
}

static int lookup_init(struct lookup *l, const struct vfs_dir *parent, size_t next,
		       const char *name)
{
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	*l = (struct lookup){.parent = parent, .next = next};
	strcpy(l->want, name);
	return 0;
}

/* Put what the entry says it is called further down into what is wanted. */
static int apply_redirect(struct lookup *l, const struct step *s, int dirfd, const char *name,
			  struct err *e)
{
	const struct vfs_mount *m = l->parent->mount;
	size_t n_before = s->n_before;
	char target[LIMIT_PATH];
	char want[LIMIT_PATH];
	int n;
	int r = vfs_overlay_redirect(m, dirfd, name, target, e);

	if (r <= 0)
		return r;
	vfs_seen_spoil(l->parent->seen);
	if (!m->follow_redirects)
		return err_set(e, -EPERM, ERR_UNSUPPORTED,
			       "'%s' has an overlay redirect, and redirect_dir=nofollow or "
			       "userxattr forbids to follow it",
			       vfs_text(s->name).s);
	if (target[0] == '/') {
		l->from_root = true;
		l->next = s->layer + 1;
		l->stop = false; /* an opaque parent is not a parent any more */
		n_before = 0;
	}
	n = snprintf(want, sizeof(want), "%.*s%s%s", (int)n_before, l->want, target, s->post);
	if ((size_t)n >= sizeof(want))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "an overlay redirect is too long");
	strcpy(l->want, want);
	return 0;
}

/* Note what the directory @fd says about the layers below. */
static int read_marks(struct lookup *l, const struct step *s, int fd, struct err *e)
{
	const struct vfs_mount *m = l->parent->mount;
	int marks = vfs_overlay_marks(m, fd, e);
	int opaque = marks > 0 && (marks & VFS_OVERLAY_OPAQUE) ? vfs_overlay_opaque(m, fd, e) : 0;

	if (marks < 0 || opaque < 0)
		return marks < 0 ? marks : opaque;
	l->stop |= opaque == 'y';
	return opaque != 'y' && (marks & VFS_OVERLAY_REDIRECT) ? apply_redirect(l, s, fd, ".", e)
							       : 0;
}

/*
 * Open the directory that a step leads to and note what it says about the layers below.
 * Returns the descriptor; -ENOENT, without an error set, if no directory is there.
 */
static int open_part(struct lookup *l, const struct step *s, struct err *e)
{
	const struct vfs_mount *m = l->parent->mount;
	int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int fd = openat(s->dirfd, s->name, how);
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
		return -ENOENT;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		l->stop = true; /* a whiteout, file or link hides what is below it */
		return -ENOENT;
	}
	if (fd < 0)
		return err_sys(e, "opening '%s'", vfs_text(s->name).s);
	r = vfs_layer_check(&m->layers[s->layer], fd, "", e);
	if (r < 0 || s->is_last)
		return r < 0 ? r : take_fd(&fd);
	r = read_marks(l, s, fd, e);
	return r < 0 ? r : take_fd(&fd);
}

/*
 * Cut the next component out of what is wanted, of which @n_left bytes are left. They are
 * counted from the end, since a redirect replaces what is before.
 * Returns false for a name that no directory can hold.
 */
static bool next_component(const struct lookup *l, size_t n_left, struct step *s)
{
	const char *p = l->want + strlen(l->want) - n_left;
	size_t n;

	p += *p == '/';
	n = strcspn(p, "/");
	if (n > NAME_MAX)
		return false;
	memcpy(s->name, p, n);
	s->name[n] = '\0';
	s->n_before = (size_t)(p - l->want);
	s->post = p + n;
	return true;
}

/*
 * Find the directory of one layer in which the last component of what is wanted has to be.
 * @held: what keeps s->dirfd open, if that isn't a layer's root
 *
 * Returns: 1; 0 if there is none.
 */
static int descend(struct lookup *l, struct step *s, int *held, struct err *e)
{
	size_t n_left = strlen(l->want);

	for (;;) {
		int fd;

		if (!next_component(l, n_left, s))
			return 0;
		if (!*s->post)
			return 1;
		n_left = strlen(s->post);
		fd = open_part(l, s, e);
		if (fd < 0)
			return fd == -ENOENT ? 0 : fd;
		fd_close(*held);
		*held = fd;
		s->dirfd = fd;
	}
}

/*
 * The next place to look for what is wanted, further down.
 * Returns: 1; 0 when there is no further layer.
 */
static int next_step(struct lookup *l, struct step *s, int *held, struct err *e)
{
	const struct vfs_mount *m = l->parent->mount;
	int r = 0;

	while (r == 0 && !l->stop && l->next < (l->from_root ? m->n_layers : l->parent->n)) {
		size_t i = l->next++;

		s->layer = l->from_root ? i : l->parent->v[i].layer;
		s->dirfd = l->from_root ? m->layers[i].fd : l->parent->v[i].fd;
		s->is_last =
			m->follow_redirects ? s->layer + 1 == m->n_layers : l->next == l->parent->n;
		r = descend(l, s, held, e);
	}
	return r;
}

/* Fill @child, which has room, with the directories of what is wanted. */
static int enter_layers(struct lookup *l, struct vfs_dir *child, struct err *e)
{
	cleanup_close int held = -EBADF;
	struct step s;
	int r;

	while ((r = next_step(l, &s, &held, e)) > 0) {
		int fd = open_part(l, &s, e);

		if (fd >= 0)
			child->v[child->n++] = (struct vfs_dir_layer){.fd = fd, .layer = s.layer};
		else if (fd != -ENOENT)
			return fd;
	}
	return r;
}

int vfs_dir_enter(const struct vfs_dir *d, const char *name, struct vfs_dir *ret, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir child = {0};
	struct lookup l;
	int r;

	if (lookup_init(&l, d, 0, name) < 0)
		return VFS_NOT_DIR;
	r = init(&child, d->mount, e);
	if (r == 0)
		r = enter_layers(&l, &child, e);
	if (r < 0)
		return r;
	if (child.n == 0) {
		vfs_seen_no_directory(d->seen, name);
		return VFS_NOT_DIR;
	}
	child.seen = vfs_seen_directory(d->seen, name, &child);
	*ret = child;
	child = (struct vfs_dir){0};
	return 0;
}

/*
 * Is the content here? Returns the descriptor; -ENOENT, without an error set, to look further
 * down, or no further if l->stop.
 */
static int open_if_content(struct lookup *l, const struct step *s, struct err *e)
{
	const struct vfs_mount *m = l->parent->mount;
	cleanup_close int fd = openat(s->dirfd, s->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "opening '%s'", vfs_text(s->name).s);
	r = vfs_layer_check(&m->layers[s->layer], fd, "", e);
	if (r == 0)
		r = vfs_overlay_is_whiteout(m, s->dirfd, s->name, &st, e);
	if (r > 0 || (r == 0 && !S_ISREG(st.st_mode))) {
		l->stop = true;
		return -ENOENT;
	}
	if (r == 0)
		r = vfs_overlay_metacopy(m, s->dirfd, s->name, e);
	if (r <= 0)
		return r < 0 ? r : take_fd(&fd);
	l->stop = false; /* wherever it lies, its content is further down */
	r = s->is_last ? 0 : apply_redirect(l, s, s->dirfd, s->name, e);
	return r < 0 ? r : -ENOENT;
}

int vfs_dir_open_content(const struct vfs_dir *d, const char *name, size_t at, size_t *ret_layer,
			 struct err *e)
{
	const struct vfs_mount *m = d->mount;
	cleanup_close int held = -EBADF;
	struct step s = {.layer = d->v[at].layer, .post = ""};
	struct lookup l;
	int r = lookup_init(&l, d, at + 1, name);

	vfs_seen_spoil(d->seen);
	if (r < 0)
		return err_set(e, r, ERR_INVALID, "a name is too long");
	if (!m->metacopy)
		return err_set(e, -EPERM, ERR_UNSUPPORTED,
			       "the overlay file '%s' has its content elsewhere, and metacopy is "
			       "off",
			       vfs_text(name).s);
	strcpy(s.name, name);
	if (s.layer + 1 < m->n_layers)
		r = apply_redirect(&l, &s, d->v[at].fd, name, e);
	while (r >= 0 && (r = next_step(&l, &s, &held, e)) > 0) {
		int fd = open_if_content(&l, &s, e);

		if (fd >= 0 && ret_layer)
			*ret_layer = s.layer;
		if (fd != -ENOENT)
			return fd;
	}
	if (r < 0)
		return r;
	return err_set(e, -EIO, ERR_UNSUPPORTED,
		       "the overlay file '%s' has its content in no layer (metacopy)",
		       vfs_text(name).s);
}

/* What shows from layer @from down; entry->at is where the search ended, d->n for nowhere. */
static int search(const struct vfs_dir *d, size_t from, const char *name, struct vfs_entry *ret,
		  struct err *e)
{
	*ret = (struct vfs_entry){.type = VFS_ABSENT, .at = d->n};
	for (size_t i = from; i < d->n; i++) {
		struct stat st;
		int r;

		if (fstatat(d->v[i].fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
			if (errno == ENOENT || errno == ENAMETOOLONG)
				continue;
			return err_sys(e, "looking at '%s'", vfs_text(name).s);
		}
		ret->at = i;
		ret->st = st;
		r = vfs_layer_check(&d->mount->layers[d->v[i].layer], d->v[i].fd, name, e);
		if (r == 0)
			r = vfs_overlay_is_whiteout(d->mount, d->v[i].fd, name, &st, e);
		ret->whiteout = r > 0;
		if (r != 0)
			return r < 0 ? r : 0;
		ret->type = vfs_type_of(st.st_mode);
		return 0;
	}
	return 0;
}

/*
 * The kernel's look-up gathers all that an entry consists of, and fails with any of it. So a
 * directory that can't be entered, or a file without content, is an error already here.
 */
static int check_parts(const struct vfs_dir *d, const char *name, bool is_entered,
		       struct vfs_entry *entry, struct vfs_dir *ret_child, struct err *e)
{
	cleanup_close int content = -EBADF;
	int r = 0;

	if (d->mount->kind != MOUNT_OVERLAY)
		return 0;
	if (entry->type == VFS_DIR && !is_entered)
		r = vfs_dir_enter(d, name, ret_child, e);
	if (entry->type == VFS_FILE)
		r = vfs_overlay_metacopy(d->mount, d->v[entry->at].fd, name, e);
	if (r <= 0 || entry->type != VFS_FILE)
		return r < 0 ? r : 0;
	entry->metacopy = true;
	content = vfs_dir_open_content(d, name, entry->at, &entry->content, e);
	return content < 0 ? content : 0;
}

int vfs_dir_find(const struct vfs_dir *d, const char *name, struct vfs_entry *ret, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir child = {0};

	return vfs_dir_find_child(d, name, /* is_entered= */ false, ret, &child, e);
}

int vfs_dir_find_child(const struct vfs_dir *d, const char *name, bool is_entered,
		       struct vfs_entry *ret, struct vfs_dir *ret_child, struct err *e)
{
	bool top_is_here = vfs_dir_top(d) >= 0;
	struct vfs_entry under;
	struct vfs_entry found;
	int r = search(d, 0, name, &found, e);

	if (r == 0)
		r = check_parts(d, name, is_entered, &found, ret_child, e);
	if (r < 0)
		return r;
	if (top_is_here && found.at == 0) {
		r = search(d, 1, name, &under, e);
		if (r < 0)
			return r;
		found.in_top = !found.whiteout;
		found.below = under.type;
	} else {
		found.whiteout = false;
		found.below = d->mount->has_top ? found.type : VFS_ABSENT;
	}
	vfs_seen_entry(d->seen, name, d, &found);
	if (found.type == VFS_ABSENT)
		found.st = (struct stat){0};
	*ret = found;
	return 0;
}

int vfs_dir_top(const struct vfs_dir *d)
{
	return d->n > 0 && d->mount->has_top && d->v[0].layer == 0 ? d->v[0].fd : -EBADF;
}
