/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/cacerts/planner.h"

START_TEST(without_a_tool_our_certificates_go_behind_those_of_the_bundle)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	tree_file(&planner.v.t, "r" BUNDLE, "no line end");
	ck_assert_str_eq(planner_make(/* with_helper= */ true), "file " BUNDLE ";");
	ck_assert(planner.plan.complete);
	ck_assert_uint_eq(planner_n_dropins(), 2);
	ck_assert_int_eq(strncmp(planner_bytes(BUNDLE), "no line end\n-----BEGIN", 22), 0);
	ck_assert_ptr_nonnull(strstr(planner_bytes(BUNDLE), box_ours()->pem));
	ck_assert_int_eq(planner.n_calls, 0);
}
END_TEST

START_TEST(missing_directories_are_made_for_the_drop_in_files)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&planner.v.t, "r" BUNDLE, "");
	ck_assert_str_eq(planner_make(true), "mkdir /usr;mkdir /usr/local;mkdir /usr/local/share;"
					     "mkdir " DROPIN ";file " BUNDLE ";");
}
END_TEST

START_TEST(a_bundle_is_made_only_where_no_reader_would_find_another)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	ck_assert_str_eq(planner_make(true),
			 "mkdir /etc/ssl;mkdir /etc/ssl/certs;file " BUNDLE ";");
	ck_assert(planner.plan.complete);
	cacerts_plan_done(&planner.plan);
	tree_file(&planner.v.t, "r/etc/ssl/cert.pem", "# another family's\n");
	ck_assert_str_eq(planner_make(true), "file /etc/ssl/cert.pem;");
}
END_TEST

START_TEST(an_unknown_image_with_a_bundle_gets_it_appended)
{
	tree_file(&planner.v.t, "r/etc/ssl/cert.pem", "#\n");
	ck_assert_str_eq(planner_make(true), "file /etc/ssl/cert.pem;");
	ck_assert(planner.plan.complete);
	ck_assert_uint_eq(planner_n_dropins(), 0);
	ck_assert_str_eq(json_get_string(planner.plan.report, "family"), "unknown");
}
END_TEST

START_TEST(an_unknown_image_without_a_bundle_is_left_alone)
{
	ck_assert_str_eq(planner_make(true), "");
	ck_assert(!planner.plan.complete);
	planner_expect_skip("no family");
}
END_TEST

START_TEST(two_names_of_one_bundle_are_one_bundle)
{
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_link(&planner.v.t, "r/etc/ssl/cert.pem", "certs/ca-certificates.crt");
	tree_link(&planner.v.t, "r/etc/ssl/ca-bundle.pem", BUNDLE);
	ck_assert_str_eq(planner_make(true), "file " BUNDLE ";");
}
END_TEST

START_TEST(what_can_not_be_written_is_skipped_with_a_reason)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_dir(&planner.v.t, "r/usr");
	tree_file(&planner.v.t, "r/usr/local", "a file");
	tree_fifo(&planner.v.t, "r/etc/ssl/cert.pem");
	view_mount(&planner.v, "bind", "@/r/etc/ssl/certs", "/etc/ssl/certs", "rbind,ro");
	planner.strategies &= ~(1u << CACERTS_MASK);
	ck_assert_str_eq(planner_make(true), "");
	ck_assert(!planner.plan.complete);
	planner_expect_skip("not a directory");
	planner_expect_skip("not a regular file");
	planner_expect_skip("read-only");
}
END_TEST

START_TEST(a_drop_in_directory_that_leads_to_the_root_works)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_link(&planner.v.t, "r" DROPIN, "/");
	planner_make(true);
	ck_assert_uint_eq(planner_n_dropins(), 2);
	for (size_t i = 0; i < planner.plan.changes.n; i++)
		ck_assert_int_ne(strncmp(planner.plan.changes.v[i].path, "//", 2), 0);
}
END_TEST

static void make_image_with_tool(void)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	tree_file(&planner.v.t, "r" BUNDLE, "# before\n");
	tree_file(&planner.v.t, "r" TOOL, "#!/bin/sh\n");
	ck_assert_int_eq(chmod(tree_at(&planner.v.t, "r" TOOL), 0755), 0);
}

static const struct vfs_meta plain = {.fields = VFS_META_MODE, .mode = 0644};

static int good_tool(struct vfs *fs, int *status)
{
	cleanup_strv struct strv names = STRV(100);
	cleanup_buf struct buf text = BUF(1 << 20);
	struct err e = ERR_NONE;

	ck_ok(vfs_list(fs, DROPIN, &names, &e), e); /* the drop-in files are there for it */
	ck_assert_uint_eq(names.n, 2);
	buf_addf(&text, NULL, "# after\n%s%s", box_authorities()->v[0].pem,
		 box_authorities()->v[1].pem);
	ck_ok(vfs_put_file(fs, BUNDLE, text.data, text.n, &plain, &e), e);
	ck_ok(vfs_put_link(fs, "/etc/ssl/certs/x.0", "x.pem", &plain, &e), e);
	ck_ok(vfs_put_file(fs, "/etc/elsewhere", "x", 1, &plain, &e), e);
	*status = 0;
	return 0;
}

static int failing_tool(struct vfs *fs, int *status)
{
	good_tool(fs, status);
	*status = 3;
	return 0;
}

static int idle_tool(struct vfs *fs, int *status)
{
	(void)fs;
	*status = 0;
	return 0;
}

static int no_tool(struct vfs *fs, int *status)
{
	(void)fs;
	(void)status;
	return -ETIMEDOUT;
}

START_TEST(what_the_tool_did_is_the_plan)
{
	planner.tool = good_tool;
	make_image_with_tool();
	ck_assert_str_eq(planner_make(true), "file " BUNDLE ";link /etc/ssl/certs/x.0;");
	ck_assert(planner.plan.complete);
	ck_assert_uint_eq(planner_n_dropins(), 2);
	ck_assert_int_eq(planner.n_calls, 1);
}
END_TEST

START_TEST(a_tool_that_does_not_do_it_has_changed_nothing)
{
	static const struct {
		int (*tool)(struct vfs *fs, int *status);
		const char *reason;
	} rows[] = {{failing_tool, "status 3: the tool speaks"},
		    {idle_tool, "did not add"},
		    {no_tool, ""}};
	struct err e = ERR_NONE;

	make_image_with_tool();
	planner.strategies &= ~(1u << CACERTS_APPEND | 1u << CACERTS_CREATE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		planner.tool = rows[i].tool;
		ck_assert_str_eq(planner_make(true), "");
		ck_assert(!planner.plan.complete);
		ck_assert_uint_eq(planner_n_dropins(), 2);
		planner_expect_skip(rows[i].reason);
		cacerts_plan_done(&planner.plan);
		ck_ok(io_remove_tree_at(AT_FDCWD, tree_at(&planner.v.t, "scratch"), &e), e);
		tree_dir(&planner.v.t, "scratch");
	}
}
END_TEST

START_TEST(without_a_helper_the_plan_only_says_what_would_be_done)
{
	make_image_with_tool();
	ck_assert_str_eq(planner_make(false), "");
	ck_assert(planner.plan.complete);
	ck_assert_int_eq(planner.n_calls, 0);
}
END_TEST

START_TEST(a_tool_that_is_no_program_is_no_tool)
{
	make_image_with_tool();
	ck_assert_int_eq(chmod(tree_at(&planner.v.t, "r" TOOL), 0644), 0);
	ck_assert_str_eq(planner_make(true), "file " BUNDLE ";");
	ck_assert_int_eq(planner.n_calls, 0);
}
END_TEST

/* clang-format off */
static const struct {
	const char *script; /* in the image */
	const char *reason;
} traps[] = {
	{"mkfifo usr/local/share/ca-certificates/x.crt", "x.crt' is no regular file"},
	{"mkfifo etc/ssl/certs/x.pem", "x.pem' is no regular file"},
	{"mkfifo etc/fifo; ln -s ../../fifo etc/ssl/certs/x.pem", "x.pem' is no regular file"},
	{"mknod etc/ssl/certs/zero c 1 5", "zero' is no regular file"},
	{"mkfifo etc/ca-certificates.conf", "ca-certificates.conf' is no regular file"},
	{"truncate -s 10G usr/local/share/ca-certificates/x.crt", "is larger than any bundle"},
	{"cd usr/local/share/ca-certificates; seq 1 5000 | xargs touch", "has too many entries"},
	{"cd usr/local/share/ca-certificates; for i in 1 2; do mkdir $i; (cd $i; seq 1 3000 | xargs touch); "
	 "done", "one entry too many"},
	{"cd usr/local/share/ca-certificates; for i in $(seq 40); do mkdir d; cd d; done", "nested too deeply"},
};
/* clang-format on */

START_TEST(a_tool_is_not_led_into_a_trap)
{
	planner.tool = good_tool;
	make_image_with_tool();
	planner.strategies &= ~(1u << CACERTS_APPEND | 1u << CACERTS_CREATE);
	for (size_t i = 0; i < ARRAY_SIZE(traps); i++) {
		cleanup_free char *command = NULL;

		ck_assert_int_gt(asprintf(&command,
					  "cd '%s' && rm -rf usr/local etc/ssl etc/fifo etc/ca* && "
					  "mkdir -p etc/ssl/certs ." DROPIN " && { %s; }",
					  tree_at(&planner.v.t, "r"), traps[i].script),
				 0);
		ck_assert_int_eq(system(command), 0);
		ck_assert_str_eq(planner_make(true), "");
		planner_expect_skip(traps[i].reason);
		cacerts_plan_done(&planner.plan);
	}
	ck_assert_int_eq(planner.n_calls, 0);
}
END_TEST

SUITE("cacerts/plan", planner_setup, planner_teardown,
      without_a_tool_our_certificates_go_behind_those_of_the_bundle,
      missing_directories_are_made_for_the_drop_in_files,
      a_bundle_is_made_only_where_no_reader_would_find_another,
      an_unknown_image_with_a_bundle_gets_it_appended,
      an_unknown_image_without_a_bundle_is_left_alone, two_names_of_one_bundle_are_one_bundle,
      what_can_not_be_written_is_skipped_with_a_reason,
      a_drop_in_directory_that_leads_to_the_root_works, what_the_tool_did_is_the_plan,
      a_tool_that_does_not_do_it_has_changed_nothing,
      without_a_helper_the_plan_only_says_what_would_be_done, a_tool_that_is_no_program_is_no_tool,
      a_tool_is_not_led_into_a_trap)
