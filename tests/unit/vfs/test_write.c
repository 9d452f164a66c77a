/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/unit/vfs/oracle.h"

static struct view v;
static char note_name[] = "user.note";
static char note_value[] = "set";
static struct vfs_xattr note = {.name = note_name, .value = note_value, .size = 3};
static const struct vfs_xattrs notes = {.v = &note, .n = 1};
static const struct vfs_meta meta = {
	.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME | VFS_META_XATTRS,
	.mode = 0640,
	.uid = 1234,
	.gid = 4321,
	.mtime = {.tv_sec = 77777, .tv_nsec = 88888},
	.xattrs = &notes,
};

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static void put(const char *path, const char *text)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_put_file(v.fs, path, text, strlen(text), &meta, &e), e);
}

static bool exists(const char *rel)
{
	struct stat st;

	return lstat(tree_at(&v.t, rel), &st) == 0;
}

static bool is_opaque(const char *rel)
{
	char value = 0;

	return lgetxattr(tree_at(&v.t, rel), "trusted.overlay.opaque", &value, 1) == 1 &&
	       value == 'y';
}

static void set_times(const char *rel, time_t atime, time_t mtime)
{
	const struct timespec times[2] = {{.tv_sec = atime}, {.tv_sec = mtime}};

	ck_assert_int_eq(utimensat(AT_FDCWD, tree_at(&v.t, rel), times, AT_SYMLINK_NOFOLLOW), 0);
}

START_TEST(a_file_has_the_metadata_that_it_is_given)
{
	struct vfs_xattrs x = {0};
	struct vfs_stat st;

	tree_file(&v.t, "r/file", "old");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	put("/file", "new");
	st = view_stat(&v, "/file");

	ck_assert_str_eq(view_read(&v, "/file"), "new");
	ck_assert_uint_eq(st.mode, 0640);
	ck_assert_uint_eq(st.uid, 1234);
	ck_assert_uint_eq(st.gid, 4321);
	ck_assert_int_eq(st.mtime.tv_sec, 77777);
	ck_assert_int_eq(st.mtime.tv_nsec, 88888);
	ck_assert(st.in_top && st.writable && !st.below);
	ck_assert_int_eq(vfs_get_xattrs(v.fs, "/file", &x, NULL), 0);
	ck_assert_uint_eq(x.n, 1);
	ck_assert_mem_eq(x.v[0].value, "set", 3);
	vfs_xattrs_done(&x);
	ck_assert_str_eq(view_list(&v, "/"), "file");
}
END_TEST

START_TEST(set_id_bits_and_umask_do_not_get_in_the_way)
{
	struct vfs_meta m = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 06777, .uid = 5};

	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	umask(0777);
	ck_assert_int_eq(vfs_put_file(v.fs, "/f", "x", 1, &m, NULL), 0);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/d", &m, NULL), 0);
	ck_assert_uint_eq(view_stat(&v, "/f").mode, 06777);
	ck_assert_uint_eq(view_stat(&v, "/d").mode, 06777);
	m.fields = 0;
	ck_assert_int_eq(vfs_put_file(v.fs, "/f", "x", 1, &m, NULL), 0);
	ck_assert_uint_eq(view_stat(&v, "/f").mode, 0644);
}
END_TEST

START_TEST(a_directory_in_a_setgid_directory_inherits_it)
{
	const struct vfs_meta none = {0};
	struct err e = ERR_NONE;
	struct stat st;

	tree_dir(&v.t, "r/d");
	ck_assert_int_eq(chown(tree_at(&v.t, "r/d"), 0, 42), 0);
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/d"), 02775), 0);
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(mkdir(tree_at(&v.t, "r/d/kernels"), 0755), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "r/d/kernels"), &st), 0);
	ck_ok(vfs_mkdir(v.fs, "/d/ours", &none, &e), e);
	ck_assert_uint_eq(view_stat(&v, "/d/ours").gid, st.st_gid);
	ck_assert_uint_eq(view_stat(&v, "/d/ours").mode, st.st_mode & 07777);
}
END_TEST

START_TEST(a_default_acl_decides_about_a_new_file)
{
	/* u::rwx u:1000:rwx g::--- m::--- o::--- */
	static const unsigned char acl[] = {
		2,    0, 0, 0,                         /* version */
		0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
		0x02, 0, 7, 0, 0xe8, 3,    0,    0,    /* user 1000 */
		0x04, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* group */
		0x10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* mask */
		0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
	};
	const struct vfs_meta none = {0};
	cleanup_close int fd = -EBADF;
	struct err e = ERR_NONE;
	struct stat st;

	tree_dir(&v.t, "r/d");
	ck_assert_int_eq(
		setxattr(tree_at(&v.t, "r/d"), "system.posix_acl_default", acl, sizeof(acl), 0), 0);
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	fd = open(tree_at(&v.t, "r/d/kernels"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_ok(vfs_put_file(v.fs, "/d/ours", "", 0, &none, &e), e);
	ck_assert_uint_eq(view_stat(&v, "/d/ours").mode, st.st_mode & 07777);
}
END_TEST

START_TEST(a_link_and_its_metadata)
{
	char target[LIMIT_PATH];
	struct vfs_meta m = meta;

	m.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME; /* user.* can't be on links */
	tree_file(&v.t, "r/target", "untouched");
	set_times("r/target", 1, 2);
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_put_link(v.fs, "/link", "target", &m, NULL), 0);
	ck_assert_int_eq(vfs_readlink(v.fs, "/link", target, NULL), 0);
	ck_assert_str_eq(target, "target");
	ck_assert_uint_eq(view_stat(&v, "/link").uid, 1234);
	ck_assert_int_eq(view_stat(&v, "/link").mtime.tv_sec, 77777);

	m.uid = 99;
	m.mtime.tv_sec = 11;
	ck_assert_int_eq(vfs_set_meta(v.fs, "/link", &m, NULL), 0);
	ck_assert_uint_eq(view_stat(&v, "/link").uid, 99);
	ck_assert_int_eq(view_stat(&v, "/link").mtime.tv_sec, 11);
	ck_assert_uint_eq(view_stat(&v, "/target").uid, 0);
	ck_assert_uint_eq(view_stat(&v, "/target").mode, 0644);
	ck_assert_int_eq(view_stat(&v, "/target").mtime.tv_sec, 2);
}
END_TEST

START_TEST(parents_are_copied_up_and_their_parents_keep_their_times)
{
	struct stat st;

	tree_file(&v.t, "l1/a/b/file", "lower");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u");
	ck_assert_int_eq(chown(tree_at(&v.t, "l1/a"), 7, 8), 0);
	ck_assert_int_eq(chmod(tree_at(&v.t, "l1/a"), 02751), 0);
	ck_assert_int_eq(setxattr(tree_at(&v.t, "l1/a"), "user.x", "y", 1, 0), 0);
	set_times("l1/a/b", 1000, 2000);
	set_times("l1/a", 3000, 4000);
	set_times("u", 5000, 6000);
	view_open_overlay(&v);
	put("/a/b/file", "top");

	ck_assert_int_eq(stat(tree_at(&v.t, "u"), &st), 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 6000);
	ck_assert_int_eq(st.st_atim.tv_sec, 5000);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/a"), &st), 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 4000);
	ck_assert_int_eq(st.st_atim.tv_sec, 3000);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 02751);
	ck_assert_uint_eq(st.st_uid, 7);
	ck_assert_int_eq(getxattr(tree_at(&v.t, "u/a"), "user.x", NULL, 0), 1);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/a/b"), &st), 0);
	ck_assert_int_gt(st.st_mtim.tv_sec, 1000000); /* its own entry changed */
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_write_that_fails_leaves_the_times_of_the_directory)
{
	static char name[] = "bogus.name";
	struct vfs_xattr x = {.name = name, .value = note_value, .size = 1};
	const struct vfs_xattrs xattrs = {.v = &x, .n = 1};
	const struct vfs_meta bad = {.fields = VFS_META_XATTRS, .xattrs = &xattrs};
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;

	tree_dir(&v.t, "u/d");
	view_open_overlay(&v);
	view_set_old_times(&v, "u/d");
	view_set_old_times(&v, "u");
	before = tree_manifest(&v.t, "u");
	ck_assert_int_lt(vfs_put_file(v.fs, "/d/file", "x", 1, &bad, NULL), 0);
	after = tree_manifest(&v.t, "u");
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(a_directory_in_the_place_of_a_removed_one_is_opaque)
{
	tree_file(&v.t, "l1/d/file", "");
	tree_file(&v.t, "l1/f", "");
	tree_whiteout(&v.t, "u/d");
	tree_whiteout(&v.t, "u/f");
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/d", &meta, NULL), 0);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/f", &meta, NULL), 0);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/new", &meta, NULL), 0);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/new", &meta, NULL), -EEXIST);

	ck_assert(is_opaque("u/d"));
	ck_assert(!is_opaque("u/f"));
	ck_assert(!is_opaque("u/new"));
	ck_assert_str_eq(view_list(&v, "/d"), "");
	ck_assert_int_eq(view_stat(&v, "/d").mtime.tv_sec, 77777);
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_file_takes_the_place_of_a_whiteout_or_link)
{
	tree_file(&v.t, "l1/d/file", "");
	tree_link(&v.t, "l1/link", "d/file");
	tree_whiteout(&v.t, "u/d");
	view_open_overlay(&v);
	put("/d", "file");
	put("/link", "file");

	ck_assert_str_eq(view_list(&v, "/"), "d link");
	ck_assert_str_eq(view_read(&v, "/link"), "file");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(set_meta_copies_up_a_lower_file_with_its_content)
{
	struct vfs_meta m = {.fields = VFS_META_MODE, .mode = 0600};
	struct stat lower;

	tree_file(&v.t, "l1/d/file", "content");
	tree_link(&v.t, "l1/d/link", "file");
	tree_dir(&v.t, "l1/d/sub");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u");
	set_times("l1/d/file", 1000, 2000);
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/d/file", &m, NULL), 0);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/d/link", &m, NULL), 0);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/d/sub", &m, NULL), 0);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/d/none", &m, NULL), -ENOENT);

	ck_assert(view_stat(&v, "/d/file").in_top);
	ck_assert_uint_eq(view_stat(&v, "/d/file").mode, 0600);
	ck_assert_int_eq(view_stat(&v, "/d/file").mtime.tv_sec, 2000);
	ck_assert_str_eq(view_read(&v, "/d/file"), "content");
	ck_assert(view_stat(&v, "/d/sub").in_top);
	ck_assert_int_eq(stat(tree_at(&v.t, "l1/d/file"), &lower), 0);
	ck_assert_uint_eq(lower.st_mode & 0777, 0644);
	ck_assert_int_eq(lower.st_atim.tv_sec, 1000);
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(attributes_are_set_exactly_and_overlayfs_keeps_its_own)
{
	static const struct vfs_xattrs none = {0};
	struct vfs_meta m = {.fields = VFS_META_XATTRS, .xattrs = &none};
	const char *dir;

	tree_dir(&v.t, "l1/d");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u/d");
	tree_opaque(&v.t, "u/d");
	dir = tree_at(&v.t, "u/d");
	ck_assert_int_eq(setxattr(dir, "user.a", "1", 1, 0), 0);
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/d", &m, NULL), 0);
	ck_assert_int_eq(getxattr(dir, "user.a", NULL, 0), -1);
	ck_assert(is_opaque("u/d"));
}
END_TEST

START_TEST(bytes_are_appended_to_a_copy_of_a_lower_file)
{
	struct stat st;

	tree_file(&v.t, "l1/d/file", "one");
	tree_file(&v.t, "u/own", "two");
	tree_link(&v.t, "u/link", "own");
	tree_fifo(&v.t, "u/fifo");
	ck_assert_int_eq(chown(tree_at(&v.t, "l1/d/file"), 5, 6), 0);
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_append(v.fs, "/d/file", " more", 5, NULL), 0);
	ck_assert_int_eq(vfs_append(v.fs, "/own", " more", 5, NULL), 0);
	ck_assert_int_eq(vfs_append(v.fs, "/none", "x", 1, NULL), -ENOENT);
	ck_assert_int_eq(vfs_append(v.fs, "/link", "x", 1, NULL), -EINVAL);
	ck_assert_int_eq(vfs_append(v.fs, "/fifo", "x", 1, NULL), -EINVAL);
	ck_assert_int_eq(vfs_append(v.fs, "/d", "x", 1, NULL), -EINVAL);

	ck_assert_str_eq(view_read(&v, "/d/file"), "one more");
	ck_assert_str_eq(view_read(&v, "/own"), "two more");
	ck_assert_int_eq(stat(tree_at(&v.t, "u/d/file"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 5);
	ck_assert_int_eq(stat(tree_at(&v.t, "l1/d/file"), &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(missing_directories_are_made_and_told)
{
	cleanup_strv struct strv made = STRV(8);
	struct err e = ERR_NONE;

	tree_dir(&v.t, "l1/a");
	tree_dir(&v.t, "l1/a/b");
	tree_whiteout(&v.t, "u/a/b");
	tree_file(&v.t, "l1/file", "");
	tree_link(&v.t, "l1/link", "a");
	view_open_overlay(&v);
	ck_ok(vfs_mkdir_p(v.fs, "/a/b/c", &meta, &made, &e), e);
	ck_assert_uint_eq(made.n, 2);
	ck_assert_str_eq(made.v[0], "/a/b");
	ck_assert_str_eq(made.v[1], "/a/b/c");
	ck_assert_uint_eq(view_stat(&v, "/a/b/c").uid, 1234);
	ck_ok(vfs_mkdir_p(v.fs, "/a/b/c", &meta, &made, &e), e);
	ck_ok(vfs_mkdir_p(v.fs, "/", &meta, NULL, &e), e);
	ck_assert_uint_eq(made.n, 2);
	ck_assert_int_eq(vfs_mkdir_p(v.fs, "/file/x", &meta, &made, &e), -ENOTDIR);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_int_eq(vfs_mkdir_p(v.fs, "/link/x", &meta, &made, NULL), -ENOTDIR);
	ck_assert_int_eq(vfs_mkdir_p(v.fs, "/a/../x", &meta, &made, NULL), -EINVAL);
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_failure_leaves_no_directory_that_was_made_or_copied_up)
{
	const struct vfs_meta none = {0};
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;
	char path[512] = "/usr/share/x/";

	tree_dir(&v.t, "l1/usr/share");
	tree_dir(&v.t, "u");
	view_set_old_times(&v, "u");
	view_open_overlay(&v);
	before = tree_manifest(&v.t, "u");
	memset(path + strlen(path), 'n', NAME_MAX + 1);
	ck_assert_int_eq(vfs_mkdir_p(v.fs, path, &none, NULL, NULL), -ENAMETOOLONG);
	after = tree_manifest(&v.t, "u");
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(nothing_is_made_above_a_mount)
{
	cleanup_strv struct strv made = STRV(8);
	struct err e = ERR_NONE;

	tree_dir(&v.t, "r");
	tree_dir(&v.t, "b");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/b", "/not/there/yet", "");
	view_open(&v);
	ck_ok(vfs_mkdir_p(v.fs, "/not/there/yet/x", &meta, &made, &e), e);
	ck_assert_uint_eq(made.n, 1);
	ck_assert(exists("b/x"));
	ck_assert(!exists("r/not"));
}
END_TEST

START_TEST(directories_made_on_a_way_that_fails_are_taken_back)
{
	cleanup_strv struct strv made = STRV(1);

	view_open_overlay(&v);
	ck_assert_int_eq(vfs_mkdir_p(v.fs, "/a/b/c", &meta, &made, NULL), -E2BIG);
	ck_assert_uint_eq(made.n, 0);
	ck_assert_str_eq(view_list(&v, "/"), "");
}
END_TEST

START_TEST(each_time_is_set_alone)
{
	struct vfs_meta m = {.fields = VFS_META_ATIME, .atime = {.tv_sec = 11, .tv_nsec = 12}};

	tree_file(&v.t, "l1/file", "");
	set_times("l1/file", 1000, 2000);
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/file", &m, NULL), 0);
	ck_assert_int_eq(view_stat(&v, "/file").atime.tv_sec, 11);
	ck_assert_int_eq(view_stat(&v, "/file").atime.tv_nsec, 12);
	ck_assert_int_eq(view_stat(&v, "/file").mtime.tv_sec, 2000);
}
END_TEST

START_TEST(a_mount_without_a_top_is_never_written)
{
	tree_file(&v.t, "l1/d/file", "");
	tree_dir(&v.t, "l2");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2");
	view_mount(&v, "bind", "@/l2", "/ro", "ro");
	view_mount(&v, "tmpfs", "", "/tmp", "");
	view_open(&v);
	for (const char *path = "/d/x\0/ro/x\0/tmp/x\0"; *path; path += strlen(path) + 1) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(vfs_put_file(v.fs, path, "", 0, &meta, &e), -EROFS);
		ck_assert_int_eq(e.kind, ERR_PRECONDITION);
		ck_assert_int_eq(vfs_put_link(v.fs, path, "x", &meta, NULL), -EROFS);
		ck_assert_int_eq(vfs_mkdir(v.fs, path, &meta, NULL), -EROFS);
		ck_assert_int_eq(vfs_remove(v.fs, path, NULL), -EROFS);
		ck_assert_int_eq(vfs_drop(v.fs, path, NULL), -EROFS);
		ck_assert_int_eq(vfs_set_meta(v.fs, path, &meta, NULL), -EROFS);
	}
}
END_TEST

START_TEST(the_place_where_a_mount_begins_is_busy)
{
	struct vfs_meta m = {.fields = VFS_META_MODE, .mode = 0600};
	struct stat st;

	tree_file(&v.t, "r/file", "");
	tree_file(&v.t, "host", "");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/host", "/file", "");
	view_open(&v);
	for (const char *path = "/\0/file\0"; *path; path += strlen(path) + 1) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(vfs_put_file(v.fs, path, "", 0, &meta, &e), -EBUSY);
		ck_assert_int_eq(e.kind, ERR_PRECONDITION);
		ck_assert_int_eq(vfs_mkdir(v.fs, path, &meta, NULL), -EEXIST);
		ck_assert_int_eq(vfs_remove(v.fs, path, NULL), -EBUSY);
		ck_assert_int_eq(vfs_drop(v.fs, path, NULL), -EBUSY);
	}
	ck_assert_int_eq(vfs_set_meta(v.fs, "/file", &m, NULL), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "host"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(missing_parents_and_directories_are_in_the_way)
{
	tree_dir(&v.t, "r/dir");
	tree_file(&v.t, "r/file", "");
	tree_link(&v.t, "r/link", "dir");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_put_file(v.fs, "/none/x", "", 0, &meta, NULL), -ENOENT);
	ck_assert_int_eq(vfs_put_file(v.fs, "/file/x", "", 0, &meta, NULL), -ENOENT);
	ck_assert_int_eq(vfs_mkdir(v.fs, "/link/x", &meta, NULL), -ENOENT);
	ck_assert_int_eq(vfs_put_file(v.fs, "/dir", "", 0, &meta, NULL), -EISDIR);
	ck_assert_int_eq(vfs_put_file(v.fs, "/dir/../x", "", 0, &meta, NULL), -EINVAL);
	ck_assert_str_eq(view_list(&v, "/dir"), "");
}
END_TEST

START_TEST(what_a_crash_left_goes_with_the_next_write_or_when_asked)
{
	tree_file(&v.t, "l1/d/x", "");
	tree_dir(&v.t, "l2");
	tree_file(&v.t, "u/.anchord.id-1", "");
	tree_whiteout(&v.t, "u/d/.anchord.id-1/whiteout");
	tree_file(&v.t, "u/d/.anchord.other", "");
	view_open_overlay(&v);
	vfs_set_tag(v.fs, "id-1");
	put("/file", "x");
	ck_assert_int_eq(vfs_drop_temporary(v.fs, "/d", NULL), 0);
	ck_assert_int_eq(vfs_drop_temporary(v.fs, "/d", NULL), 0);

	ck_assert_str_eq(view_list(&v, "/"), "d file");
	ck_assert_str_eq(view_list(&v, "/d"), ".anchord.other x");
	ck_assert_int_eq(vfs_sync(v.fs, NULL), 0);
}
END_TEST

SUITE("vfs/write", setup, teardown, a_file_has_the_metadata_that_it_is_given,
      set_id_bits_and_umask_do_not_get_in_the_way, a_directory_in_a_setgid_directory_inherits_it,
      a_default_acl_decides_about_a_new_file, a_link_and_its_metadata,
      parents_are_copied_up_and_their_parents_keep_their_times,
      a_write_that_fails_leaves_the_times_of_the_directory,
      a_directory_in_the_place_of_a_removed_one_is_opaque,
      a_file_takes_the_place_of_a_whiteout_or_link,
      set_meta_copies_up_a_lower_file_with_its_content,
      attributes_are_set_exactly_and_overlayfs_keeps_its_own,
      bytes_are_appended_to_a_copy_of_a_lower_file, missing_directories_are_made_and_told,
      a_failure_leaves_no_directory_that_was_made_or_copied_up,
      directories_made_on_a_way_that_fails_are_taken_back, nothing_is_made_above_a_mount,
      each_time_is_set_alone, a_mount_without_a_top_is_never_written,
      the_place_where_a_mount_begins_is_busy, missing_parents_and_directories_are_in_the_way,
      what_a_crash_left_goes_with_the_next_write_or_when_asked)
