/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "vfs/cursor.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/text.h"

/* The attribute: a header, then the bytes of the handle. */
enum {
	AT_VERSION = 0,
	AT_MAGIC = 1,
	AT_LENGTH = 2, /* of all */
	AT_TYPE = 4,
	AT_HANDLE = 21, /* flags, and the file system's UUID, are before it */
	VERSION = 0,
	MAGIC = 0xfb,
	MAX_LENGTH = 255,
};

int vfs_handle_of(int dirfd, const char *path, struct vfs_handle *ret, struct err *e)
{
	struct {
		struct file_handle head;
		unsigned char bytes[sizeof(ret->bytes)];
	} handle = {.head = {.handle_bytes = sizeof(ret->bytes)}};
	int mount_id;

	if (name_to_handle_at(dirfd, path, &handle.head, &mount_id, *path ? 0 : AT_EMPTY_PATH) < 0)
		return err_sys(e, "asking for the handle of '%s'", vfs_text(path).s);
	*ret = (struct vfs_handle){.type = (unsigned)handle.head.handle_type,
				   .n = handle.head.handle_bytes};
	memcpy(ret->bytes, handle.head.f_handle, ret->n);
	return 0;
}

bool vfs_same_handle(const struct vfs_handle *a, const struct vfs_handle *b)
{
	return a->n > 0 && a->n == b->n && a->type == b->type &&
	       memcmp(a->bytes, b->bytes, a->n) == 0;
}

/* What isn't of this form, or too long, is none that we could compare. */
static void parse(const unsigned char *value, ssize_t n, struct vfs_handle *ret)
{
	*ret = (struct vfs_handle){.n = 0};
	if (n <= AT_HANDLE || value[AT_VERSION] != VERSION || value[AT_MAGIC] != MAGIC ||
	    value[AT_LENGTH] != n || (size_t)n - AT_HANDLE > sizeof(ret->bytes))
		return;
	ret->type = value[AT_TYPE];
	ret->n = (size_t)n - AT_HANDLE;
	memcpy(ret->bytes, value + AT_HANDLE, ret->n);
}

int vfs_origin_read(const struct vfs_mount *m, int dirfd, const char *name, struct vfs_handle *ret,
		    struct err *e)
{
	unsigned char value[MAX_LENGTH];
	ssize_t n = vfs_overlay_read_origin(m, dirfd, name, value, sizeof(value), e);

	*ret = (struct vfs_handle){.n = 0};
	if (n < 0)
		return n == -ENODATA ? 0 : (int)n;
	parse(value, n, ret);
	return 0;
}

int vfs_origin_of_fd(int fd, struct vfs_handle *ret)
{
	return vfs_origin_read(&vfs_plain_overlay, fd, ".", ret, NULL);
}

/* The handle of what the lower layers have at the place, if it is of that type; else none. */
static int handle_below(const struct vfs_place *p, enum vfs_type type, struct vfs_handle *ret,
			struct err *e)
{
	*ret = (struct vfs_handle){.n = 0};
	for (size_t i = 0; p->entry.below == type && i < p->dir.n; i++) {
		struct stat st;

		if (p->dir.v[i].layer == 0 ||
		    fstatat(p->dir.v[i].fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (type != VFS_DIR && st.st_nlink > 1) /* the kernel marks no copy of such */
			return 0;
		return vfs_handle_of(p->dir.v[i].fd, p->name, ret, e);
	}
	return 0;
}

/* What the top has at @path, and its mark: none of what isn't in the top of an overlay. */
static int find_marked(const struct vfs *fs, const char *path, struct vfs_place *p,
		       struct vfs_handle *ret, struct err *e)
{
	int r = vfs_place_find(fs, path, p, e);

	*ret = (struct vfs_handle){.n = 0};
	if (r < 0 || p->mount->kind != MOUNT_OVERLAY || !p->entry.in_top || !p->name)
		return r;
	return vfs_origin_read(p->mount, vfs_dir_top(&p->dir), p->name, ret, e);
}

int vfs_origin_of(const struct vfs *fs, const char *path, struct vfs_handle *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};

	return find_marked(fs, path, &p, ret, e);
}

int vfs_is_copy_of_below(const struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	struct vfs_handle origin;
	struct vfs_handle below;
	int r = find_marked(fs, path, &p, &origin, e);

	if (r < 0 || origin.n == 0)
		return r;
	r = handle_below(&p, p.entry.type, &below, e);
	return r < 0 ? r : vfs_same_handle(&origin, &below);
}

/* Writes @to over the handle that the mark has; the rest of it is about the file system. */
static int rewrite(const struct vfs_place *p, const struct vfs_handle *to, struct err *e)
{
	int top = vfs_dir_top(&p->dir);
	unsigned char value[MAX_LENGTH];
	ssize_t n = vfs_overlay_read_origin(p->mount, top, p->name, value, sizeof(value), e);

	if (n < 0)
		return n == -ENODATA ? 0 : (int)n;
	if (to->n == 0 || n < AT_HANDLE || AT_HANDLE + to->n > MAX_LENGTH)
		return vfs_overlay_write_origin(p->mount, top, p->name, NULL, 0, e);
	value[AT_LENGTH] = (unsigned char)(AT_HANDLE + to->n);
	value[AT_TYPE] = (unsigned char)to->type;
	memcpy(value + AT_HANDLE, to->bytes, to->n);
	return vfs_overlay_write_origin(p->mount, top, p->name, value, AT_HANDLE + to->n, e);
}

/* What is below @of, if it is of the type of what is marked. */
static int find_below(const struct vfs *fs, const char *of, enum vfs_type type,
		      struct vfs_handle *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_place_find(fs, of, &p, e);

	*ret = (struct vfs_handle){.n = 0};
	if (r < 0 || p.mount->kind != MOUNT_OVERLAY || !p.name)
		return r;
	return handle_below(&p, type, ret, e);
}

static int settle(struct vfs *fs, const char *path, const char *of, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	struct vfs_handle now;
	struct vfs_handle below;
	int r = find_marked(fs, path, &p, &now, e);

	if (r < 0 || now.n == 0)
		return r;
	r = find_below(fs, of, p.entry.type, &below, e);
	if (r < 0 || vfs_same_handle(&now, &below))
		return r;
	fault_point("vfs.origin");
	vfs_cursor_forget_path(fs, path);
	return rewrite(&p, &below, e);
}

int vfs_settle_origin(struct vfs *fs, const char *path, const char *of, struct err *e)
{
	int r = settle(fs, path, of, e);

	return r < 0 ? err_wrap(e, r, "in '%s'", vfs_text(path).s) : 0;
}
