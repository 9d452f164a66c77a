/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fault.h"
#include "base/limits.h"
#include "vfs/place.h"
#include "vfs/proc_fd.h"
#include "vfs/text.h"

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vfs_xattr_is_any(const char *name)
{
	(void)name;
	return true;
}

static bool is_not_trusted_overlay(const char *name)
{
	return !begins(name, "trusted.overlay.");
}

static bool is_not_user_overlay(const char *name)
{
	return !begins(name, "user.overlay.");
}

/* An overlay below an overlay has its attributes escaped ("overlay.overlay."): they are data. */
static bool is_copied(const char *name)
{
	return is_not_trusted_overlay(name) || begins(name, "trusted.overlay.overlay.");
}

static bool is_copied_userxattr(const char *name)
{
	return is_not_user_overlay(name) || begins(name, "user.overlay.overlay.");
}

vfs_xattr_filter *vfs_xattrs_visible(const struct vfs_mount *m)
{
	if (m->kind != MOUNT_OVERLAY)
		return vfs_xattr_is_any;
	return m->userxattr ? is_not_user_overlay : is_not_trusted_overlay;
}

vfs_xattr_filter *vfs_xattrs_copied(const struct vfs_mount *m)
{
	return m->userxattr ? is_copied_userxattr : is_copied;
}

static void xattr_done(struct vfs_xattr *x)
{
	free(x->name);
	free(x->value);
}

void vfs_xattrs_done(struct vfs_xattrs *x)
{
	for (size_t i = 0; i < x->n; i++)
		xattr_done(&x->v[i]);
	free(x->v);
	*x = (struct vfs_xattrs){0};
}

static int copy_xattr(const struct vfs_xattr *x, struct vfs_xattr *ret, struct err *e)
{
	*ret = (struct vfs_xattr){.name = strdup(x->name), .value = malloc(x->size + 1)};
	if (!ret->name || !ret->value) {
		xattr_done(ret);
		return err_oom(e);
	}
	memcpy(ret->value, x->value, x->size);
	ret->size = x->size;
	return 0;
}

int vfs_xattrs_copy(const struct vfs_xattrs *x, struct vfs_xattrs *ret, struct err *e)
{
	cleanup_vfs_xattrs struct vfs_xattrs copy = {.v = calloc(x->n + 1, sizeof(*x->v))};

	if (!copy.v)
		return err_oom(e);
	for (; copy.n < x->n; copy.n++) {
		int r = copy_xattr(&x->v[copy.n], &copy.v[copy.n], e);

		if (r < 0)
			return r;
	}
	*ret = copy;
	copy = (struct vfs_xattrs){0};
	return 0;
}

static int read_value(const char *path, const char *name, struct vfs_xattr *ret, struct err *e)
{
	cleanup_free char *scratch = malloc(LIMIT_XATTR_BYTES);
	cleanup(xattr_done) struct vfs_xattr x = {0};
	ssize_t n;

	if (!scratch)
		return err_oom(e);
	n = getxattr(path, name, scratch, LIMIT_XATTR_BYTES);
	if (n < 0)
		return err_sys(e, "reading attribute '%s'", vfs_text(name).s);
	x.name = strdup(name);
	x.value = malloc((size_t)n + 1);
	if (!x.name || !x.value)
		return err_oom(e);
	memcpy(x.value, scratch, (size_t)n);
	x.size = (size_t)n;
	*ret = x;
	x = (struct vfs_xattr){0};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct vfs_xattr *)a)->name, ((const struct vfs_xattr *)b)->name);
}

/* @names: NUL-terminated names, one after the other. */
static int read_values(const char *path, const char *names, size_t n_bytes,
		       vfs_xattr_filter *filter, struct vfs_xattrs *to, struct err *e)
{
	size_t total = n_bytes;

	for (const char *name = names; name < names + n_bytes; name += strlen(name) + 1) {
		int r;

		if (!filter(name))
			continue;
		if (to->n >= LIMIT_XATTRS)
			return err_set(e, -E2BIG, ERR_LIMIT, "more than %d extended attributes",
				       LIMIT_XATTRS);
		r = read_value(path, name, &to->v[to->n], e);
		if (r < 0)
			return r;
		total += to->v[to->n++].size;
		if (total > LIMIT_XATTR_BYTES)
			return err_set(e, -E2BIG, ERR_LIMIT, "extended attributes exceed %d bytes",
				       LIMIT_XATTR_BYTES);
	}
	return 0;
}

int vfs_meta_read_xattrs(int fd, vfs_xattr_filter *filter, struct vfs_xattrs *ret, struct err *e)
{
	cleanup_vfs_xattrs struct vfs_xattrs x = {0};
	cleanup_free char *names = malloc(LIMIT_XATTR_BYTES);
	ssize_t n;
	int r;

	if (!names)
		return err_oom(e);
	n = listxattr(proc_fd(fd).s, names, LIMIT_XATTR_BYTES);
	if (n < 0 && errno != EOPNOTSUPP)
		return err_sys(e, "listing extended attributes");
	if (n > 0) {
		x.v = calloc(LIMIT_XATTRS, sizeof(*x.v));
		if (!x.v)
			return err_oom(e);
		r = read_values(proc_fd(fd).s, names, (size_t)n, filter, &x, e);
		if (r < 0)
			return r;
		qsort(x.v, x.n, sizeof(*x.v), by_name);
	}
	*ret = x;
	x = (struct vfs_xattrs){0};
	return 0;
}

static const struct vfs_xattr *find(const struct vfs_xattrs *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->v[i].name, name) == 0)
			return &x->v[i];
	return NULL;
}

/* Those that decide who may do what can't be left behind by a copy-up, as in the kernel. */
static bool may_be_lost(const char *name)
{
	return !begins(name, "security.") && !begins(name, "system.posix_acl_");
}

/* A label is given to every new file, and can only be replaced. */
static bool is_given(const char *name)
{
	return strcmp(name, "security.selinux") == 0;
}

int vfs_meta_write_xattrs(int fd, vfs_xattr_filter *filter, const struct vfs_xattrs *want,
			  bool lenient, struct err *e)
{
	cleanup_vfs_xattrs struct vfs_xattrs have = {0};
	int r = vfs_meta_read_xattrs(fd, filter, &have, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < have.n; i++)
		if (!find(want, have.v[i].name) && !is_given(have.v[i].name)) {
			fault_point("vfs.xattr");
			if (removexattr(proc_fd(fd).s, have.v[i].name) < 0 && errno != ENODATA)
				return err_sys(e, "removing attribute '%s'",
					       vfs_text(have.v[i].name).s);
		}
	for (size_t i = 0; i < want->n; i++) {
		const struct vfs_xattr *x = &want->v[i];
		const struct vfs_xattr *old = find(&have, x->name);

		if (old && old->size == x->size && memcmp(old->value, x->value, x->size) == 0)
			continue;
		fault_point("vfs.xattr");
		if (setxattr(proc_fd(fd).s, x->name, x->value, x->size, 0) == 0)
			continue;
		if (!lenient || errno != EOPNOTSUPP || !may_be_lost(x->name))
			return err_sys(e, "setting attribute '%s'", vfs_text(x->name).s);
	}
	return 0;
}

int vfs_meta_own(int fd, uid_t uid, gid_t gid, struct err *e)
{
	fault_point("vfs.meta");
	if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, "setting the owner");
	return 0;
}

int vfs_meta_chmod(int fd, mode_t mode, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a file");
	if (S_ISLNK(st.st_mode))
		return 0;
	fault_point("vfs.meta");
	if (chmod(proc_fd(fd).s, mode & 07777) < 0)
		return err_sys(e, "setting the mode");
	/* without the capability for it the bit is left out, and that is no error */
	if ((mode & S_ISGID) && (fstat(fd, &st) < 0 || !(st.st_mode & S_ISGID)))
		return err_set(e, -EPERM, ERR_INTERNAL, "a set-group-ID bit can't be set");
	return 0;
}

int vfs_meta_unmask(int dirfd, int fd, mode_t mode, struct err *e)
{
	struct stat st;

	if (getxattr(proc_fd(dirfd).s, "system.posix_acl_default", NULL, 0) >= 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a file");
	return vfs_meta_chmod(fd, mode | (st.st_mode & S_ISGID), e);
}

int vfs_meta_touch(int fd, const struct timespec times[2], struct err *e)
{
	fault_point("vfs.meta");
	if (utimensat(AT_FDCWD, proc_fd(fd).s, times, 0) < 0)
		return err_sys(e, "setting times");
	return 0;
}

int vfs_meta_apply(const struct vfs_mount *m, int fd, const struct vfs_meta *meta, struct err *e)
{
	const struct timespec keep = {.tv_nsec = UTIME_OMIT};
	const struct timespec times[2] = {
		meta->fields & VFS_META_ATIME ? meta->atime : keep,
		meta->fields & VFS_META_MTIME ? meta->mtime : keep,
	};
	int r = 0;

	if (meta->fields & VFS_META_OWNER)
		r = vfs_meta_own(fd, meta->uid, meta->gid, e);
	if (r == 0 && meta->fields & VFS_META_MODE)
		r = vfs_meta_chmod(fd, meta->mode, e);
	if (r == 0 && meta->fields & VFS_META_XATTRS)
		r = vfs_meta_write_xattrs(fd, vfs_xattrs_visible(m), meta->xattrs,
					  /* lenient= */ false, e);
	if (r == 0 && meta->fields & (VFS_META_ATIME | VFS_META_MTIME))
		r = vfs_meta_touch(fd, times, e);
	return r;
}

static int get_xattrs(const struct vfs *fs, const char *path, struct vfs_xattrs *ret, struct err *e)
{
	cleanup_vfs_place struct vfs_place p = {0};
	cleanup_close int fd = -EBADF;
	int r = vfs_place_find(fs, path, &p, e);

	if (r < 0)
		return r;
	fd = vfs_place_open(&p, e);
	return fd < 0 ? fd : vfs_meta_read_xattrs(fd, vfs_xattrs_visible(p.mount), ret, e);
}

int vfs_get_xattrs(const struct vfs *fs, const char *path, struct vfs_xattrs *ret, struct err *e)
{
	int r = get_xattrs(fs, path, ret, e);

	return r < 0 ? err_wrap(e, r, "attributes of '%s'", vfs_text(path).s) : 0;
}
