/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mounted_overlay.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/support/suite.h"
#include "tests/unit/vfs/oracle.h"
#include "vfs/vfs.h"

static struct view v;

static void setup(void)
{
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	view_done(&v);
}

/* The kernel's own words for what it has mounted lead to the same files. */
static void assert_same_files(const char *options)
{
	struct mount_specs specs = {.n = 0};
	struct err e = ERR_NONE;

	oracle_mount(&v, options, "m");
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "m"), &specs, &e), 1);
	mount_specs_done(&v.rootfs);
	v.rootfs = specs;
	view_open(&v);
	oracle_compare(&v, tree_at(&v.t, "m"));
	oracle_unmount(&v, "m");
}

START_TEST(the_layers_of_a_mounted_overlay_are_told)
{
	tree_file(&v.t, "l1/a", "one");
	tree_file(&v.t, "l2/a", "two");
	tree_file(&v.t, "l2/b", "two");
	tree_file(&v.t, "u/c", "up");
	tree_dir(&v.t, "w");
	assert_same_files("lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,metacopy=on");
}
END_TEST

START_TEST(layers_may_have_any_name)
{
	tree_file(&v.t, "a b\tc#d/x", "one");
	tree_file(&v.t, "e\\,f\\:g/y", "two"); /* a comma and a colon, as mount(2) wants them */
	tree_dir(&v.t, "w w");
	tree_dir(&v.t, "u\nu");
	ck_assert_int_eq(rename(tree_at(&v.t, "e\\,f\\:g"), tree_at(&v.t, "e,f:g")), 0);
	assert_same_files("lowerdir=@/a b\tc#d:@/e\\,f\\:g,upperdir=@/u\nu,workdir=@/w w");
}
END_TEST

START_TEST(an_overlay_without_an_upper_is_one_too)
{
	tree_file(&v.t, "l1/a", "one");
	tree_file(&v.t, "l2/b", "two");
	assert_same_files("lowerdir=@/l1:@/l2");
}
END_TEST

START_TEST(other_directories_are_no_overlay)
{
	struct mount_specs specs = {.n = 0};
	struct err e = ERR_NONE;

	tree_file(&v.t, "l1/d/a", "one");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "bound");
	oracle_mount(&v, "lowerdir=@/l1:@/l2", "m");
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "l1"), &specs, &e), 0);
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "m/d"), &specs, &e), 0);
	oracle_bind(&v, "m/d", "bound", 0); /* a part of one: its top is not the layers' */
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "bound"), &specs, &e), 0);
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "none"), &specs, &e), -ENOENT);
	oracle_unmount(&v, "bound");
	oracle_unmount(&v, "m");
}
END_TEST

START_TEST(layers_with_relative_paths_are_not_guessed)
{
	struct mount_specs specs = {.n = 0};
	struct err e = ERR_NONE;

	tree_dir(&v.t, "l1");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "m");
	ck_assert_int_eq(chdir(tree_at(&v.t, ".")), 0);
	ck_assert_int_eq(mount("overlay", "m", "overlay", 0, "lowerdir=l1:l2"), 0);
	ck_assert_int_eq(mounted_overlay_read(tree_at(&v.t, "m"), &specs, &e), -EOPNOTSUPP);
	ck_assert_int_eq(chdir("/"), 0);
	oracle_unmount(&v, "m");
}
END_TEST

static const char *content(const char *path)
{
	static char text[64];
	FILE *file = fopen(tree_at(&v.t, path), "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[n] = '\0';
	return text;
}

START_TEST(what_has_changed_in_a_layer_is_seen_after_forgetting)
{
	struct err e = ERR_NONE;
	struct stat st;

	tree_file(&v.t, "l1/etc/d/a", "low");
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
	oracle_mount(&v, "lowerdir=@/l1,upperdir=@/u,workdir=@/w", "m");
	ck_assert_str_eq(content("m/etc/d/a"), "low");
	ck_assert_int_lt(stat(tree_at(&v.t, "m/etc/d/b"), &st), 0);
	tree_file(&v.t, "u/etc/d/a", "up");
	tree_file(&v.t, "u/etc/d/b", "new");
	ck_ok(mounted_overlay_forget(tree_at(&v.t, "m"), &e), e);
	ck_assert_str_eq(content("m/etc/d/a"), "up");
	ck_assert_str_eq(content("m/etc/d/b"), "new");
	ck_assert_int_eq(unlink(tree_at(&v.t, "u/etc/d/a")), 0);
	ck_assert_int_eq(unlink(tree_at(&v.t, "u/etc/d/b")), 0);
	ck_ok(mounted_overlay_forget(tree_at(&v.t, "m"), &e), e);
	ck_assert_str_eq(content("m/etc/d/a"), "low");
	ck_assert_int_lt(stat(tree_at(&v.t, "m/etc/d/b"), &st), 0);
	oracle_unmount(&v, "m");
}
END_TEST

SUITE("vfs/mounted_overlay", setup, teardown, the_layers_of_a_mounted_overlay_are_told,
      layers_may_have_any_name, an_overlay_without_an_upper_is_one_too,
      other_directories_are_no_overlay, layers_with_relative_paths_are_not_guessed,
      what_has_changed_in_a_layer_is_seen_after_forgetting)
