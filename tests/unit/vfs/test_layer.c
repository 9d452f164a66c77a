/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/vfs/nosys.h"
#include "tests/unit/vfs/oracle.h"

static const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = 0600};
static struct view v;

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

START_TEST(a_source_may_be_a_link)
{
	tree_file(&v.t, "real/file", "text");
	tree_link(&v.t, "link", "real");
	tree_dir(&v.t, "real/mnt");
	view_rootfs(&v, "bind", "@/link", "");
	view_mount(&v, "bind", "@/link/file", "/mnt", "");
	view_open(&v);
	ck_assert_str_eq(view_read(&v, "/file"), "text");
	ck_assert_str_eq(view_read(&v, "/mnt"), "text");
}
END_TEST

static const struct {
	const char *subpath;
	const char *file; /* what the view then has at /x, NULL: it can't be opened */
	int r;
} subpaths[] = {
	{"dir", "inside", 0},
	{"/dir/", "inside", 0},
	{"dir/../dir/.", "inside", 0},
	{"link", "inside", 0},
	{"absolute", "inside", 0},           /* "/" is the source */
	{"../../../outside", NULL, -ENOENT}, /* and nothing is above it */
	{"escape", NULL, -ENOENT},
	{"none", NULL, -ENOENT},
	{"dir/x/y", NULL, -ENOTDIR},
	{"loop", NULL, -ELOOP},
	{".", "at the root", 0},
};

static void try_subpath(const char *type, size_t i)
{
	struct err e = ERR_NONE;
	char options[64];
	int r;

	snprintf(options, sizeof(options), "%s,X-mount.subdir=%s", type, subpaths[i].subpath);
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "bind", "@/source", options);
	r = view_try(&v, &e);
	ck_assert_msg(r == subpaths[i].r, "'%s': %d: %s", options, r, e.msg);
	if (r == 0)
		ck_assert_str_eq(view_read(&v, "/x"), subpaths[i].file);
}

START_TEST(a_subpath_is_resolved_inside_the_source)
{
	tree_file(&v.t, "source/dir/x", "inside");
	tree_file(&v.t, "source/x", "at the root");
	tree_link(&v.t, "source/link", "dir");
	tree_link(&v.t, "source/absolute", "/dir");
	tree_link(&v.t, "source/escape", "../outside");
	tree_link(&v.t, "source/loop", "loop");
	tree_file(&v.t, "outside/x", "outside");
	for (size_t i = 0; i < ARRAY_SIZE(subpaths); i++) {
		try_subpath("bind", i);
		try_subpath("rbind", i);
	}
}
END_TEST

START_TEST(a_file_can_be_a_subpath)
{
	tree_dir(&v.t, "r/etc");
	tree_file(&v.t, "source/dir/file", "text");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/source", "/etc/file", "X-mount.subdir=dir/file");
	view_open(&v);
	ck_assert_str_eq(view_read(&v, "/etc/file"), "text");
}
END_TEST

START_TEST(a_subpath_of_a_plain_bind_has_no_mounts_below)
{
	cleanup_close int fd = -EBADF;
	char got[64] = "";
	struct err e = ERR_NONE;

	tree_file(&v.t, "source/sub/file", "below");
	tree_file(&v.t, "over/file", "the mount");
	tree_dir(&v.t, "r/a");
	tree_dir(&v.t, "k");
	oracle_bind(&v, "over", "source/sub", 0);
	oracle_bind(&v, "source", "k", 0); /* as mount(8): first the source, then what is in it */
	fd = open(tree_at(&v.t, "k/sub/file"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(read(fd, got, sizeof(got) - 1), 0);
	fd = fd_close(fd);
	oracle_unmount(&v, "k");

	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/source", "/a", "bind,X-mount.subdir=sub");
	if (nosys_has_open_tree()) {
		view_open(&v);
		ck_assert_str_eq(view_read(&v, "/a/file"), got);
	} else {
		ck_assert_int_eq(view_try(&v, &e), -EOPNOTSUPP);
	}
	oracle_unmount(&v, "source/sub");
}
END_TEST

/* A writable recursive bind of a directory in which a mount takes no writes. */
static void bind_with_readonly_submount(void)
{
	tree_file(&v.t, "r/sub/under", "");
	tree_file(&v.t, "r/file", "");
	tree_file(&v.t, "ro/inside", "text");
	oracle_bind(&v, "ro", "r/sub", MS_RDONLY);
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
}

START_TEST(a_read_only_mount_in_a_writable_one_is_not_written)
{
	struct err e = ERR_NONE;

	bind_with_readonly_submount();
	ck_assert(view_stat(&v, "/file").writable);
	ck_assert(!view_stat(&v, "/sub/inside").writable);
	ck_assert(!view_stat(&v, "/sub").writable);
	ck_assert(!view_stat(&v, "/sub/none").writable);
	ck_assert_int_eq(vfs_put_file(v.fs, "/sub/new", "", 0, &meta, &e), -EROFS);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_int_eq(vfs_remove(v.fs, "/sub/inside", NULL), -EROFS);
	ck_assert_int_eq(vfs_append(v.fs, "/sub/inside", "x", 1, NULL), -EROFS);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/sub", &meta, NULL), -EROFS);
	ck_assert_int_eq(vfs_rename(v.fs, "/file", "/sub/file", NULL), -EROFS);
	ck_assert_str_eq(view_read(&v, "/sub/inside"), "text");
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r/sub");
}
END_TEST

START_TEST(a_mount_that_came_with_the_source_is_busy)
{
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/sub/under", "");
	oracle_tmpfs(&v, "r/sub");
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
	ck_assert(view_stat(&v, "/sub").mountpoint);
	ck_assert(!view_stat(&v, "/").mountpoint);
	ck_assert_int_eq(vfs_remove(v.fs, "/sub", &e), -EBUSY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_int_eq(vfs_rename(v.fs, "/sub", "/other", NULL), -EBUSY);
	ck_assert_int_eq(vfs_put_file(v.fs, "/sub/file", "x", 1, &meta, NULL), 0);
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r/sub");
}
END_TEST

START_TEST(who_may_not_clone_mounts_sees_the_same_or_is_told_why_not)
{
	struct err e = ERR_NONE;
	struct vfs_stat st;

	tree_file(&v.t, "r/dir/file", "text");
	tree_file(&v.t, "r/sub/under", "");
	tree_file(&v.t, "r/one", "under");
	tree_file(&v.t, "one", "over");
	oracle_tmpfs(&v, "r/sub");
	oracle_bind(&v, "one", "r/one", 0);
	nosys_deny("open_tree", EPERM);
	view_rootfs(&v, "bind", "@/r", "bind");
	view_open(&v);
	ck_assert_str_eq(view_read(&v, "/dir/file"), "text");
	ck_assert_int_eq(vfs_put_file(v.fs, "/dir/new", "x", 1, &meta, NULL), 0);
	for (const char *path = "/sub\0/sub/x\0/one\0"; *path; path += strlen(path) + 1) {
		ck_assert_int_eq(vfs_lstat(v.fs, path, &st, &e), -EOPNOTSUPP);
		ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
		ck_assert_ptr_nonnull(strstr(e.msg, "open_tree"));
	}
	ck_assert_int_eq(vfs_open(v.fs, "/one", NULL), -EOPNOTSUPP);
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "bind", "@/r", "rbind"); /* here they belong to it */
	view_open(&v);
	ck_assert_str_eq(view_read(&v, "/one"), "over");
	ck_assert_str_eq(view_list(&v, "/sub"), "");
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r/one");
	oracle_unmount(&v, "r/sub");
}
END_TEST

START_TEST(an_overlay_with_hard_links_in_its_index_is_refused)
{
	static const char options[] = "lowerdir=@/l,upperdir=@/u,workdir=@/w,index=on";
	struct vfs_meta m = {.fields = VFS_META_MODE, .mode = 0600};
	struct err e = ERR_NONE;

	tree_file(&v.t, "l/a", "text");
	tree_file(&v.t, "l/alone", "text");
	ck_assert_int_eq(link(tree_at(&v.t, "l/a"), tree_at(&v.t, "l/b")), 0);
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/alone", &m, NULL), 0);
	ck_assert_int_eq(vfs_set_meta(v.fs, "/a", &m, &e), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(e.msg, "index=on"));
	oracle_mount(&v, options, "m");
	oracle_compare(&v, tree_at(&v.t, "m"));
	ck_assert_int_eq(chmod(tree_at(&v.t, "m/a"), 0600), 0);
	oracle_unmount(&v, "m");
	ck_assert_int_eq(view_try(&v, &e), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(e.msg, "index"));
}
END_TEST

SUITE("vfs/layer", setup, teardown, a_source_may_be_a_link, a_subpath_is_resolved_inside_the_source,
      a_file_can_be_a_subpath, a_subpath_of_a_plain_bind_has_no_mounts_below,
      a_read_only_mount_in_a_writable_one_is_not_written, a_mount_that_came_with_the_source_is_busy,
      who_may_not_clone_mounts_sees_the_same_or_is_told_why_not,
      an_overlay_with_hard_links_in_its_index_is_refused)
