/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"

enum { CENTURY = 946684800 /* seconds at the beginning of 2000 */ };

void oracle_isolate(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", "/tmp", "tmpfs", 0, NULL), 0);
}

void oracle_mount(struct view *v, const char *options, const char *at)
{
	cleanup_free char *words = view_expand(v, options);

	tree_dir(&v->t, at);
	ck_assert_msg(mount("overlay", tree_at(&v->t, at), "overlay", 0, words) == 0,
		      "mounting %s: %m", words);
}

void oracle_bind(const struct view *v, const char *source, const char *at, unsigned long flags)
{
	const char *host = tree_at(&v->t, at);

	ck_assert_int_eq(mount(tree_at(&v->t, source), host, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, host, NULL, MS_REMOUNT | MS_BIND | flags, NULL), 0);
}

void oracle_tmpfs(const struct view *v, const char *at)
{
	ck_assert_int_eq(mount("tmpfs", tree_at(&v->t, at), "tmpfs", 0, NULL), 0);
}

void oracle_unmount(struct view *v, const char *at)
{
	ck_assert_int_eq(umount2(tree_at(&v->t, at), 0), 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The sorted names of a host directory. A stale whiteout is listed by the kernel, but not there. */
static void host_list(const char *host, struct strv *ret)
{
	cleanup_closedir DIR *d = opendir(host);
	const struct dirent *entry;
	struct stat st;

	ck_assert_msg(d != NULL, "listing %s: %m", host);
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			ck_assert_int_eq(strv_add(ret, entry->d_name, NULL), 0);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_text);
}

static void add_xattr(struct buf *b, const char *name, const void *value, size_t n)
{
	buf_addf(b, NULL, "%s=%.*s;", name, (int)n, (const char *)value);
}

/* "name=value;" for each attribute that isn't overlayfs' own. */
static void host_xattrs(const char *host, struct buf *b)
{
	char names[4096];
	char value[4096];
	ssize_t n = llistxattr(host, names, sizeof(names));
	cleanup_strv struct strv list = STRV(LIMIT_XATTRS);

	for (char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
		if (!strstr(p, ".overlay."))
			ck_assert_int_eq(strv_add(&list, p, NULL), 0);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_text);
	for (size_t i = 0; i < list.n; i++) {
		ssize_t size = lgetxattr(host, list.v[i], value, sizeof(value));

		ck_assert_int_ge(size, 0);
		add_xattr(b, list.v[i], value, (size_t)size);
	}
}

static void host_content(const char *host, const struct stat *st, struct buf *b)
{
	struct err e = ERR_NONE;
	char target[LIMIT_PATH];
	ssize_t n;

	if (S_ISREG(st->st_mode))
		ck_ok(io_read_file_at(AT_FDCWD, host, b, &e), e);
	if (!S_ISLNK(st->st_mode))
		return;
	n = readlink(host, target, sizeof(target));
	ck_assert_int_ge(n, 0);
	buf_add(b, target, (size_t)n, NULL);
}

static void view_content(const struct view *v, const char *path, const struct vfs_stat *st,
			 struct buf *b)
{
	struct err e = ERR_NONE;
	char target[LIMIT_PATH];

	if (st->type == VFS_FILE)
		ck_ok(vfs_read_file(v->fs, path, b, &e), e);
	if (st->type == VFS_LINK) {
		ck_ok(vfs_readlink(v->fs, path, target, &e), e);
		buf_addf(b, NULL, "%s", target);
	}
}

static void view_xattrs(const struct view *v, const char *path, struct buf *b)
{
	struct vfs_xattrs x = {0};
	struct err e = ERR_NONE;

	ck_ok(vfs_get_xattrs(v->fs, path, &x, &e), e);
	for (size_t i = 0; i < x.n; i++)
		add_xattr(b, x.v[i].name, x.v[i].value, x.v[i].size);
	vfs_xattrs_done(&x);
}

static enum vfs_type type_of(mode_t mode)
{
	return S_ISREG(mode)   ? VFS_FILE
	       : S_ISDIR(mode) ? VFS_DIR
	       : S_ISLNK(mode) ? VFS_LINK
			       : VFS_SPECIAL;
}

static void compare_times(const char *what, struct timespec a, struct timespec b)
{
	if (a.tv_sec > CENTURY && b.tv_sec > CENTURY)
		return;
	ck_assert_msg(a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec,
		      "%s: mtime %lld.%09ld, the kernel's %lld.%09ld", what, (long long)a.tv_sec,
		      a.tv_nsec, (long long)b.tv_sec, b.tv_nsec);
}

static void same_text(const char *what, const char *path, const struct buf *a, const struct buf *b)
{
	ck_assert_msg(a->n == b->n &&
			      memcmp(a->data ? a->data : "", b->data ? b->data : "", a->n) == 0,
		      "%s: %s '%s', the kernel's '%s'", path, what, a->data ? a->data : "",
		      b->data ? b->data : "");
}

static void compare_entry(const struct view *v, const char *path, const char *host,
			  const struct stat *theirs)
{
	cleanup_buf struct buf content = BUF(1 << 20);
	cleanup_buf struct buf host_text = BUF(1 << 20);
	cleanup_buf struct buf xattrs = BUF(1 << 20);
	cleanup_buf struct buf host_attrs = BUF(1 << 20);
	struct vfs_stat ours = view_stat(v, path);

	ck_assert_msg(ours.type == type_of(theirs->st_mode), "%s: type %d, the kernel's %o", path,
		      ours.type, theirs->st_mode);
	ck_assert_msg(ours.mode == (theirs->st_mode & 07777), "%s: mode %o, the kernel's %o", path,
		      ours.mode, theirs->st_mode & 07777);
	ck_assert_msg(ours.uid == theirs->st_uid && ours.gid == theirs->st_gid,
		      "%s: owner %u:%u, the kernel's %u:%u", path, ours.uid, ours.gid,
		      theirs->st_uid, theirs->st_gid);
	compare_times(path, ours.mtime, theirs->st_mtim);
	view_content(v, path, &ours, &content);
	host_content(host, theirs, &host_text);
	same_text("content", path, &content, &host_text);
	view_xattrs(v, path, &xattrs);
	host_xattrs(host, &host_attrs);
	same_text("attributes", path, &xattrs, &host_attrs);
}

static void compare(const struct view *v, const char *path, const char *host)
{
	cleanup_strv struct strv ours = STRV(LIMIT_DIR_ENTRIES);
	cleanup_strv struct strv theirs = STRV(LIMIT_DIR_ENTRIES);
	struct err e = ERR_NONE;
	struct stat st;

	ck_assert_msg(lstat(host, &st) == 0, "%s: %m", host);
	compare_entry(v, path, host, &st);
	if (!S_ISDIR(st.st_mode))
		return;
	ck_ok(vfs_list(v->fs, path, &ours, &e), e);
	host_list(host, &theirs);
	for (size_t i = 0; i < ours.n || i < theirs.n; i++) {
		char sub[LIMIT_PATH];
		char sub_host[LIMIT_PATH];

		ck_assert_msg(i < ours.n && i < theirs.n && strcmp(ours.v[i], theirs.v[i]) == 0,
			      "%s: entry %zu is '%s', the kernel's '%s'", path, i,
			      i < ours.n ? ours.v[i] : "", i < theirs.n ? theirs.v[i] : "");
		ck_ok(path_join(path, ours.v[i], sub, sizeof(sub), &e), e);
		ck_ok(path_join(host, ours.v[i], sub_host, sizeof(sub_host), &e), e);
		compare(v, sub, sub_host);
	}
}

void oracle_compare(const struct view *v, const char *host)
{
	compare(v, "/", host);
}

void oracle_compare_overlay(struct view *v, const char *options)
{
	oracle_mount(v, options, "m");
	oracle_compare(v, tree_at(&v->t, "m"));
	oracle_unmount(v, "m");
	ck_assert_int_eq(rmdir(tree_at(&v->t, "m")), 0);
}

static bool is_opaque(const char *host)
{
	char value = 0;

	return lgetxattr(host, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static void compare_upper_entry(const char *ours, const char *kernels, const struct stat *a)
{
	struct buf text[4] = {BUF(1 << 20), BUF(1 << 20), BUF(1 << 20), BUF(1 << 20)};
	struct stat b;

	ck_assert_msg(lstat(kernels, &b) == 0, "%s: %m", kernels);
	ck_assert_msg((a->st_mode & S_IFMT) == (b.st_mode & S_IFMT), "%s: mode %o, the kernel's %o",
		      ours, a->st_mode, b.st_mode);
	ck_assert(!is_opaque(ours) || is_opaque(kernels));
	if (S_ISCHR(a->st_mode)) /* the kernel's whiteouts are links to one file */
		return;
	ck_assert_int_eq(a->st_mode, b.st_mode);
	ck_assert_int_eq(a->st_uid, b.st_uid);
	ck_assert_int_eq(a->st_gid, b.st_gid);
	compare_times(ours, a->st_mtim, b.st_mtim);
	host_content(ours, a, &text[0]);
	host_content(kernels, &b, &text[1]);
	same_text("content", ours, &text[0], &text[1]);
	host_xattrs(ours, &text[2]);
	host_xattrs(kernels, &text[3]);
	same_text("attributes", ours, &text[2], &text[3]);
	for (int i = 0; i < 4; i++)
		buf_done(&text[i]);
}

void oracle_compare_uppers(const char *ours, const char *kernels)
{
	cleanup_strv struct strv a = STRV(LIMIT_DIR_ENTRIES);
	cleanup_strv struct strv b = STRV(LIMIT_DIR_ENTRIES);
	struct err e = ERR_NONE;
	struct stat st;

	ck_assert_int_eq(lstat(ours, &st), 0);
	compare_upper_entry(ours, kernels, &st);
	if (!S_ISDIR(st.st_mode))
		return;
	host_list(ours, &a);
	host_list(kernels, &b);
	for (size_t i = 0; i < a.n || i < b.n; i++) {
		char sub[LIMIT_PATH];
		char sub_kernels[LIMIT_PATH];

		ck_assert_msg(i < a.n && i < b.n && strcmp(a.v[i], b.v[i]) == 0,
			      "upper %s: entry %zu is '%s', the kernel's '%s'", ours, i,
			      i < a.n ? a.v[i] : "", i < b.n ? b.v[i] : "");
		ck_ok(path_join(ours, a.v[i], sub, sizeof(sub), &e), e);
		ck_ok(path_join(kernels, a.v[i], sub_kernels, sizeof(sub_kernels), &e), e);
		oracle_compare_uppers(sub, sub_kernels);
	}
}

void oracle_remove_stale_whiteouts(const struct view *v, const char *path)
{
	cleanup_closedir DIR *d = opendir(tree_at(&v->t, path));
	const struct dirent *entry;

	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d))) {
		char sub[LIMIT_PATH];
		struct vfs_stat st;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, entry->d_name);
		st = view_stat(v, sub + strlen("u"));
		if (st.type == VFS_DIR)
			oracle_remove_stale_whiteouts(v, sub);
		if (!st.whiteout || st.below)
			continue;
		ck_assert_int_eq(unlink(tree_at(&v->t, sub)), 0);
		snprintf(sub, sizeof(sub), "k%s/%s", path, entry->d_name);
		ck_assert_int_eq(unlink(tree_at(&v->t, sub)), 0);
	}
}
