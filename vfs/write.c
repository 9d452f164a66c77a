/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/path.h"
#include "vfs/copy_up.h"
#include "vfs/meta.h"
#include "vfs/proc_fd.h"
#include "vfs/temp.h"
#include "vfs/text.h"

/* Find a place in a mount that takes writes. */
static int find(const struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (!p.mount->has_top)
		return err_set(e, -EROFS, ERR_PRECONDITION, "the mount at '%s' takes no writes",
			       vfs_text(p.mount->destination).s);
	*ret = p;
	p = (struct vfs_place){0};
	return 0;
}

/* Find an entry that may be made, replaced or removed, so not the root of a mount. */
static int find_name(const struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (!p.name)
		return err_set(e, -EBUSY, ERR_PRECONDITION, "a mount begins there");
	*ret = p;
	p = (struct vfs_place){0};
	return 0;
}

/* Make sure that the directory of @p has a part in the top. */
static int need_top(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e)
{
	char parent[LIMIT_PATH];
	int r;

	if (vfs_dir_top(&p->dir) >= 0)
		return 0;
	path_parent(path, parent);
	r = vfs_copy_up_dir(fs, parent, e);
	if (r < 0)
		return r;
	vfs_place_done(p);
	return find_name(fs, path, p, e);
}

static int need_parent(const struct vfs_place *p, struct err *e)
{
	if (p->dir.n == 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "its directory does not exist");
	return 0;
}

static int make_dir(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type != VFS_ABSENT)
		return err_set(e, -EEXIST, ERR_EXISTS, "something is there");
	r = need_parent(&p, e);
	if (r == 0)
		r = need_top(fs, path, &p, e);
	if (r == 0)
		r = vfs_temp_make(fs, p.mount, vfs_dir_top(&p.dir), S_IFDIR, NULL, &temp, e);
	if (r == 0)
		r = vfs_meta_chmod(temp.fd, 0755, e);
	if (r == 0 && p.entry.below == VFS_DIR)
		r = vfs_dir_set_opaque(p.mount, temp.fd, e);
	if (r == 0)
		r = vfs_meta_apply(temp.fd, meta, e);
	if (r < 0)
		return r;
	/* rename() puts no directory onto a whiteout */
	return p.entry.whiteout ? vfs_temp_exchange(&temp, p.name, e)
				: vfs_temp_commit(&temp, p.name, e);
}

int vfs_mkdir(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	int r = make_dir(fs, path, meta, e);

	return r < 0 ? err_wrap(e, r, "creating directory '%s'", vfs_text(path).s) : 0;
}

struct content {
	mode_t type;       /* S_IFREG or S_IFLNK */
	const void *bytes; /* of a file */
	size_t n;
	const char *target; /* of a link */
};

static int put(struct vfs *fs, const char *path, const struct content *content,
	       const struct vfs_meta *meta, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = find_name(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type == VFS_DIR)
		return err_set(e, -EISDIR, ERR_PRECONDITION, "a directory is there");
	r = need_parent(&p, e);
	if (r == 0)
		r = need_top(fs, path, &p, e);
	if (r == 0)
		r = vfs_temp_make(fs, p.mount, vfs_dir_top(&p.dir), content->type, content->target,
				  &temp, e);
	if (r == 0 && content->type == S_IFREG)
		r = io_write_all(temp.fd, content->bytes, content->n, e);
	if (r == 0)
		r = vfs_meta_chmod(temp.fd, 0644, e);
	if (r == 0)
		r = vfs_meta_apply(temp.fd, meta, e);
	if (r == 0)
		r = vfs_temp_commit(&temp, p.name, e);
	return r;
}

int vfs_put_file(struct vfs *fs, const char *path, const void *bytes, size_t n,
		 const struct vfs_meta *meta, struct err *e)
{
	const struct content content = {.type = S_IFREG, .bytes = bytes, .n = n};
	int r = put(fs, path, &content, meta, e);

	return r < 0 ? err_wrap(e, r, "writing '%s'", vfs_text(path).s) : 0;
}

int vfs_put_link(struct vfs *fs, const char *path, const char *target, const struct vfs_meta *meta,
		 struct err *e)
{
	const struct content content = {.type = S_IFLNK, .target = target};
	int r = put(fs, path, &content, meta, e);

	return r < 0 ? err_wrap(e, r, "linking '%s'", vfs_text(path).s) : 0;
}

static int set_meta(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type == VFS_SPECIAL)
		return err_set(e, -EINVAL, ERR_INVALID, "neither file, link nor directory");
	if (p.entry.type != VFS_ABSENT && !p.entry.in_top) {
		r = vfs_copy_up_entry(fs, path, e);
		if (r < 0)
			return r;
		vfs_place_done(&p);
		r = find(fs, path, &p, e);
		if (r < 0)
			return r;
	}
	fd = vfs_place_open(&p, e);
	return fd < 0 ? fd : vfs_meta_apply(fd, meta, e);
}

int vfs_set_meta(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	int r = set_meta(fs, path, meta, e);

	return r < 0 ? err_wrap(e, r, "changing '%s'", vfs_text(path).s) : 0;
}

static int need_empty(const struct vfs *fs, const char *path, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = vfs_list(fs, path, &names, e);

	if (r < 0)
		return r;
	if (names.n > 0)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "the directory is not empty");
	return 0;
}

static int put_whiteout(struct vfs *fs, const char *path, struct vfs_place *p, struct err *e)
{
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = need_top(fs, path, p, e);

	if (r == 0)
		r = vfs_temp_make(fs, p->mount, vfs_dir_top(&p->dir), S_IFCHR, NULL, &temp, e);
	if (r < 0)
		return r;
	/* rename() puts nothing onto a directory; what lies below must not show meanwhile */
	return p->entry.in_top && p->entry.type == VFS_DIR ? vfs_temp_exchange(&temp, p->name, e)
							   : vfs_temp_commit(&temp, p->name, e);
}

static int remove_entry(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = find_name(fs, path, &p, e);

	if (r < 0 || p.entry.type == VFS_ABSENT)
		return r;
	if (p.entry.type == VFS_DIR) {
		r = need_empty(fs, path, e);
		if (r < 0)
			return r;
	}
	if (p.entry.below != VFS_ABSENT)
		return put_whiteout(fs, path, &p, e);
	return vfs_temp_remove(p.mount, vfs_dir_top(&p.dir), p.name, e);
}

int vfs_remove(struct vfs *fs, const char *path, struct err *e)
{
	int r = remove_entry(fs, path, e);

	return r < 0 ? err_wrap(e, r, "removing '%s'", vfs_text(path).s) : 0;
}

static int drop(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	int r = find_name(fs, path, &p, e);
	bool is_dir;

	if (r < 0)
		return r;
	if (!p.entry.in_top && !p.entry.whiteout)
		return 0;
	is_dir = p.entry.in_top && p.entry.type == VFS_DIR;
	if (unlinkat(vfs_dir_top(&p.dir), p.name, is_dir ? AT_REMOVEDIR : 0) == 0 ||
	    errno == ENOENT)
		return vfs_dir_settle(p.mount, vfs_dir_top(&p.dir), e);
	if (errno == ENOTEMPTY || errno == EEXIST)
		return err_set(e, -ENOTEMPTY, ERR_PRECONDITION, "the top's part is not empty");
	return err_sys(e, "removing");
}

int vfs_drop(struct vfs *fs, const char *path, struct err *e)
{
	int r = drop(fs, path, e);

	return r < 0 ? err_wrap(e, r, "dropping '%s'", vfs_text(path).s) : 0;
}

int vfs_drop_temporary(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir d = {0};
	int r = vfs_dir_walk(fs, path, &d, e);

	if (r < 0 || vfs_dir_top(&d) < 0)
		return r < 0 ? r : 0;
	r = vfs_temp_remove(d.mount, vfs_dir_top(&d), fs->temp, e);
	return r < 0 ? err_wrap(e, r, "in '%s'", vfs_text(path).s) : 0;
}

int vfs_sync(struct vfs *fs, struct err *e)
{
	for (size_t i = 0; i < fs->n_mounts; i++) {
		const struct vfs_mount *m = &fs->mounts[i];
		cleanup_close int fd = -EBADF;

		if (!m->has_top)
			continue;
		fd = m->is_dir ? openat(m->layers[0].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			       : vfs_place_reopen(m->layers[0].fd, NULL);
		if (fd == -EINVAL) /* a bind of a device or socket holds nothing of ours */
			continue;
		if (fd < 0 || syncfs(fd) < 0)
			return err_sys(e, "syncing '%s'", m->layers[0].path);
	}
	return 0;
}
