/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "vfs/proc_fd.h"
#include "vfs/text.h"

enum attribute { OPAQUE, WHITEOUT, REDIRECT, METACOPY, IMPURE, ORIGIN, ATTRIBUTE_MAX };

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

/* Returns 1 if the file @name in @dirfd has the attribute, 0 if not. */
static int has_attribute(const struct vfs_mount *m, int dirfd, const char *name, enum attribute a,
			 struct err *e)
{
	if (lgetxattr(proc_fd_entry(dirfd, name).s, attribute_name(m, a), NULL, 0) >= 0)
		return 1;
	return is_absence(errno) ? 0 : err_sys(e, "reading attributes of '%s'", vfs_text(name).s);
}

int vfs_dir_opaque(const struct vfs_mount *m, int dirfd, struct err *e)
{
	char value = 0;
	ssize_t n = fgetxattr(dirfd, attribute_name(m, OPAQUE), &value, sizeof(value));

	if (n < 0 && errno != ERANGE && !is_absence(errno))
		return err_sys(e, "reading overlay attributes");
	return n == 1 ? value : 0;
}

int vfs_dir_set_opaque(const struct vfs_mount *m, int fd, struct err *e)
{
	if (setxattr(proc_fd(fd).s, attribute_name(m, OPAQUE), "y", 1, 0) < 0)
		return err_sys(e, "making a directory opaque");
	return 0;
}

int vfs_dir_is_whiteout(const struct vfs_mount *m, int dirfd, const char *name,
			const struct stat *st, struct err *e)
{
	if (m->kind != MOUNT_OVERLAY)
		return 0;
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == 0;
	if (S_ISREG(st->st_mode) && st->st_size == 0)
		return has_attribute(m, dirfd, name, WHITEOUT, e);
	return 0;
}

/* Returns 1 if an entry of the directory was copied up from a lower layer, 0 if not. */
static int holds_copied_up(const struct vfs_mount *m, int dirfd, struct err *e)
{
	cleanup_closedir DIR *d = NULL;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int r = 0;

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return err_sys(e, "listing a directory");
	}
	while (r == 0 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = has_attribute(m, dirfd, entry->d_name, ORIGIN, e);
	return r;
}

int vfs_dir_settle(const struct vfs_mount *m, int dirfd, struct err *e)
{
	int r;

	if (m->kind != MOUNT_OVERLAY ||
	    getxattr(proc_fd(dirfd).s, attribute_name(m, IMPURE), NULL, 0) < 0)
		return 0;
	r = holds_copied_up(m, dirfd, e);
	if (r == 0 && removexattr(proc_fd(dirfd).s, attribute_name(m, IMPURE)) < 0 &&
	    !is_absence(errno))
		r = err_sys(e, "removing an overlay attribute");
	return r < 0 ? r : 0;
}

void vfs_dir_done(struct vfs_dir *d)
{
	for (size_t i = 0; i < d->n && !d->is_root; i++)
		fd_close(d->v[i].fd);
	free(d->v);
	*d = (struct vfs_dir){0};
}

int vfs_dir_root(const struct vfs_mount *m, struct vfs_dir *ret, struct err *e)
{
	struct vfs_dir d = {.mount = m, .is_root = true};

	d.v = calloc(m->n_layers, sizeof(*d.v));
	if (!d.v)
		return err_oom(e);
	for (; d.n < m->n_layers; d.n++)
		d.v[d.n] = (struct vfs_dir_layer){.fd = m->layers[d.n].fd, .layer = d.n};
	*ret = d;
	return 0;
}

/* Does the merge end with this layer's directory? As in the kernel not asked of the last one. */
static int ends_merge(const struct vfs_mount *m, int fd, const char *name, struct err *e)
{
	int opaque = vfs_dir_opaque(m, fd, e);

	if (opaque < 0 || opaque == 'y')
		return opaque < 0 ? opaque : 1;
	if (fgetxattr(fd, attribute_name(m, REDIRECT), NULL, 0) >= 0)
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
			       "the overlay directory '%s' is redirected (redirect_dir)",
			       vfs_text(name).s);
	return is_absence(errno) ? 0 : err_sys(e, "reading attributes of '%s'", vfs_text(name).s);
}

/* Fill @child, which has room, with the directories of @name. */
static int enter_layers(const struct vfs_dir *d, const char *name, struct vfs_dir *child,
			struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
		int fd = openat(d->v[i].fd, name, flags);
		int r = 0;

		if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
			continue;
		if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
			return 0; /* a whiteout, file or link hides what is below it */
		if (fd < 0)
			return err_sys(e, "opening '%s'", vfs_text(name).s);
		child->v[child->n++] = (struct vfs_dir_layer){.fd = fd, .layer = d->v[i].layer};
		if (i + 1 < d->n)
			r = ends_merge(d->mount, fd, name, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 0;
}

int vfs_dir_enter(const struct vfs_dir *d, const char *name, struct vfs_dir *ret, struct err *e)
{
	cleanup_vfs_dir struct vfs_dir child = {.mount = d->mount};
	int r;

	child.v = calloc(d->n, sizeof(*child.v));
	if (!child.v)
		return err_oom(e);
	r = enter_layers(d, name, &child, e);
	if (r < 0)
		return r;
	if (child.n == 0)
		return VFS_NOT_DIR;
	*ret = child;
	child = (struct vfs_dir){0};
	return 0;
}

static int refuse_metacopy(const struct vfs_dir *d, size_t i, const char *name, struct err *e)
{
	int r = has_attribute(d->mount, d->v[i].fd, name, METACOPY, e);

	if (r <= 0)
		return r;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		       "the overlay file '%s' has its content elsewhere (metacopy)",
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
		r = vfs_dir_is_whiteout(d->mount, d->v[i].fd, name, &st, e);
		ret->whiteout = r > 0;
		if (r != 0)
			return r < 0 ? r : 0;
		ret->st = st;
		ret->type = vfs_type_of(st.st_mode);
		if (ret->type == VFS_FILE && d->mount->kind == MOUNT_OVERLAY)
			return refuse_metacopy(d, i, name, e);
		return 0;
	}
	return 0;
}

int vfs_dir_find(const struct vfs_dir *d, const char *name, struct vfs_entry *ret, struct err *e)
{
	bool top_is_here = vfs_dir_top(d) >= 0;
	struct vfs_entry under;
	struct vfs_entry found;
	int r = search(d, 0, name, &found, e);

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
	*ret = found;
	return 0;
}

int vfs_dir_top(const struct vfs_dir *d)
{
	return d->n > 0 && d->mount->has_top && d->v[0].layer == 0 ? d->v[0].fd : -EBADF;
}
