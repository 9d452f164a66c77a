/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_file(&v.t, "l1/d/file", "one\n");
	tree_file(&v.t, "l2/d/file", "two\n");
	tree_file(&v.t, "l2/d/sub/low", "low\n");
	tree_link(&v.t, "l1/d/link", "file");
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
}

static void teardown(void)
{
	v.fs = vfs_free(v.fs);
	tree_wipe(&v.t);
	view_done(&v);
}

/* Runs @script in the container's root, by the kernel, then opens the view. */
static void run(const char *script)
{
	char command[LIMIT_PATH];

	oracle_mount(&v, VIEW_OVERLAY, "m");
	snprintf(command, sizeof(command), "set -e; cd %s; %s", tree_at(&v.t, "m"), script);
	ck_assert_int_eq(system(command), 0);
	oracle_unmount(&v, "m");
	view_open_overlay(&v);
}

/* The same upper over l2 alone. */
static void open_without_l1(void)
{
	v.fs = vfs_free(v.fs);
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "overlay", "", "lowerdir=@/l2,upperdir=@/u,workdir=@/w");
	view_open(&v);
}

static struct vfs_handle handle_of(const char *rel)
{
	struct err e = ERR_NONE;
	struct vfs_handle h;

	ck_ok(vfs_handle_of(AT_FDCWD, tree_at(&v.t, rel), &h, &e), e);
	return h;
}

static struct vfs_handle origin_of(const char *path)
{
	struct err e = ERR_NONE;
	struct vfs_handle h;

	ck_ok(vfs_origin_of(v.fs, path, &h, &e), e);
	return h;
}

static bool comes_from(const char *path, const char *rel)
{
	struct vfs_handle origin = origin_of(path);
	struct vfs_handle file = handle_of(rel);

	return vfs_same_handle(&origin, &file);
}

START_TEST(the_kernel_tells_what_an_entry_was_copied_up_from)
{
	run("echo more >> d/file; touch -h d/link; mkdir d/sub/new");
	ck_assert(comes_from("/d/file", "l1/d/file"));
	ck_assert(!comes_from("/d/file", "l2/d/file"));
	ck_assert(comes_from("/d/link", "l1/d/link"));
	ck_assert(comes_from("/d", "l1/d"));
	ck_assert(comes_from("/d/sub", "l2/d/sub"));
}
END_TEST

START_TEST(a_name_is_no_part_of_it)
{
	run("mv d/file moved; ln moved linked; echo more >> linked");
	ck_assert(comes_from("/moved", "l1/d/file"));
	ck_assert(comes_from("/linked", "l1/d/file"));
}
END_TEST

START_TEST(what_was_made_comes_from_nothing)
{
	run("rm d/file; echo new > d/file; echo new > d/own; mkdir own");
	ck_assert_uint_eq(origin_of("/d/file").n, 0);
	ck_assert_uint_eq(origin_of("/d/own").n, 0);
	ck_assert_uint_eq(origin_of("/own").n, 0);
	ck_assert_uint_eq(origin_of("/missing").n, 0);
	ck_assert_uint_eq(origin_of("/d/sub/low").n, 0); /* it wasn't copied up */
	ck_assert_uint_eq(origin_of("/").n, 0);
}
END_TEST

START_TEST(a_mark_says_what_is_below_when_it_is_settled)
{
	struct err e = ERR_NONE;

	run("echo more >> d/file; touch -h d/link");
	open_without_l1();
	for (int again = 0; again < 2; again++) {
		ck_ok(vfs_settle_origin(v.fs, "/d/file", "/d/file", &e), e);
		ck_ok(vfs_settle_origin(v.fs, "/d", "/d", &e), e);
		ck_ok(vfs_settle_origin(v.fs, "/d/link", "/d/link", &e), e);
		ck_ok(vfs_settle_origin(v.fs, "/missing", "/missing", &e), e);
		ck_assert(comes_from("/d/file", "l2/d/file"));
		ck_assert(comes_from("/d", "l2/d"));
		ck_assert_uint_eq(origin_of("/d/link").n, 0);
	}
	ck_assert_int_lt(lgetxattr(tree_at(&v.t, "u/d/link"), "trusted.overlay.origin", NULL, 0),
			 0);
	v.fs = vfs_free(v.fs);

	/* What was written is what the kernel would have written. */
	oracle_mount(&v, "lowerdir=@/l2,upperdir=@/u,workdir=@/w", "m2");
	ck_assert_int_eq(system("true"), 0);
	oracle_unmount(&v, "m2");
}
END_TEST

START_TEST(a_moved_copy_is_marked_by_where_it_was)
{
	struct err e = ERR_NONE;

	run("mv d/file moved");
	open_without_l1();
	ck_ok(vfs_settle_origin(v.fs, "/moved", "/d/file", &e), e);
	ck_assert(comes_from("/moved", "l2/d/file"));
	ck_ok(vfs_settle_origin(v.fs, "/moved", "/d/sub", &e), e); /* another type */
	ck_assert_uint_eq(origin_of("/moved").n, 0);
}
END_TEST

START_TEST(no_copy_of_a_file_with_several_links_is_marked)
{
	char file[LIMIT_PATH];
	struct err e = ERR_NONE;

	run("echo more >> d/file");
	v.fs = vfs_free(v.fs);
	snprintf(file, sizeof(file), "%s", tree_at(&v.t, "l2/d/file"));
	ck_assert_int_eq(link(file, tree_at(&v.t, "l2/linked")), 0);
	open_without_l1();
	ck_ok(vfs_settle_origin(v.fs, "/d/file", "/d/file", &e), e);
	ck_assert_uint_eq(origin_of("/d/file").n, 0);
}
END_TEST

START_TEST(what_is_a_copy_of_what_is_below_is_told)
{
	struct err e = ERR_NONE;

	run("touch d/x; mkdir own");
	ck_assert_int_eq(vfs_is_copy_of_below(v.fs, "/d", &e), 1);
	ck_assert_int_eq(vfs_is_copy_of_below(v.fs, "/own", &e), 0);
	ck_assert_int_eq(vfs_is_copy_of_below(v.fs, "/d/sub", &e), 0); /* not in the top */
	open_without_l1();
	ck_assert_int_eq(vfs_is_copy_of_below(v.fs, "/d", &e), 0);
}
END_TEST

START_TEST(a_mark_that_is_no_handle_is_none)
{
	static const char junk[][8] = {"", "x", "\0\xfb\xff"};

	run("echo more >> d/file");
	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(setxattr(tree_at(&v.t, "u/d/file"), "trusted.overlay.origin",
					  junk[i], i * 2, 0),
				 0);
		ck_assert_uint_eq(origin_of("/d/file").n, 0);
		ck_ok(vfs_settle_origin(v.fs, "/d/file", "/d/file", &e), e);
	}
}
END_TEST

SUITE("vfs/origin", setup, teardown, the_kernel_tells_what_an_entry_was_copied_up_from,
      a_name_is_no_part_of_it, what_was_made_comes_from_nothing,
      a_mark_says_what_is_below_when_it_is_settled, a_moved_copy_is_marked_by_where_it_was,
      what_is_a_copy_of_what_is_below_is_told, no_copy_of_a_file_with_several_links_is_marked,
      a_mark_that_is_no_handle_is_none)
