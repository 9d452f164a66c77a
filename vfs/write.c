/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/io.h"
#include "vfs/copy_up.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/temp.h"
#include "vfs/text.h"
#include "vfs/top.h"

/* The mode for a new entry, if the caller wants none. */
static mode_t mode_unless(const struct vfs_meta *meta, mode_t mode)
{
	return meta->fields & VFS_META_MODE ? 0 : mode;
}

static int give_mode(const struct vfs_temp *t, const struct vfs_temp_kind *kind, struct err *e)
{
	return kind->mode ? vfs_meta_unmask(t->dirfd, t->fd, kind->mode, e) : 0;
}

static int make_dir(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	const struct vfs_temp_kind kind = {.type = S_IFDIR, .mode = mode_unless(meta, 0755)};
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = vfs_top_find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type != VFS_ABSENT)
		return err_set(e, -EEXIST, ERR_EXISTS, "something is there");
	r = vfs_top_need_parent(&p, e);
	if (r == 0)
		r = vfs_top_need_part(fs, path, &p, e);
	if (r == 0)
		r = vfs_temp_make(fs, p.mount, vfs_dir_top(&p.dir), &kind, &temp, e);
	if (r == 0)
		r = give_mode(&temp, &kind, e);
	if (r == 0 && p.entry.below == VFS_DIR)
		r = vfs_overlay_set_opaque(p.mount, temp.fd, 'y', e);
	if (r == 0)
		r = vfs_meta_apply(p.mount, temp.fd, meta, e);
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

/* Make the directory @path unless it is there; put what was made into @made. */
static int make_if_missing(struct vfs *fs, const char *path, const struct vfs_meta *meta,
			   struct strv *made, struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(fs, path, &st, e);

	if (r < 0 || st.type == VFS_DIR)
		return r;
	if (st.type != VFS_ABSENT)
		return err_set(e, -ENOTDIR, ERR_PRECONDITION, "'%s' is not a directory",
			       vfs_text(path).s);
	r = vfs_mkdir(fs, path, meta, e);
	return r < 0 ? r : strv_add(made, path, e);
}

/* Before anything is made. */
static int check_names(const char *path, struct err *e)
{
	char name[NAME_MAX + 1];
	int r;

	while ((r = vfs_next_name(&path, name, e)) > 0)
		;
	return r;
}

/* All of @from or nothing. */
static int add_all(struct strv *to, const struct strv *from, struct err *e)
{
	cleanup_strv struct strv both = STRV(to->max);
	struct strv was = *to;
	int r = strv_extend(&both, to, e);

	if (r == 0)
		r = strv_extend(&both, from, e);
	if (r < 0)
		return r;
	*to = both;
	both = was;
	return 0;
}

int vfs_mkdir_p(struct vfs *fs, const char *path, const struct vfs_meta *meta,
		struct strv *ret_made, struct err *e)
{
	cleanup_strv struct strv made = STRV(LIMIT_PATH / 2);
	const struct vfs_mount *m;
	const char *rest;
	char name[NAME_MAX + 1];
	char part[LIMIT_PATH];
	int r = vfs_check_canonical(path, e);

	if (r < 0)
		return r;
	m = vfs_mount_of(fs, path);
	rest = vfs_path_inside(m, path);
	r = check_names(rest, e);
	if (r < 0)
		return r;
	strcpy(part, m->destination); /* what is above it is there, or will be */
	r = make_if_missing(fs, part, meta, &made, e);
	while (r == 0 && (r = vfs_next_name(&rest, name, e)) > 0) {
		size_t n = strlen(part);

		if (n + 1 + strlen(name) >= sizeof(part))
			r = err_set(e, -ENAMETOOLONG, ERR_INVALID, "a path is too long");
		else
			snprintf(part + n, sizeof(part) - n, "%s%s", n > 1 ? "/" : "", name);
		r = r < 0 ? r : make_if_missing(fs, part, meta, &made, e);
	}
	if (r == 0 && ret_made)
		r = add_all(ret_made, &made, e);
	for (size_t i = made.n; r < 0 && i-- > 0;)
		vfs_remove(fs, made.v[i], NULL);
	return r;
}

struct content {
	struct vfs_temp_kind kind;
	const void *bytes; /* of a file */
	size_t n;
};

static int put(struct vfs *fs, const char *path, const struct content *content,
	       const struct vfs_meta *meta, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	int r = vfs_top_find_name(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type == VFS_DIR)
		return err_set(e, -EISDIR, ERR_PRECONDITION, "a directory is there");
	r = vfs_top_need_parent(&p, e);
	if (r == 0)
		r = vfs_top_need_part(fs, path, &p, e);
	if (r == 0)
		r = vfs_temp_make(fs, p.mount, vfs_dir_top(&p.dir), &content->kind, &temp, e);
	if (r == 0 && content->kind.type == S_IFREG)
		r = io_write_all(temp.fd, content->bytes, content->n, e);
	fault_point("vfs.written");
	if (r == 0)
		r = give_mode(&temp, &content->kind, e);
	if (r == 0)
		r = vfs_meta_apply(p.mount, temp.fd, meta, e);
	if (r == 0)
		r = vfs_temp_commit(&temp, p.name, e);
	return r;
}

int vfs_put_file(struct vfs *fs, const char *path, const void *bytes, size_t n,
		 const struct vfs_meta *meta, struct err *e)
{
	const struct content content = {
		.kind = {.type = S_IFREG, .mode = mode_unless(meta, 0644)},
		.bytes = bytes,
		.n = n,
	};
	int r = put(fs, path, &content, meta, e);

	return r < 0 ? err_wrap(e, r, "writing '%s'", vfs_text(path).s) : 0;
}

int vfs_put_link(struct vfs *fs, const char *path, const char *target, const struct vfs_meta *meta,
		 struct err *e)
{
	const struct content content = {.kind = {.type = S_IFLNK, .target = target}};
	int r = put(fs, path, &content, meta, e);

	return r < 0 ? err_wrap(e, r, "linking '%s'", vfs_text(path).s) : 0;
}

/* Is it another name of the file already? rename(2) would do nothing, and leave both. */
static bool is_same(const struct vfs_place *a, const struct vfs_place *b)
{
	return a->entry.type == VFS_FILE && a->entry.in_top && a->mount == b->mount &&
	       a->entry.st.st_dev == b->entry.st.st_dev && a->entry.st.st_ino == b->entry.st.st_ino;
}

static int put_hard_link(struct vfs *fs, const char *path, const char *existing, struct err *e)
{
	cleanup_vfs_place struct vfs_place from = {0};
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	cleanup_close int inode = -EBADF;
	int r = vfs_top_find(fs, existing, &from, e);

	if (r == 0)
		r = vfs_place_need(&from, VFS_FILE, existing, e);
	if (r == 0)
		r = vfs_top_find_name(fs, path, &p, e);
	if (r < 0 || is_same(&p, &from))
		return r;
	if (p.entry.type == VFS_DIR)
		return err_set(e, -EISDIR, ERR_PRECONDITION, "a directory is there");
	if (!from.entry.in_top || from.mount != p.mount)
		return err_set(e, -EXDEV, ERR_PRECONDITION, "not in the same top");
	r = vfs_top_need_parent(&p, e);
	if (r == 0)
		r = vfs_top_need_part(fs, path, &p, e);
	if (r < 0)
		return r;
	inode = vfs_place_open(&from, e);
	r = inode < 0 ? inode : vfs_temp_link(fs, p.mount, vfs_dir_top(&p.dir), inode, &temp, NULL);
	if (r < 0)
		return err_set(e, r, ERR_PRECONDITION, "it can't be linked");
	return vfs_temp_commit(&temp, p.name, e);
}

int vfs_put_hard_link(struct vfs *fs, const char *path, const char *existing, struct err *e)
{
	int r = put_hard_link(fs, path, existing, e);

	return r < 0 ? err_wrap(e, r, "linking '%s'", vfs_text(path).s) : 0;
}

static int append(struct vfs *fs, const char *path, const void *bytes, size_t n, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int entry = -EBADF;
	cleanup_close int fd = -EBADF;
	int r = vfs_top_find(fs, path, &p, e);

	if (r == 0)
		r = vfs_place_need(&p, VFS_FILE, path, e);
	if (r == 0 && p.name)
		r = vfs_copy_up_content(fs, path, e);
	if (r < 0)
		return r;
	vfs_place_done(&p);
	r = vfs_place_find(fs, path, &p, e);
	if (r < 0)
		return r;
	entry = vfs_place_open(&p, e);
	if (entry < 0)
		return entry;
	fd = vfs_place_reopen(entry, O_WRONLY | O_APPEND, e);
	return fd < 0 ? fd : io_write_all(fd, bytes, n, e);
}

int vfs_append(struct vfs *fs, const char *path, const void *bytes, size_t n, struct err *e)
{
	int r = append(fs, path, bytes, n, e);

	return r < 0 ? err_wrap(e, r, "appending to '%s'", vfs_text(path).s) : 0;
}

static int set_meta(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = vfs_top_find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (p.entry.type == VFS_SPECIAL)
		return err_set(e, -EINVAL, ERR_INVALID, "neither file, link nor directory");
	if (p.entry.type != VFS_ABSENT && !p.entry.in_top) {
		r = vfs_copy_up_entry(fs, path, e);
		if (r < 0)
			return r;
		vfs_place_done(&p);
		r = vfs_top_find(fs, path, &p, e);
		if (r < 0)
			return r;
	}
	fd = vfs_place_open(&p, e);
	return fd < 0 ? fd : vfs_meta_apply(p.mount, fd, meta, e);
}

int vfs_set_meta(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e)
{
	int r = set_meta(fs, path, meta, e);

	return r < 0 ? err_wrap(e, r, "changing '%s'", vfs_text(path).s) : 0;
}
