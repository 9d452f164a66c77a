/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/path.h"
#include "vfs/cursor.h"
#include "vfs/proc_fd.h"
#include "vfs/text.h"

void vfs_place_done(struct vfs_place *p)
{
	vfs_dir_done(&p->dir);
	*p = (struct vfs_place){0};
}

int vfs_next_name(const char **path, char *name, struct err *e)
{
	const char *p = *path + strspn(*path, "/");
	size_t n = strcspn(p, "/");

	if (n > NAME_MAX)
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a name in a path is too long");
	memcpy(name, p, n);
	name[n] = '\0';
	*path = p + n;
	return n > 0;
}

const char *vfs_path_inside(const struct vfs_mount *m, const char *path)
{
	return path + strlen(m->destination);
}

int vfs_check_canonical(const char *path, struct err *e)
{
	char canonical[LIMIT_PATH];
	int r = path_canonical(path, canonical, sizeof(canonical), e);

	if (r < 0)
		return r;
	if (strcmp(path, canonical) != 0)
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not a canonical path",
			       vfs_text(path).s);
	return 0;
}

/* Walk on from @here, which is taken over, along what is left of a path; *@rest gets what isn't
 * there. */
static int walk_on(struct vfs_dir here, const char **rest, struct vfs_dir *ret, struct err *e)
{
	char name[NAME_MAX + 1];
	int r;

	while ((r = vfs_next_name(rest, name, e)) > 0) {
		struct vfs_dir child;

		r = vfs_dir_enter(&here, name, &child, e);
		if (r != 0)
			break;
		vfs_dir_done(&here);
		here = child;
	}
	if (r != 0) {
		vfs_dir_done(&here);
		return r;
	}
	*ret = here;
	return 0;
}

/* The directory @inside a mount. */
static int walk(const struct vfs *fs, const struct vfs_mount *m, const char *inside,
		struct vfs_dir *ret, struct err *e)
{
	const char *rest = inside;
	struct vfs_dir here;
	int r;

	if (!m->is_dir)
		return VFS_NOT_DIR;
	r = vfs_cursor_get(fs->cursor, m, inside, &here, &rest);
	if (r == VFS_CURSOR_NONE)
		return VFS_NOT_DIR;
	r = r > 0 ? 0 : vfs_dir_root(m, &here, e);
	if (r == 0)
		r = walk_on(here, &rest, ret, e);
	if (r == 0)
		vfs_cursor_put(fs->cursor, ret, inside);
	else if (r == VFS_NOT_DIR)
		vfs_cursor_put_none(fs->cursor, m, inside, (size_t)(rest - inside));
	return r;
}

int vfs_dir_walk(const struct vfs *fs, const char *path, struct vfs_dir *ret, struct err *e)
{
	const struct vfs_mount *m;
	int r = vfs_check_canonical(path, e);

	if (r < 0)
		return r;
	m = vfs_mount_of(fs, path);
	return walk(fs, m, vfs_path_inside(m, path), ret, e);
}

int vfs_dir_open_list(int dirfd, DIR **ret, struct err *e)
{
	int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	cleanup_close int fd = openat(dirfd, ".", how | O_NOATIME);
	DIR *d;

	if (fd < 0 && errno == EPERM) /* not ours, and we are not quite root */
		fd = openat(dirfd, ".", how);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_sys(e, "opening a directory");
	take_fd(&fd); /* d owns it */
	*ret = d;
	return 0;
}

/* The root of a mount is itself; only an overlay has something below it. */
static int find_root(struct vfs_place *p, struct err *e)
{
	const struct vfs_mount *m = p->mount;

	if (fstat(m->layers[0].fd, &p->entry.st) < 0)
		return err_sys(e, "looking at '%s'", m->layers[0].path);
	p->entry.type = vfs_type_of(p->entry.st.st_mode);
	p->entry.in_top = m->has_top;
	p->entry.below = m->has_top && m->n_layers > 1 ? VFS_DIR : VFS_ABSENT;
	return 0;
}

static int find_name(const struct vfs *fs, struct vfs_place *p, const char *path, struct err *e)
{
	const char *inside = vfs_path_inside(p->mount, path);
	cleanup_vfs_dir struct vfs_dir child = {0};
	char parent[LIMIT_PATH];
	int r;

	p->name = path_name(path);
	if (strlen(p->name) > NAME_MAX)
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a name in a path is too long");
	path_parent(path, parent);
	r = walk(fs, p->mount, vfs_path_inside(p->mount, parent), &p->dir, e);
	if (r != 0)
		return r < 0 ? r : 0; /* no directory: nothing is there */
	r = vfs_dir_find_child(&p->dir, p->name, vfs_cursor_has(fs->cursor, p->mount, inside),
			       &p->entry, &child, e);
	if (r == 0 && child.n > 0)
		vfs_cursor_put(fs->cursor, &child, inside);
	return r;
}

int vfs_place_find(const struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {.entry = {.type = VFS_ABSENT}};
	int r = vfs_check_canonical(path, e);

	if (r < 0)
		return r;
	p.mount = vfs_mount_of(fs, path);
	if (p.mount->kind == MOUNT_SPECIAL)
		p.entry.type = VFS_UNREACHABLE;
	else if (strcmp(path, p.mount->destination) == 0)
		r = find_root(&p, e);
	else
		r = find_name(fs, &p, path, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct vfs_place){0};
	return 0;
}

int vfs_place_open(const struct vfs_place *p, struct err *e)
{
	int fd;

	if (p->entry.type == VFS_ABSENT || p->entry.type == VFS_UNREACHABLE)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "nothing is there");
	if (p->name)
		fd = openat(p->dir.v[p->entry.at].fd, p->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = fcntl(p->mount->layers[0].fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? err_sys(e, "opening") : fd;
}

int vfs_place_open_content(const struct vfs_place *p, struct err *e)
{
	if (p->entry.metacopy)
		return vfs_dir_open_content(&p->dir, p->name, p->entry.at, NULL, e);
	return vfs_place_open(p, e);
}

int vfs_place_reopen(int fd, int access, struct err *e)
{
	int how = access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;
	int opened;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a file");
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, ERR_INVALID, "not a regular file");
	opened = open(proc_fd(fd).s, how | O_NOATIME);
	if (opened < 0 && errno == EPERM) /* not ours, and we are not quite root */
		opened = open(proc_fd(fd).s, how);
	return opened < 0 ? err_sys(e, "opening a file") : opened;
}

int vfs_place_is_submount(const struct vfs_place *p, struct err *e)
{
	struct statx st;

	if (!p->mount->has_submounts || !p->name || p->entry.type == VFS_ABSENT)
		return 0;
	if (statx(p->dir.v[p->entry.at].fd, p->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0,
		  &st) < 0)
		return err_sys(e, "looking at '%s'", vfs_text(p->name).s);
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int vfs_place_is_readonly(const struct vfs_place *p, struct err *e)
{
	cleanup_close int entry = -EBADF;
	struct statvfs fs;
	int fd;

	if (!p->mount->has_submounts || (p->name && p->dir.n == 0))
		return 0;
	fd = p->name ? p->dir.v[0].fd : p->mount->layers[0].fd;
	if (p->name && p->entry.type != VFS_ABSENT) {
		entry = vfs_place_open(p, e);
		fd = entry;
	}
	if (fd < 0)
		return fd;
	if (fstatvfs(fd, &fs) < 0)
		return err_sys(e, "looking at a file system");
	return (fs.f_flag & ST_RDONLY) != 0;
}

static void describe_layer(const struct vfs_mount *m, size_t i, char *ret, size_t size)
{
	if (m->kind == MOUNT_BIND)
		snprintf(ret, size, "bind '%s'", m->layers[i].path);
	else if (m->has_upper && i == 0)
		snprintf(ret, size, "overlay upper '%s'", m->layers[i].path);
	else
		snprintf(ret, size, "overlay lower %zu '%s'", i + !m->has_upper, m->layers[i].path);
}

void vfs_place_describe(const struct vfs_place *p, char *ret, size_t size)
{
	const struct vfs_mount *m = p->mount;
	bool shows = p->name && p->entry.type != VFS_ABSENT;

	if (m->kind == MOUNT_SPECIAL)
		snprintf(ret, size, "%s on '%s'", m->type, m->destination);
	else
		describe_layer(m, shows ? p->dir.v[p->entry.at].layer : 0, ret, size);
}

void vfs_place_describe_content(const struct vfs_place *p, char *ret, size_t size)
{
	describe_layer(p->mount, p->entry.content, ret, size);
}

int vfs_place_need(const struct vfs_place *p, enum vfs_type want, const char *path, struct err *e)
{
	static const char *const texts[] = {
		[VFS_FILE] = "regular file",
		[VFS_DIR] = "directory",
		[VFS_LINK] = "symbolic link",
	};

	if (p->entry.type == want)
		return 0;
	if (p->entry.type == VFS_ABSENT)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "'%s' does not exist", vfs_text(path).s);
	return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not a %s", vfs_text(path).s, texts[want]);
}
