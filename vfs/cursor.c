/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/cursor.h"

#include <string.h>

void vfs_cursor_forget(struct vfs_cursor *c)
{
	if (c)
		vfs_dir_done(&c->dir);
}

void vfs_cursor_put(struct vfs_cursor *c, const struct vfs_dir *d, const char *inside)
{
	struct vfs_dir shared;

	if (!c || d->is_root || strlen(inside) >= sizeof(c->inside))
		return;
	shared = vfs_dir_share(d);
	vfs_dir_done(&c->dir);
	c->dir = shared;
	strcpy(c->inside, inside);
}

bool vfs_cursor_get(const struct vfs_cursor *c, const struct vfs_mount *m, const char *inside,
		    struct vfs_dir *ret, const char **ret_rest)
{
	size_t n = c ? strlen(c->inside) : 0;

	if (!c || c->dir.n == 0 || c->dir.mount != m || strncmp(inside, c->inside, n) != 0 ||
	    (inside[n] && inside[n] != '/'))
		return false;
	*ret = vfs_dir_share(&c->dir);
	*ret_rest = inside + n;
	return true;
}

bool vfs_cursor_begin(const struct vfs_cursor *c, const char *path, struct vfs_dir *ret,
		      char *ret_path, const char **ret_rest)
{
	size_t n_destination;
	size_t n;

	if (!c || c->dir.n == 0)
		return false;
	n_destination = strlen(c->dir.mount->destination);
	n = n_destination + strlen(c->inside);
	if (n >= LIMIT_PATH || strnlen(path, n + 1) <= n || path[n] != '/' ||
	    memcmp(path, c->dir.mount->destination, n_destination) != 0 ||
	    memcmp(path + n_destination, c->inside, n - n_destination) != 0)
		return false;
	memcpy(ret_path, path, n);
	ret_path[n] = '\0';
	*ret = vfs_dir_share(&c->dir);
	*ret_rest = path + n;
	return true;
}
