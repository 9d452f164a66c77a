/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/cacerts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/cacerts/box.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define DROPIN "/usr/local/share/ca-certificates"
#define TOOL   "/usr/sbin/update-ca-certificates"

static struct view v;
static struct cacerts_plan plan;
static int (*tool)(struct vfs *fs, int *status); /* what the fake helper does */
static int n_calls;

static void setup(void)
{
	box_begin();
	view_init(&v);
	tree_dir(&v.t, "scratch");
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
}

static void teardown(void)
{
	cacerts_plan_done(&plan);
	view_done(&v);
	box_end();
}

static int fake_helper(void *arg, const struct mount_specs *rootfs,
		       const struct mount_specs *mounts, const char *const *argv,
		       struct buf *output, int *ret_status, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;

	ck_assert_ptr_eq(arg, &v);
	ck_assert_str_eq(argv[0], TOOL);
	n_calls++;
	buf_addf(output, NULL, "the tool speaks");
	ck_ok(vfs_new(rootfs, mounts, &fs, e), *e);
	return tool(fs, ret_status);
}

/* The plan, and its changes as "kind path;" */
static const char *make_plan(bool with_helper)
{
	static const char *const words[] = {"mkdir", "file", "link", "meta", "remove", "drop"};
	static char text[8192];
	const struct cacerts_request q = {
		.rootfs = &v.rootfs,
		.mounts = &v.mounts,
		.authorities = box_authorities(),
		.scratch = tree_at(&v.t, "scratch"),
		.helper = with_helper ? fake_helper : NULL,
		.helper_arg = &v,
	};
	cleanup_free char *before = tree_manifest(&v.t, "r");
	cleanup_free char *after = NULL;
	struct err e = ERR_NONE;
	size_t n = 0;

	view_open(&v);
	ck_ok(cacerts_plan(&q, v.fs, &plan, &e), e);
	after = tree_manifest(&v.t, "r");
	ck_assert_str_eq(after, before); /* a plan changes nothing */
	text[0] = '\0';
	for (size_t i = 0; i < plan.changes.n; i++) {
		const char *path = plan.changes.v[i].path;

		if (!strstr(path, "anchord-")) /* these have names of chance */
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s;",
					      words[plan.changes.v[i].kind], path);
	}
	return text;
}

static size_t n_dropins(void)
{
	size_t n = 0;

	for (size_t i = 0; i < plan.changes.n; i++)
		n += plan.changes.v[i].role == ROLE_DROPIN;
	return n;
}

static void expect_skip(const char *words)
{
	cleanup_free char *text = json_line(json_object_get(plan.report, "skipped"));

	ck_assert_msg(strstr(text, words) != NULL, "%s", text);
}

static const char *bytes_of(const char *path)
{
	const struct change *c = changes_find(&plan.changes, path);
	static char text[65536];

	ck_assert_msg(c && c->kind == CHANGE_FILE, "%s", path);
	snprintf(text, sizeof(text), "%.*s", (int)c->n_bytes, c->bytes);
	return text;
}

START_TEST(without_a_tool_our_certificates_go_behind_those_of_the_bundle)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&v.t, "r" DROPIN);
	tree_file(&v.t, "r" BUNDLE, "no line end");
	ck_assert_str_eq(make_plan(/* with_helper= */ true), "file " BUNDLE ";");
	ck_assert(plan.complete);
	ck_assert_uint_eq(n_dropins(), 2);
	ck_assert_int_eq(strncmp(bytes_of(BUNDLE), "no line end\n-----BEGIN", 22), 0);
	ck_assert_ptr_nonnull(strstr(bytes_of(BUNDLE), box_ours()->pem));
	ck_assert_int_eq(n_calls, 0);
}
END_TEST

START_TEST(missing_directories_are_made_for_the_drop_in_files)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&v.t, "r" BUNDLE, "");
	ck_assert_str_eq(make_plan(true), "mkdir /usr;mkdir /usr/local;mkdir /usr/local/share;"
					  "mkdir " DROPIN ";file " BUNDLE ";");
}
END_TEST

START_TEST(a_bundle_is_made_only_where_no_reader_would_find_another)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&v.t, "r" DROPIN);
	ck_assert_str_eq(make_plan(true), "mkdir /etc/ssl;mkdir /etc/ssl/certs;file " BUNDLE ";");
	ck_assert(plan.complete);
	cacerts_plan_done(&plan);
	tree_file(&v.t, "r/etc/ssl/cert.pem", "# another family's\n");
	ck_assert_str_eq(make_plan(true), "file /etc/ssl/cert.pem;");
}
END_TEST

START_TEST(an_unknown_image_with_a_bundle_gets_it_appended)
{
	tree_file(&v.t, "r/etc/ssl/cert.pem", "#\n");
	ck_assert_str_eq(make_plan(true), "file /etc/ssl/cert.pem;");
	ck_assert(plan.complete);
	ck_assert_uint_eq(n_dropins(), 0);
	ck_assert_str_eq(json_get_string(plan.report, "family"), "unknown");
}
END_TEST

START_TEST(an_unknown_image_without_a_bundle_is_left_alone)
{
	ck_assert_str_eq(make_plan(true), "");
	ck_assert(!plan.complete);
	expect_skip("no family");
}
END_TEST

START_TEST(two_names_of_one_bundle_are_one_bundle)
{
	tree_file(&v.t, "r" BUNDLE, "#\n");
	tree_link(&v.t, "r/etc/ssl/cert.pem", "certs/ca-certificates.crt");
	tree_link(&v.t, "r/etc/ssl/ca-bundle.pem", BUNDLE);
	ck_assert_str_eq(make_plan(true), "file " BUNDLE ";");
}
END_TEST

START_TEST(what_can_not_be_written_is_skipped_with_a_reason)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&v.t, "r" BUNDLE, "#\n");
	tree_dir(&v.t, "r/usr");
	tree_file(&v.t, "r/usr/local", "a file");
	tree_fifo(&v.t, "r/etc/ssl/cert.pem");
	view_mount(&v, "bind", "@/r/etc/ssl/certs", "/etc/ssl/certs", "rbind,ro");
	ck_assert_str_eq(make_plan(true), "");
	ck_assert(!plan.complete);
	expect_skip("not a directory");
	expect_skip("not a regular file");
	expect_skip("read-only");
}
END_TEST

START_TEST(a_drop_in_directory_that_leads_to_the_root_works)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&v.t, "r" BUNDLE, "#\n");
	tree_link(&v.t, "r" DROPIN, "/");
	make_plan(true);
	ck_assert_uint_eq(n_dropins(), 2);
	for (size_t i = 0; i < plan.changes.n; i++)
		ck_assert_int_ne(strncmp(plan.changes.v[i].path, "//", 2), 0);
}
END_TEST

static void make_image_with_tool(void)
{
	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&v.t, "r" DROPIN);
	tree_file(&v.t, "r" BUNDLE, "# before\n");
	tree_file(&v.t, "r" TOOL, "#!/bin/sh\n");
	ck_assert_int_eq(chmod(tree_at(&v.t, "r" TOOL), 0755), 0);
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
	tool = good_tool;
	make_image_with_tool();
	ck_assert_str_eq(make_plan(true), "file " BUNDLE ";link /etc/ssl/certs/x.0;");
	ck_assert(plan.complete);
	ck_assert_uint_eq(n_dropins(), 2);
	ck_assert_int_eq(n_calls, 1);
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
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tool = rows[i].tool;
		ck_assert_str_eq(make_plan(true), "");
		ck_assert(!plan.complete);
		ck_assert_uint_eq(n_dropins(), 2);
		expect_skip(rows[i].reason);
		cacerts_plan_done(&plan);
		ck_ok(io_remove_tree_at(AT_FDCWD, tree_at(&v.t, "scratch"), &e), e);
		tree_dir(&v.t, "scratch");
	}
}
END_TEST

START_TEST(without_a_helper_the_plan_only_says_what_would_be_done)
{
	make_image_with_tool();
	ck_assert_str_eq(make_plan(false), "");
	ck_assert(plan.complete);
	ck_assert_int_eq(n_calls, 0);
}
END_TEST

START_TEST(a_tool_that_is_no_program_is_no_tool)
{
	make_image_with_tool();
	ck_assert_int_eq(chmod(tree_at(&v.t, "r" TOOL), 0644), 0);
	ck_assert_str_eq(make_plan(true), "file " BUNDLE ";");
	ck_assert_int_eq(n_calls, 0);
}
END_TEST

SUITE("cacerts/plan", setup, teardown,
      without_a_tool_our_certificates_go_behind_those_of_the_bundle,
      missing_directories_are_made_for_the_drop_in_files,
      a_bundle_is_made_only_where_no_reader_would_find_another,
      an_unknown_image_with_a_bundle_gets_it_appended,
      an_unknown_image_without_a_bundle_is_left_alone, two_names_of_one_bundle_are_one_bundle,
      what_can_not_be_written_is_skipped_with_a_reason,
      a_drop_in_directory_that_leads_to_the_root_works, what_the_tool_did_is_the_plan,
      a_tool_that_does_not_do_it_has_changed_nothing,
      without_a_helper_the_plan_only_says_what_would_be_done, a_tool_that_is_no_program_is_no_tool)
