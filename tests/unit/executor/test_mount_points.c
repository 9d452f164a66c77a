/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "executor/internal.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_dir(&v.t, "r/proc");
	tree_dir(&v.t, "r/dev");
	tree_dir(&v.t, "r/sys");
	tree_dir(&v.t, "data/inside");
	tree_file(&v.t, "data/file", "x");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
}

static void teardown(void)
{
	view_done(&v);
}

/* "kind path;" for each change; all have the role of a stub. */
static void expect(const char *wanted)
{
	static const char *const words[] = {"mkdir", "file", "link", "meta", "remove", "drop"};
	cleanup_free char *before = tree_manifest(&v.t, "");
	cleanup_free char *after = NULL;
	cleanup_changes struct changes c = {0};
	cleanup_buf struct buf text = BUF(65536);
	struct err e = ERR_NONE;

	ck_ok(exec_plan_mount_points(&v.rootfs, &v.mounts, &c, &e), e);
	buf_add(&text, "", 0, NULL);
	for (size_t i = 0; i < c.n; i++) {
		ck_assert_int_eq(c.v[i].role, ROLE_STUB);
		buf_addf(&text, NULL, "%s %s;", words[c.v[i].kind], c.v[i].path);
	}
	ck_assert_str_eq(text.data, wanted);
	after = tree_manifest(&v.t, "");
	ck_assert_str_eq(after, before);
}

static void expect_refused(int code, const char *words)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	ck_assert_int_eq(exec_plan_mount_points(&v.rootfs, &v.mounts, &c, &e), code);
	ck_assert_msg(strstr(e.msg, words) != NULL, "%s", e.msg);
}

START_TEST(what_is_there_is_not_made)
{
	tree_dir(&v.t, "r/mnt");
	tree_file(&v.t, "r/file", "");
	view_mount(&v, "bind", "@/data", "/mnt", "rbind,rw");
	view_mount(&v, "bind", "@/data/file", "/file", "bind,rw");
	expect("");
}
END_TEST

START_TEST(an_image_without_the_default_mount_points_gets_them)
{
	ck_assert_int_eq(rmdir(tree_at(&v.t, "r/proc")), 0);
	ck_assert_int_eq(rmdir(tree_at(&v.t, "r/sys")), 0);
	expect("mkdir /proc;mkdir /sys;");
}
END_TEST

START_TEST(a_directory_gets_a_directory_and_a_file_a_file)
{
	view_mount(&v, "bind", "@/data", "/a/b", "rbind,rw");
	view_mount(&v, "bind", "@/data/file", "/a/c/file", "bind,rw");
	view_mount(&v, "tmpfs", "tmpfs", "/t", "");
	expect("mkdir /a;mkdir /a/b;mkdir /a/c;file /a/c/file;mkdir /t;");
}
END_TEST

START_TEST(links_of_the_image_are_followed_inside_of_it)
{
	tree_link(&v.t, "r/link", "/../../deep");
	view_mount(&v, "bind", "@/data", "link/x", "rbind,rw");
	expect("mkdir /deep;mkdir /deep/x;");
}
END_TEST

START_TEST(the_same_destination_twice_is_made_once)
{
	view_mount(&v, "bind", "@/data", "/a", "rbind,rw");
	view_mount(&v, "bind", "@/data", "/a", "rbind,rw");
	expect("mkdir /a;");
}
END_TEST

START_TEST(inside_another_mount_it_must_exist)
{
	view_mount(&v, "bind", "@/data", "/a", "rbind,rw");
	view_mount(&v, "tmpfs", "tmpfs", "/a/inside", "");
	expect("mkdir /a;");
	view_mount(&v, "bind", "@/data", "/a/missing", "rbind,rw");
	expect_refused(-ENOENT, "'/a'");
}
END_TEST

START_TEST(what_lies_below_a_special_file_system_is_the_runtimes_business)
{
	view_mount(&v, "devpts", "devpts", "/dev/pts", "");
	view_mount(&v, "tmpfs", "tmpfs", "/dev/shm", "");
	expect("");
}
END_TEST

START_TEST(a_file_and_a_directory_do_not_fit)
{
	tree_file(&v.t, "r/file", "");
	view_mount(&v, "bind", "@/data", "/file", "rbind,rw");
	expect_refused(-ENOTDIR, "mount destination '/file'");
}
END_TEST

START_TEST(a_directory_and_a_file_do_not_fit)
{
	tree_dir(&v.t, "r/dir");
	view_mount(&v, "bind", "@/data/file", "/dir", "bind,rw");
	expect_refused(-ENOTDIR, "mount destination '/dir'");
}
END_TEST

START_TEST(nothing_is_made_below_a_file)
{
	tree_file(&v.t, "r/file", "");
	view_mount(&v, "bind", "@/data", "/file/x", "rbind,rw");
	expect_refused(-ENOTDIR, "/file");
}
END_TEST

START_TEST(a_part_of_a_source_says_whether_a_file_or_a_directory_is_made)
{
	tree_file(&v.t, "source/dir/file", "");
	view_mount(&v, "bind", "@/source", "/mnt/d", "X-mount.subdir=dir");
	view_mount(&v, "bind", "@/source", "/mnt/f", "X-mount.subdir=dir/file");
	expect("mkdir /mnt;mkdir /mnt/d;file /mnt/f;");
}
END_TEST

SUITE("executor/mount_points", setup, teardown, what_is_there_is_not_made,
      an_image_without_the_default_mount_points_gets_them,
      a_directory_gets_a_directory_and_a_file_a_file, links_of_the_image_are_followed_inside_of_it,
      the_same_destination_twice_is_made_once, inside_another_mount_it_must_exist,
      what_lies_below_a_special_file_system_is_the_runtimes_business,
      a_file_and_a_directory_do_not_fit, a_directory_and_a_file_do_not_fit,
      nothing_is_made_below_a_file, a_part_of_a_source_says_whether_a_file_or_a_directory_is_made)
