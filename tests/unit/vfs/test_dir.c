/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in overlays, with the kernel's overlay as the oracle. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/nosys.h"
#include "tests/unit/vfs/oracle.h"

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

/* The view shows what the kernel's mount with the same options shows. */
static void compare(const char *options)
{
	view_rootfs(&v, "overlay", "overlay", options);
	view_open(&v);
	oracle_compare_overlay(&v, options);
}

START_TEST(the_topmost_layer_wins_and_directories_merge)
{
	tree_file(&v.t, "l1/both", "one");
	tree_file(&v.t, "l2/both", "two");
	tree_file(&v.t, "l1/d/x", "x");
	tree_file(&v.t, "l2/d/y", "y");
	tree_file(&v.t, "u/d/z", "z");
	tree_dir(&v.t, "w");
	compare("lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w");

	ck_assert_str_eq(view_list(&v, "/d"), "x y z");
	ck_assert_str_eq(view_read(&v, "/both"), "one");
}
END_TEST

START_TEST(a_whiteout_hides_and_says_so_only_in_the_top)
{
	tree_file(&v.t, "l2/in-lower", "");
	tree_file(&v.t, "l2/in-top", "");
	tree_whiteout(&v.t, "l1/in-lower");
	tree_whiteout(&v.t, "u/in-top");
	tree_dir(&v.t, "w");
	compare("lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w");

	ck_assert_int_eq(view_stat(&v, "/in-lower").type, VFS_ABSENT);
	ck_assert(!view_stat(&v, "/in-lower").whiteout);
	ck_assert_int_eq(view_stat(&v, "/in-top").type, VFS_ABSENT);
	ck_assert(view_stat(&v, "/in-top").whiteout);
	ck_assert(view_stat(&v, "/in-top").below);
	ck_assert(!view_stat(&v, "/in-top").in_top);
}
END_TEST

START_TEST(a_file_can_be_a_whiteout_too)
{
	tree_file(&v.t, "l2/d/gone", "text");
	tree_file(&v.t, "l2/d/kept", "text");
	tree_file(&v.t, "l1/d/gone", "");
	tree_file(&v.t, "l1/d/empty", "");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "l1/d/gone"), "trusted.overlay.whiteout", "", 0, 0),
			 0);
	ck_assert_int_eq(setxattr(tree_at(&v.t, "l1/d"), "trusted.overlay.opaque", "x", 1, 0), 0);
	compare("lowerdir=@/l1:@/l2");

	ck_assert_str_eq(view_list(&v, "/d"), "empty kept");
	ck_assert_int_eq(view_stat(&v, "/d/gone").type, VFS_ABSENT);
}
END_TEST

START_TEST(an_opaque_directory_hides_what_is_below)
{
	tree_file(&v.t, "l2/d/sub/old", "");
	tree_file(&v.t, "l1/d/sub/new", "");
	tree_opaque(&v.t, "l1/d");
	tree_file(&v.t, "u/d/top", "");
	tree_dir(&v.t, "w");
	compare("lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w");

	ck_assert_str_eq(view_list(&v, "/d/sub"), "new");
}
END_TEST

START_TEST(attributes_of_the_user_form_count_with_userxattr_only)
{
	tree_file(&v.t, "l2/d/old", "");
	tree_file(&v.t, "l1/d/new", "");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "l1/d"), "user.overlay.opaque", "y", 1, 0), 0);
	compare("lowerdir=@/l1:@/l2,userxattr");
	ck_assert_str_eq(view_list(&v, "/d"), "new");

	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/d"), "new old");
}
END_TEST

START_TEST(a_file_between_directories_ends_the_merge)
{
	tree_file(&v.t, "l1/d/top", "");
	tree_file(&v.t, "l2/d", "a file");
	tree_file(&v.t, "l3/d/bottom", "");
	compare("lowerdir=@/l1:@/l2:@/l3");

	ck_assert_str_eq(view_list(&v, "/d"), "top");
}
END_TEST

START_TEST(a_directory_over_a_file_and_the_reverse)
{
	tree_file(&v.t, "l1/a/in", "");
	tree_file(&v.t, "l2/a", "file");
	tree_file(&v.t, "l1/b", "file");
	tree_file(&v.t, "l2/b/in", "");
	compare("lowerdir=@/l1:@/l2");

	ck_assert_int_eq(view_stat(&v, "/b/in").type, VFS_ABSENT);
}
END_TEST

START_TEST(names_are_bytes)
{
	char name[NAME_MAX + 2];
	char path[NAME_MAX + 16];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	snprintf(path, sizeof(path), "l1/%s", name);
	tree_file(&v.t, path, "long");
	tree_file(&v.t, "l2/\xff\xfe\n\x01", "odd");
	compare("lowerdir=@/l1:@/l2");

	ck_assert_str_eq(view_read(&v, "/\xff\xfe\n\x01"), "odd");
	snprintf(path, sizeof(path), "/%s", name);
	ck_assert_str_eq(view_read(&v, path), "long");
	strcat(path, "n");
	ck_assert_int_eq(vfs_lstat(v.fs, path, &(struct vfs_stat){0}, NULL), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_mount_inside_a_layer_does_not_show)
{
	if (!nosys_has_open_tree()) /* then we can't say what is under it; see test_layer.c */
		return;
	tree_file(&v.t, "l1/d/under", "");
	tree_file(&v.t, "l2/x", "");
	ck_assert_int_eq(mount("tmpfs", tree_at(&v.t, "l1/d"), "tmpfs", 0, NULL), 0);
	compare("lowerdir=@/l1:@/l2");
	ck_assert_str_eq(view_list(&v, "/d"), "under");
	ck_assert_int_eq(umount(tree_at(&v.t, "l1/d")), 0);
}
END_TEST

static void make_random(unsigned long seed, unsigned n_lowers, bool upper, struct buf *options)
{
	struct dice dice = {.state = seed};

	for (unsigned i = 1; i <= n_lowers; i++) {
		char rel[16];

		snprintf(rel, sizeof(rel), "l%u", i);
		layers_make(&dice, tree_at(&v.t, rel), /* file_whiteouts= */ true);
		buf_addf(options, NULL, "%s@/%s", i == 1 ? "lowerdir=" : ":", rel);
	}
	if (!upper)
		return;
	layers_make(&dice, tree_at(&v.t, "u"), /* file_whiteouts= */ false);
	tree_dir(&v.t, "w");
	buf_addf(options, NULL, ",upperdir=@/u,workdir=@/w");
}

START_TEST(random_layers_look_as_in_the_kernel)
{
	for (unsigned long seed = 1; seed <= 150; seed++) {
		cleanup_buf struct buf options = BUF(4096);

		make_random(seed, 2 + (unsigned)seed % 3, seed % 2, &options);
		compare(options.data);
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/dir", setup, teardown, the_topmost_layer_wins_and_directories_merge,
      a_whiteout_hides_and_says_so_only_in_the_top, a_file_can_be_a_whiteout_too,
      an_opaque_directory_hides_what_is_below,
      attributes_of_the_user_form_count_with_userxattr_only,
      a_file_between_directories_ends_the_merge, a_directory_over_a_file_and_the_reverse,
      names_are_bytes, a_mount_inside_a_layer_does_not_show, random_layers_look_as_in_the_kernel)
