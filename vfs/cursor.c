/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/cursor.h"

#include <string.h>

void vfs_cursor_forget(struct vfs_cursor *c)
{
	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++)
		vfs_dir_done(&c->v[i].dir);
}

static bool is_free(const struct vfs_cursor_dir *d)
{
	return d->dir.n == 0;
}

/* The place for a directory: its own, a free one, or that of the one not used for longest. */
static struct vfs_cursor_dir *place_for(struct vfs_cursor *c, const struct vfs_dir *d,
					const char *inside)
{
	struct vfs_cursor_dir *best = &c->v[0];

	for (size_t i = 0; i < VFS_CURSOR_DIRS; i++) {
		struct vfs_cursor_dir *at = &c->v[i];

		if (!is_free(at) && at->dir.mount == d->mount && strcmp(at->inside, inside) == 0)
			return at;
		if (!is_free(best) && (is_free(at) || at->used < best->used))
			best = at;
	}
	return best;
}

void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside)
{
	struct vfs_cursor_dir *at;
	struct vfs_dir shared;

	if (!c || d->is_root || strlen(inside) >= sizeof(at->inside))
		return;
	at = place_for(c, d, inside);
	shared = vfs_dir_share(d);
	vfs_dir_done(&at->dir);
	at->dir = shared;
	at->used = ++c->clock;
	strcpy(at->inside, inside);
}

/* The nearest one at or above @inside in @m; NULL if there is none. */
static struct vfs_cursor_dir *nearest(struct vfs_cursor *c, const struct vfs_mount *m,
				      const char *inside, size_t *ret_n)
{
	struct vfs_cursor_dir *best = NULL;

	for (size_t i = 0; i < VFS_CURSOR_DIRS; i++) {
		struct vfs_cursor_dir *at = &c->v[i];
		size_t n = strlen(at->inside);

		if (is_free(at) || at->dir.mount != m || strncmp(inside, at->inside, n) != 0 ||
		    (inside[n] && inside[n] != '/') || (best && n <= *ret_n))
			continue;
		best = at;
		*ret_n = n;
	}
	if (best)
		best->used = ++c->clock;
	return best;
}

bool vfs_cursor_get(struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		    struct vfs_dir *ret, const char **ret_rest)
{
	size_t n = 0;
	const struct vfs_cursor_dir *found = c ? nearest(c, m, inside, &n) : NULL;

	if (!found)
		return false;
	*ret = vfs_dir_share(&found->dir);
	*ret_rest = inside + n;
	return true;
}

/* How much of the text @path is the canonical path of the directory; 0 if it doesn't lead there. */
static size_t length_in(const struct vfs_cursor_dir *d, const char *path)
{
	size_t n_destination = strlen(d->dir.mount->destination);
	size_t n = n_destination + strlen(d->inside);

	if (n >= LIMIT_PATH || strnlen(path, n + 1) <= n || path[n] != '/' ||
	    memcmp(path, d->dir.mount->destination, n_destination) != 0 ||
	    memcmp(path + n_destination, d->inside, n - n_destination) != 0)
		return 0;
	return n;
}

bool vfs_cursor_begin(struct vfs_cursor *c, const char *path, struct vfs_dir *ret, char *ret_path,
		      const char **ret_rest)
{
	struct vfs_cursor_dir *best = NULL;
	size_t n_best = 0;

	for (size_t i = 0; c && i < VFS_CURSOR_DIRS; i++) {
		size_t n = is_free(&c->v[i]) ? 0 : length_in(&c->v[i], path);

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
