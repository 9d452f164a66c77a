/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/cursor.h"

#include <string.h>

#include "vfs/place.h"

static bool is_free(const struct vfs_cursor_dir *d)
{
	return !d->inside;
}

static void forget(struct vfs_cursor *c, struct vfs_cursor_dir *d)
{
	c->n_fds -= d->dir.n;
	vfs_dir_done(&d->dir);
	free(d->inside);
	*d = (struct vfs_cursor_dir){.inside = NULL};
}

void vfs_cursor_forget(struct vfs_cursor *c)
{
	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++)
		forget(c, &c->v[i]);
}

/* Is the path @a, of @n_a bytes, at or below @b? */
static bool is_below(const char *a, size_t n_a, const char *b, size_t n_b)
{
	return n_b == 0 || (n_a >= n_b && memcmp(a, b, n_b) == 0 && (n_a == n_b || a[n_b] == '/'));
}

void vfs_cursor_forget_below(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
			     size_t n)
{
	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++)
		if (!is_free(&c->v[i]) && c->v[i].mount == m &&
		    is_below(c->v[i].inside, c->v[i].n_inside, inside, n))
			forget(c, &c->v[i]);
}

void vfs_cursor_forget_path(const struct vfs *fs, const char *path)
{
	const struct vfs_mount *m = vfs_mount_of(fs, path);
	const char *inside = vfs_path_inside(m, path);

	vfs_cursor_forget_below(fs->cursor, m, inside, strlen(inside));
}

static struct vfs_cursor_dir *find(const struct vfs_cursor *c, const struct vfs_mount *m,
				   const char *inside, size_t n)
{
	for (size_t i = 0; i < VFS_CURSOR_DIRS; i++) {
		const struct vfs_cursor_dir *at = &c->v[i];

		if (!is_free(at) && at->mount == m && at->n_inside == n &&
		    memcmp(at->inside, inside, n) == 0)
			return (struct vfs_cursor_dir *)at;
	}
	return NULL;
}

bool vfs_cursor_has(const struct vfs_cursor *c, const struct vfs_mount *m, const char *inside)
{
	const struct vfs_cursor_dir *found = c ? find(c, m, inside, strlen(inside)) : NULL;

	return found && found->dir.n > 0;
}

/* The one that wasn't used for longest, or NULL. */
static struct vfs_cursor_dir *oldest(struct vfs_cursor *c)
{
	struct vfs_cursor_dir *best = NULL;

	for (size_t i = 0; i < VFS_CURSOR_DIRS; i++)
		if (!is_free(&c->v[i]) && (!best || c->v[i].used < best->used))
			best = &c->v[i];
	return best;
}

/* A free place, and room for @n descriptors if that can be. */
static struct vfs_cursor_dir *make_room(struct vfs_cursor *c, size_t n)
{
	while (c->n_fds > 0 && c->n_fds + n > VFS_CURSOR_FDS)
		forget(c, oldest(c));
	for (size_t i = 0; i < VFS_CURSOR_DIRS; i++)
		if (is_free(&c->v[i]))
			return &c->v[i];
	forget(c, oldest(c));
	return make_room(c, n);
}

/* A place for the path, free, with room for @n_fds; NULL without memory. */
static struct vfs_cursor_dir *place_for(struct vfs_cursor *c, const struct vfs_mount *m,
					const char *inside, size_t n, size_t n_fds)
{
	struct vfs_cursor_dir *at = find(c, m, inside, n);
	char *copy = strndup(inside, n);

	if (at)
		forget(c, at);
	if (!copy)
		return NULL;
	at = make_room(c, n_fds);
	*at = (struct vfs_cursor_dir){
		.mount = m, .inside = copy, .n_inside = n, .used = ++c->clock};
	return at;
}

void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside)
{
	struct vfs_cursor_dir *at;

	if (!c || d->is_root)
		return;
	at = place_for(c, d->mount, inside, strlen(inside), d->n);
	if (!at)
		return;
	at->dir = vfs_dir_share(d);
	c->n_fds += d->n;
}

void vfs_cursor_put_none(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
			 size_t n)
{
	if (c)
		place_for(c, m, inside, n, 0);
}

int vfs_cursor_get(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		   struct vfs_dir *ret, const char **ret_rest)
{
	size_t n = strlen(inside);
	struct vfs_cursor_dir *best = NULL;

	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++) {
		struct vfs_cursor_dir *at = &c->v[i];

		if (!is_free(at) && at->mount == m &&
		    is_below(inside, n, at->inside, at->n_inside) &&
		    (!best || at->n_inside > best->n_inside))
			best = at;
	}
	if (!best)
		return 0;
	best->used = ++c->clock;
	if (best->dir.n == 0)
		return VFS_CURSOR_NONE;
	*ret = vfs_dir_share(&best->dir);
	*ret_rest = inside + best->n_inside;
	return 1;
}

/* How much of the text @path is the canonical path of the directory; 0 if it doesn't lead there. */
static size_t length_in(const struct vfs_cursor_dir *d, const char *path)
{
	size_t n_destination = strlen(d->mount->destination);
	size_t n = n_destination + d->n_inside;

	if (n >= LIMIT_PATH || strnlen(path, n + 1) <= n || path[n] != '/' ||
	    memcmp(path, d->mount->destination, n_destination) != 0 ||
	    memcmp(path + n_destination, d->inside, d->n_inside) != 0)
		return 0;
	return n;
}

bool vfs_cursor_begin(struct vfs_cursor *c, const char *path, struct vfs_dir *ret, char *ret_path,
		      const char **ret_rest)
{
	struct vfs_cursor_dir *best = NULL;
	size_t n_best = 0;

	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++) {
		size_t n = c->v[i].dir.n == 0 ? 0 : length_in(&c->v[i], path);

		if (n > n_best) {
			best = &c->v[i];
			n_best = n;
		}
	}
	if (!best)
		return false;
	best->used = ++c->clock;
	memcpy(ret_path, path, n_best);
	ret_path[n_best] = '\0';
	*ret = vfs_dir_share(&best->dir);
	*ret_rest = path + n_best;
	return true;
}
