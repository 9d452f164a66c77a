/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "vfs/content.h"
#include "vfs/cursor.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/temp.h"
#include "vfs/text.h"

static int copy_meta(const struct vfs_mount *m, int from, int to, const struct stat *st,
		     struct err *e)
{
	vfs_xattr_filter *filter = vfs_xattrs_copied(m);
	cleanup_vfs_xattrs struct vfs_xattrs xattrs = {0};
	int r = vfs_meta_read_xattrs(from, filter, &xattrs, e);

	if (r == 0)
		r = vfs_meta_own(to, st->st_uid, st->st_gid, e);
	if (r == 0)
		r = vfs_meta_chmod(to, st->st_mode, e);
	if (r == 0)
		r = vfs_meta_write_xattrs(to, filter, &xattrs, /* lenient= */ true, e);
	if (r == 0)
		r = vfs_meta_touch(to, (struct timespec[]){st->st_atim, st->st_mtim}, e);
	return r;
}

/* What is copied: the entry, and the file that has its content. */
struct source {
	int fd;      /* O_PATH */
	int content; /* O_PATH; of a metacopy another file */
};

/* Text of the link behind an O_PATH descriptor; "" for anything else. */
static int link_target(int fd, const struct stat *st, char *ret, size_t size, struct err *e)
{
	ssize_t n = S_ISLNK(st->st_mode) ? readlinkat(fd, "", ret, size - 1) : 0;

	if (n < 0)
		return err_sys(e, "reading a link");
	ret[n] = '\0';
	return 0;
}

static int check_links(const struct vfs_mount *m, const struct stat *st, struct err *e)
{
	if (!m->index || S_ISDIR(st->st_mode) || st->st_nlink == 1)
		return 0;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		       "copying up a hard link with index=on is not supported");
}

/* What can be refused is, before the directories above are copied up for it. */
static int check_place(const struct vfs_place *p, struct err *e)
{
	const struct stat *st = &p->entry.st;
	int r = p->entry.type == VFS_ABSENT ? 0 : check_links(p->mount, st, e);

	if (r == 0 && p->entry.type == VFS_FILE)
		r = vfs_content_check_size(st->st_size, e);
	return r;
}

static int copy_entry(const struct vfs *fs, const struct vfs_mount *m, const struct source *from,
		      int to_dir, const char *name, struct err *e)
{
	cleanup_vfs_temp struct vfs_temp temp = VFS_TEMP_NONE;
	char target[LIMIT_PATH];
	struct vfs_temp_kind kind = {.target = target};
	struct stat st;
	int r;

	if (fstat(from->fd, &st) < 0)
		return err_sys(e, "looking at it");
	kind.type = st.st_mode & S_IFMT;
	kind.rdev = st.st_rdev;
	r = check_links(m, &st, e);
	if (r == 0)
		r = link_target(from->fd, &st, target, sizeof(target), e);
	if (r == 0)
		r = vfs_temp_make(fs, m, to_dir, &kind, &temp, e);
	if (r == 0 && S_ISREG(st.st_mode))
		r = vfs_content_copy(from->content, temp.fd, e);
	if (r == 0)
		r = copy_meta(m, from->fd, temp.fd, &st, e);
	return r < 0 ? r : vfs_temp_commit(&temp, name, e);
}

/* Copy @from to @name in the top's directory @to_dir, whose times stay. */
static int copy_up(const struct vfs *fs, const struct vfs_mount *m, const struct source *from,
		   int to_dir, const char *name, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(to_dir, &st) < 0)
		return err_sys(e, "looking at a directory");
	r = copy_entry(fs, m, from, to_dir, name, e);
	if (r < 0) {
		vfs_meta_touch(to_dir, (struct timespec[]){st.st_atim, st.st_mtim}, NULL);
		return err_wrap(e, r, "copying up '%s'", vfs_text(name).s);
	}
	return vfs_meta_touch(to_dir, (struct timespec[]){st.st_atim, st.st_mtim}, e);
}

/* Enter @name in @here, which has a part in the top, so that the result has one too. */
static int enter(const struct vfs *fs, const struct vfs_dir *here, const char *name, bool *ret_made,
		 struct vfs_dir *ret, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir lower = {0};
	int r = vfs_dir_enter(here, name, &lower, e);

	if (r < 0)
		return r;
	if (r == VFS_NOT_DIR)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "the directory '%s' does not exist",
			       vfs_text(name).s);
	if (vfs_dir_top(&lower) < 0) {
		const struct source from = {lower.v[0].fd, lower.v[0].fd};

		r = copy_up(fs, here->mount, &from, vfs_dir_top(here), name, e);
		*ret_made = true;
		vfs_dir_done(&lower);
		if (r == 0)
			r = vfs_dir_enter(here, name, &lower, e);
		if (r == VFS_NOT_DIR || (r == 0 && vfs_dir_top(&lower) < 0))
			return err_set(e, -EAGAIN, ERR_PRECONDITION,
				       "somebody moved the directory '%s' away", vfs_text(name).s);
		if (r < 0)
			return r;
	}
	*ret = lower;
	lower = (struct vfs_dir){0};
	return 0;
}

int vfs_copy_up_dir(struct vfs *fs, const char *path, struct err *e)
{
	const struct vfs_mount *m = vfs_mount_of(fs, path);
	const char *inside = vfs_path_inside(m, path);
	const char *rest = inside;
	cleanup_vfs_dir struct vfs_dir here = {0};
	char name[NAME_MAX + 1];
	int r = vfs_dir_root(m, &here, e);

	if (r < 0)
		return r;
	while ((r = vfs_next_name(&rest, name, e)) > 0) {
		struct vfs_dir child;
		bool made = false;

		r = enter(fs, &here, name, &made, &child, e);
		if (made)
			vfs_cursor_forget_below(fs->cursor, m, inside, (size_t)(rest - inside));
		if (r < 0)
			return r;
		vfs_dir_done(&here);
		here = child;
	}
	if (r == 0)
		vfs_cursor_put(fs->cursor, &here, inside);
	return r;
}

/* Copy up what is at @p, whose directory has a part in the top. */
static int copy_up_place(struct vfs *fs, const struct vfs_place *p, struct err *e)
{
	cleanup_close int fd = vfs_place_open(p, e);
	cleanup_close int content = -EBADF;

	if (fd < 0)
		return fd;
	content = vfs_place_open_content(p, e);
	if (content < 0)
		return content;
	return copy_up(fs, p->mount, &(struct source){fd, content}, vfs_dir_top(&p->dir), p->name,
		       e);
}

int vfs_copy_up_entry(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	char parent[LIMIT_PATH];
	int r;

	r = vfs_place_find(fs, path, &p, e);
	if (r < 0 || p.entry.in_top)
		return r;
	r = check_place(&p, e);
	vfs_place_done(&p);
	path_parent(path, parent);
	if (r == 0)
		r = vfs_copy_up_dir(fs, parent, e);
	if (r == 0)
		r = vfs_place_find(fs, path, &p, e);
	if (r < 0 || p.entry.in_top)
		return r;
	vfs_cursor_forget_path(fs, path);
	return copy_up_place(fs, &p, e);
}

/*
 * As in the kernel in place, so that the file stays the same, and the attribute goes last, so
 * that a crash in between changes nothing. Writing takes capabilities away: all is put back.
 */
static int fill(const struct vfs_mount *m, int fd, int content, struct err *e)
{
	vfs_xattr_filter *visible = vfs_xattrs_visible(m);
	cleanup_vfs_xattrs struct vfs_xattrs xattrs = {0};
	cleanup_close int to = vfs_place_reopen(fd, O_WRONLY, e);
	struct stat st;
	int r;

	if (to < 0)
		return to;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a file");
	r = vfs_meta_read_xattrs(fd, visible, &xattrs, e);
	if (r == 0)
		r = vfs_content_copy(content, to, e);
	if (r == 0)
		r = vfs_meta_chmod(fd, st.st_mode, e);
	if (r == 0)
		r = vfs_meta_write_xattrs(fd, visible, &xattrs, /* lenient= */ false, e);
	if (r == 0)
		r = vfs_meta_touch(fd, (struct timespec[]){st.st_atim, st.st_mtim}, e);
	return r < 0 ? r : vfs_overlay_clear_metacopy(m, fd, e);
}

int vfs_copy_up_content(struct vfs *fs, const char *path, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int content = -EBADF;
	cleanup_close int fd = -EBADF;
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	if (!p.entry.in_top)
		return vfs_copy_up_entry(fs, path, e);
	if (!p.entry.metacopy)
		return 0;
	fd = vfs_place_open(&p, e);
	if (fd < 0)
		return fd;
	content = vfs_place_open_content(&p, e);
	if (content < 0)
		return content;
	r = fill(p.mount, fd, content, e);
	return r < 0 ? err_wrap(e, r, "copying up '%s'", vfs_text(path).s) : 0;
}
