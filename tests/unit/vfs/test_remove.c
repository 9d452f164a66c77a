/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/xattr.h>
#include <unistd.h>

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

START_TEST(a_lower_entry_is_removed_by_a_whiteout)
{
	tree_file(&v.t, "l1/file", "");
	tree_dir(&v.t, "l2/dir");
	tree_file(&v.t, "u/own", "");
	tree_file(&v.t, "u/file", "");
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_remove(v.fs, "/file", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/dir", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/own", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/own", NULL), 0); /* again: it is absent */
	ck_assert_int_eq(vfs_remove(v.fs, "/no/such/thing", NULL), 0);

	ck_assert(view_has_whiteout(&v, "u/file"));
	ck_assert(view_has_whiteout(&v, "u/dir"));
	ck_assert_int_eq(access(tree_at(&v.t, "u/own"), F_OK), -1);
	ck_assert_str_eq(view_list(&v, "/"), "");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_directory_is_empty_when_its_merged_listing_is)
{
	tree_file(&v.t, "l1/d/file", "");
	tree_dir(&v.t, "u/d");
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_remove(v.fs, "/d", NULL), -ENOTEMPTY);
	ck_assert_int_eq(vfs_remove(v.fs, "/d/file", NULL), 0);
	ck_assert(view_has_whiteout(&v, "u/d/file"));
	ck_assert_int_eq(vfs_remove(v.fs, "/d", NULL), 0);
	ck_assert(view_has_whiteout(&v, "u/d"));
	ck_assert_str_eq(view_list(&v, "/"), "");
}
END_TEST

START_TEST(drop_shows_again_what_is_below)
{
	tree_file(&v.t, "l1/file", "lower");
	tree_file(&v.t, "l1/gone", "lower");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u");
	view_open_overlay(&v);
	view_put(&v, "/file", "top");
	ck_assert_int_eq(vfs_remove(v.fs, "/gone", NULL), 0);
	ck_assert(view_stat(&v, "/file").below);
	ck_assert_int_eq(vfs_drop(v.fs, "/file", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/file", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/gone", NULL), 0);

	ck_assert_str_eq(view_read(&v, "/file"), "lower");
	ck_assert_str_eq(view_read(&v, "/gone"), "lower");
	ck_assert(!view_stat(&v, "/file").in_top);
}
END_TEST

START_TEST(dropping_everything_leaves_an_empty_upper)
{
	size_t n;

	tree_file(&v.t, "l1/etc/ssl/certs/old.pem", "");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u");
	view_open_overlay(&v);
	view_put(&v, "/etc/ssl/certs/new.pem", "x");
	ck_assert_int_eq(vfs_remove(v.fs, "/etc/ssl/certs/old.pem", NULL), 0);
	ck_assert_int_eq(vfs_count_top(v.fs, "/etc/ssl/certs", &n, NULL), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc/ssl/certs", NULL), -ENOTEMPTY);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc/ssl/certs/new.pem", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc/ssl/certs/old.pem", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc/ssl/certs", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc/ssl", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/etc", NULL), 0);

	ck_assert_int_eq(rmdir(tree_at(&v.t, "u")), 0);
	ck_assert_str_eq(view_list(&v, "/etc/ssl/certs"), "old.pem");
}
END_TEST

START_TEST(a_drop_leaves_the_mark_that_was_there)
{
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;
	struct err e = ERR_NONE;

	tree_file(&v.t, "l1/d/file", "x");
	tree_dir(&v.t, "u/d");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "u/d"), "trusted.overlay.impure", "y", 1, 0), 0);
	view_open_overlay(&v);
	view_set_old_times(&v, "u/d");
	view_set_old_times(&v, "u");
	before = tree_manifest(&v.t, "u");
	view_put(&v, "/d/new", "x");
	ck_ok(vfs_drop(v.fs, "/d/new", &e), e);
	view_set_old_times(&v, "u/d");
	after = tree_manifest(&v.t, "u");
	ck_assert_str_eq(before, after);
}
END_TEST

SUITE("vfs/remove", setup, teardown, a_lower_entry_is_removed_by_a_whiteout,
      a_directory_is_empty_when_its_merged_listing_is, drop_shows_again_what_is_below,
      dropping_everything_leaves_an_empty_upper, a_drop_leaves_the_mark_that_was_there)
