/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cacerts/pem.h"
#include "tests/unit/cacerts/planner.h"

static void setup(void)
{
	planner_setup();
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_link(&planner.v.t, "r/usr/lib/ssl/cert.pem", BUNDLE);
	tree_link(&planner.v.t, "r/etc/ssl/cert.pem", BUNDLE);
}

static void make_readonly(void)
{
	mount_specs_done(&planner.v.rootfs);
	planner.v.rootfs = (struct mount_specs){.n = 0};
	view_rootfs(&planner.v, "bind", "@/r", "rbind,ro");
}

static const char *plan(void)
{
	return planner_make(/* with_helper= */ true);
}

static const struct change *masked(const char *path)
{
	const struct change *c = changes_find(&planner.plan.masks, path);

	ck_assert_msg(c != NULL, "%s", path);
	return c;
}

START_TEST(on_a_read_only_rootfs_files_are_masked_and_nothing_is_changed)
{
	make_readonly();
	planner.strategies &= ~(1u << CACERTS_DROPIN);
	ck_assert_str_eq(plan(), "");
	ck_assert_str_eq(planner_masks(), BUNDLE ":file /0;");
	ck_assert_uint_eq(pem_count(masked("/0")->bytes, masked("/0")->n_bytes, box_ours()), 1);
	ck_assert(planner.plan.complete);
	ck_assert(json_is_true(json_object_get(
		json_array_get(json_object_get(planner.plan.report, "stores"), 0), "masked")));
}
END_TEST

START_TEST(for_new_entries_the_directory_is_masked_with_all_that_it_holds)
{
	make_readonly();
	tree_link(&planner.v.t, "r/etc/ssl/certs/0a0a0a0a.0", "x.pem");
	tree_file(&planner.v.t, "r/etc/ssl/certs/sub/x", "x");
	tree_fifo(&planner.v.t, "r/etc/ssl/certs/fifo");
	ck_assert_int_eq(chmod(tree_at(&planner.v.t, "r/etc/ssl/certs"), 0711), 0);
	ck_assert_str_eq(plan(), "");
	ck_assert_uint_eq(planner.plan.masked.n, 2);
	ck_assert_str_eq(planner.plan.masked.v[0], DROPIN);
	ck_assert_str_eq(planner.plan.masked.v[1], "/etc/ssl/certs");
	ck_assert_int_eq(masked("/1")->meta.mode, 0711);
	ck_assert_str_eq(masked("/1/0a0a0a0a.0")->target, "x.pem");
	ck_assert_int_eq(masked("/1/sub")->kind, CHANGE_MKDIR);
	masked("/1/sub/x");
	ck_assert_ptr_null(changes_find(&planner.plan.masks, "/1/fifo"));
	ck_assert_uint_eq(pem_count(masked("/1/ca-certificates.crt")->bytes,
				    masked("/1/ca-certificates.crt")->n_bytes, box_ours()),
			  1);
}
END_TEST

START_TEST(a_mount_of_a_single_file_is_masked)
{
	tree_file(&planner.v.t, "own.pem", "# the caller's\n");
	view_mount(&planner.v, "bind", "@/own.pem", BUNDLE, "bind,rw");
	ck_assert_str_eq(plan(), "");
	ck_assert_uint_eq(planner_n_dropins(), 2);
	ck_assert_str_eq(planner_masks(), BUNDLE ":file /0;");
	ck_assert_int_eq(strncmp(masked("/0")->bytes, "# the caller's\n", 15), 0);
}
END_TEST

START_TEST(a_directory_in_which_a_mount_begins_is_not_masked)
{
	make_readonly();
	tree_link(&planner.v.t, "r/etc/ssl/certs/0a0a0a0a.0", "x.pem");
	tree_dir(&planner.v.t, "r/etc/ssl/certs/sub");
	view_mount(&planner.v, "tmpfs", "tmpfs", "/etc/ssl/certs/sub", "");
	ck_assert_str_eq(plan(), "");
	planner_expect_skip("a mount begins at '/etc/ssl/certs/sub'");
	/* the bundle is a file of its own */
	ck_assert_str_eq(planner_masks(), DROPIN ":" BUNDLE ":mkdir /0;file /1;");
	ck_assert(planner.plan.complete);
}
END_TEST

START_TEST(a_directory_with_large_files_is_not_masked)
{
	make_readonly();
	tree_link(&planner.v.t, "r/etc/ssl/certs/0a0a0a0a.0", "x.pem");
	tree_file(&planner.v.t, "r/etc/ssl/certs/large", "");
	ck_assert_int_eq(truncate(tree_at(&planner.v.t, "r/etc/ssl/certs/large"), LIMIT_STORE_FILE),
			 0);
	plan();
	planner_expect_skip("large");
	ck_assert_str_eq(planner_masks(), DROPIN ":" BUNDLE ":mkdir /0;file /1;");
}
END_TEST

START_TEST(what_is_missing_on_a_read_only_rootfs_is_not_made)
{
	make_readonly();
	ck_assert_int_eq(rmdir(tree_at(&planner.v.t, "r" DROPIN)), 0);
	ck_assert_str_eq(plan(), "");
	ck_assert_str_eq(planner_masks(), BUNDLE ":file /0;");
	planner_expect_skip("it is missing, and nothing can be made there");
}
END_TEST

START_TEST(without_leave_to_mask_nothing_is_done)
{
	make_readonly();
	planner.strategies &= ~(1u << CACERTS_MASK);
	ck_assert_str_eq(plan(), "");
	ck_assert_str_eq(planner_masks(), "");
	ck_assert(!planner.plan.complete);
	ck_assert_uint_eq(json_array_size(json_object_get(planner.plan.report, "stores")), 0);
	planner_expect_skip("read-only");
}
END_TEST

START_TEST(what_can_be_written_is_not_masked)
{
	tree_dir(&planner.v.t, "stores");
	tree_file(&planner.v.t, "stores/ca-certificates.crt", "# of a volume\n");
	make_readonly();
	view_mount(&planner.v, "bind", "@/stores", "/etc/ssl/certs", "rbind,rw");
	ck_assert_str_eq(plan(), "file " BUNDLE ";");
	ck_assert_str_eq(planner_masks(), DROPIN ":mkdir /0;");
}
END_TEST

SUITE("cacerts/plan_mask", setup, planner_teardown,
      on_a_read_only_rootfs_files_are_masked_and_nothing_is_changed,
      for_new_entries_the_directory_is_masked_with_all_that_it_holds,
      a_mount_of_a_single_file_is_masked, a_directory_in_which_a_mount_begins_is_not_masked,
      a_directory_with_large_files_is_not_masked, what_is_missing_on_a_read_only_rootfs_is_not_made,
      without_leave_to_mask_nothing_is_done, what_can_be_written_is_not_masked)
