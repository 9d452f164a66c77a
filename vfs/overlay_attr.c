/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/overlay_attr.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fault.h"
#include "base/io.h"
#include "vfs/place.h"
#include "vfs/proc_fd.h"
#include "vfs/text.h"

const struct vfs_mount vfs_plain_overlay = {.kind = MOUNT_OVERLAY};

enum attribute { OPAQUE, WHITEOUT, REDIRECT, METACOPY, IMPURE, ORIGIN, ATTRIBUTE_MAX };

/* The value of the metacopy attribute is empty, or a header of four bytes and a digest. */
enum { METACOPY_HEADER = 4 };

static const char *attribute_name(const struct vfs_mount *m, enum attribute a)
{
	static const char *const names[2][ATTRIBUTE_MAX] = {
		{"trusted.overlay.opaque", "trusted.overlay.whiteout", "trusted.overlay.redirect",
		 "trusted.overlay.metacopy", "trusted.overlay.impure", "trusted.overlay.origin"},
		{"user.overlay.opaque", "user.overlay.whiteout", "user.overlay.redirect",
		 "user.overlay.metacopy", "user.overlay.impure", "user.overlay.origin"},
	};

	return names[m->userxattr][a];
}

/* "No such attribute" in all its forms; an entry that vanished meanwhile has none either. */
static bool is_absence(int error)
{
	return error == ENODATA || error == EOPNOTSUPP || error == ENOENT;
}

/* Returns the number of bytes, -ENODATA without an error set, or another error. */
static ssize_t read_attribute(const struct vfs_mount *m, int dirfd, const char *name,
			      enum attribute a, void *ret, size_t size, struct err *e)
{
	ssize_t n = lgetxattr(proc_fd_entry(dirfd, name).s, attribute_name(m, a), ret, size);

	if (n >= 0)
		return n;
	return is_absence(errno) ? -ENODATA
				 : err_sys(e, "reading attributes of '%s'", vfs_text(name).s);
}

/* @names: one after the other, each with its NUL */
static bool is_among(const char *names, size_t n, const char *name)
{
	for (const char *p = names; p < names + n; p += strlen(p) + 1)
		if (strcmp(p, name) == 0)
			return true;
	return false;
}

int vfs_overlay_marks(const struct vfs_mount *m, int dirfd, struct err *e)
{
	char names[1024];
	ssize_t n;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	n = flistxattr(dirfd, names, sizeof(names));
	if (n < 0 && errno == ERANGE) /* many: they are asked for one by one */
		return VFS_OVERLAY_OPAQUE | VFS_OVERLAY_REDIRECT;
	if (n < 0 && !is_absence(errno))
		return err_sys(e, "listing overlay attributes");
	if (n <= 0)
		return 0;
	return (is_among(names, (size_t)n, attribute_name(m, OPAQUE)) ? VFS_OVERLAY_OPAQUE : 0) |
	       (is_among(names, (size_t)n, attribute_name(m, REDIRECT)) ? VFS_OVERLAY_REDIRECT : 0);
}

int vfs_overlay_opaque(const struct vfs_mount *m, int dirfd, struct err *e)
{
	char value = 0;
	ssize_t n;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	n = fgetxattr(dirfd, attribute_name(m, OPAQUE), &value, sizeof(value));
	if (n < 0 && errno != ERANGE && !is_absence(errno))
		return err_sys(e, "reading overlay attributes");
	return n == 1 ? value : 0;
}

int vfs_overlay_set_opaque(const struct vfs_mount *m, int fd, char value, struct err *e)
{
	const char *name = attribute_name(m, OPAQUE);
	int r;

	fault_point("vfs.overlay_attr");
	r = value ? setxattr(proc_fd(fd).s, name, &value, 1, 0) : removexattr(proc_fd(fd).s, name);

	if (r < 0 && (value || !is_absence(errno)))
		return err_sys(e, "making a directory opaque");
	return 0;
}

int vfs_overlay_is_whiteout(const struct vfs_mount *m, int dirfd, const char *name,
			    const struct stat *st, struct err *e)
{
	ssize_t n;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == 0;
	if (!S_ISREG(st->st_mode) || st->st_size != 0)
		return 0;
	n = read_attribute(m, dirfd, name, WHITEOUT, NULL, 0, e);
	if (n == -ENODATA)
		return 0;
	return n < 0 ? (int)n : 1;
}

static bool is_name(const char *text, size_t n)
{
	return n > 0 && !(n == 1 && text[0] == '.') &&
	       !(n == 2 && text[0] == '.' && text[1] == '.');
}

/* One name, or names that each have one slash before them. */
static bool is_redirect(const char *text)
{
	if (text[0] != '/')
		return !strchr(text, '/') && is_name(text, strlen(text));
	while (*text == '/') {
		size_t n = strcspn(++text, "/");

		if (!is_name(text, n))
			return false;
		text += n;
	}
	return true;
}

int vfs_overlay_redirect(const struct vfs_mount *m, int dirfd, const char *name, char *ret,
			 struct err *e)
{
	char text[LIMIT_PATH] = "";
	ssize_t n;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	n = read_attribute(m, dirfd, name, REDIRECT, text, sizeof(text) - 1, e);
	if (n == -ENODATA)
		return 0;
	if (n < 0)
		return (int)n;
	if (!is_redirect(text))
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' has an invalid redirect '%s'",
			       vfs_text(name).s, vfs_text(text).s);
	strcpy(ret, text);
	return 1;
}

int vfs_overlay_metacopy(const struct vfs_mount *m, int dirfd, const char *name, struct err *e)
{
	ssize_t n;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	n = read_attribute(m, dirfd, name, METACOPY, NULL, 0, e);
	if (n == -ENODATA)
		return 0;
	if (n > 0 && n < METACOPY_HEADER)
		return err_set(e, -EIO, ERR_UNSUPPORTED, "'%s' has an unknown form of metacopy",
			       vfs_text(name).s);
	return n < 0 ? (int)n : 1;
}

int vfs_overlay_clear_metacopy(const struct vfs_mount *m, int fd, struct err *e)
{
	fault_point("vfs.overlay_attr");
	if (removexattr(proc_fd(fd).s, attribute_name(m, METACOPY)) < 0 && errno != ENODATA)
		return err_sys(e, "removing an overlay attribute");
	return 0;
}

ssize_t vfs_overlay_read_origin(const struct vfs_mount *m, int dirfd, const char *name, void *ret,
				size_t size, struct err *e)
{
	return read_attribute(m, dirfd, name, ORIGIN, ret, size, e);
}

int vfs_overlay_write_origin(const struct vfs_mount *m, int dirfd, const char *name,
			     const void *bytes, size_t n, struct err *e)
{
	const char *attribute = attribute_name(m, ORIGIN);
	struct proc_fd entry = proc_fd_entry(dirfd, name);
	int r = n > 0 ? lsetxattr(entry.s, attribute, bytes, n, 0)
		      : lremovexattr(entry.s, attribute);

	return r < 0 && !is_absence(errno)
		       ? err_sys(e, "writing attributes of '%s'", vfs_text(name).s)
		       : 0;
}

/* Returns 1 if the entry was copied up from a lower layer, 0 if not. */
static int is_copied_up(const struct vfs_mount *m, int dirfd, const char *name, struct err *e)
{
	ssize_t n = read_attribute(m, dirfd, name, ORIGIN, NULL, 0, e);

	return n == -ENODATA ? 0 : n < 0 ? (int)n : 1;
}

/* Is any entry of the directory? */
static int holds_copied_up(const struct vfs_mount *m, int dirfd, struct err *e)
{
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int r = vfs_dir_open_list(dirfd, &d, e);

	while (r == 0 && (entry = io_next_entry(d)))
		r = is_copied_up(m, dirfd, entry->d_name, e);
	return r == 0 && errno ? err_sys(e, "listing a directory") : r;
}

bool vfs_overlay_is_impure(const struct vfs_mount *m, int dirfd)
{
	return m->kind == MOUNT_OVERLAY &&
	       getxattr(proc_fd(dirfd).s, attribute_name(m, IMPURE), NULL, 0) >= 0;
}

bool vfs_overlay_has_impure(const struct vfs_mount *m, const struct vfs_xattrs *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->v[i].name, attribute_name(m, IMPURE)) == 0)
			return true;
	return false;
}

int vfs_overlay_settle(const struct vfs_mount *m, int dirfd, struct err *e)
{
	int r;

	if (!vfs_overlay_is_impure(m, dirfd))
		return 0;
	r = holds_copied_up(m, dirfd, e);
	fault_point("vfs.overlay_attr");
	if (r == 0 && removexattr(proc_fd(dirfd).s, attribute_name(m, IMPURE)) < 0 &&
	    !is_absence(errno))
		r = err_sys(e, "removing an overlay attribute");
	return r < 0 ? r : 0;
}

int vfs_overlay_welcome(const struct vfs_mount *m, int dirfd, const char *name, struct err *e)
{
	int r = is_copied_up(m, dirfd, name, e);

	fault_point("vfs.overlay_attr");
	if (r > 0 && !vfs_overlay_is_impure(m, dirfd) &&
	    setxattr(proc_fd(dirfd).s, attribute_name(m, IMPURE), "y", 1, 0) < 0)
		r = err_sys(e, "setting an overlay attribute");
	return r < 0 ? r : 0;
}
