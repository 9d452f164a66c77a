/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "executor/internal.h"
#include "tests/unit/vfs/oracle.h"

static struct executor ex;
static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	ex = (struct executor){.authorities = authorities_new()};
	pthread_mutex_init(&ex.lock, NULL);
}

static void teardown(void)
{
	authorities_unref(ex.authorities);
	pthread_mutex_destroy(&ex.lock);
	view_done(&v);
}

/* The request borrows the view's specs. */
static int ask(const char *path, json_t **ret, struct err *e)
{
	const struct exec_request q = {.rootfs = v.rootfs, .mounts = v.mounts};

	return executor_explain(&ex, &q, path, ret, e);
}

/* The plan's "path"; the caller frees it. */
static json_t *explained(const char *path)
{
	cleanup_json json_t *plan = NULL;
	struct err e = ERR_NONE;

	ck_ok(ask(path, &plan, &e), e);
	ck_assert(json_is_boolean(json_object_get(plan, "complete")));
	return json_incref(json_object_get(plan, "path"));
}

/* Compare with JSON that has ' for " and the tree's host path for @. */
static void expect(const char *path, const char *wanted)
{
	cleanup_json json_t *got = explained(path);
	cleanup_free char *line = json_line(got);
	cleanup_free char *text = view_expand(&v, wanted);

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p == '^' ? '\'' : *p;
	ck_assert_str_eq(line, text);
}

static void expect_refused(const char *path, int code, const char *message)
{
	cleanup_json json_t *plan = NULL;
	struct err e = ERR_NONE;

	ck_assert_int_eq(ask(path, &plan, &e), code);
	ck_assert_int_eq(e.kind, ERR_INVALID);
	ck_assert_str_eq(e.msg, message);
	ck_assert_ptr_null(plan);
}

START_TEST(a_path_is_followed_through_layers_and_mounts)
{
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;

	tree_link(&v.t, "l/bin", "usr/b n");
	tree_link(&v.t, "u/usr/b n/sh", "/data/sh");
	tree_dir(&v.t, "l/data");
	tree_file(&v.t, "d/sh", "");
	tree_dir(&v.t, "w");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l,upperdir=@/u,workdir=@/w");
	view_mount(&v, "bind", "@/d", "/data", "");
	before = tree_manifest(&v.t, "");
	expect("/bin/sh",
	       "{'asked':'/bin/sh','resolved':'/data/sh','type':'file','steps':["
	       "{'path':'/bin','type':'link','target':'usr/b%20n','mount':'/',"
	       "'layer':'overlay lower 1 ^@/l^'},"
	       "{'path':'/usr/b%20n/sh','type':'link','target':'/data/sh','mount':'/',"
	       "'layer':'overlay upper ^@/u^'},"
	       "{'path':'/data/sh','type':'file','mount':'/data','layer':'bind ^@/d^'}]}");
	after = tree_manifest(&v.t, "");
	ck_assert_str_eq(after, before);
}
END_TEST

START_TEST(a_relative_path_is_taken_from_the_root_and_may_be_missing)
{
	tree_dir(&v.t, "r/tmp");
	view_rootfs(&v, "bind", "@/r", "");
	expect("tmp/../tmp/none/./x",
	       "{'asked':'tmp/../tmp/none/./x','resolved':'/tmp/none/x','type':'absent','steps':["
	       "{'path':'/tmp/none/x','type':'absent','mount':'/','layer':'bind ^@/r^'}]}");
}
END_TEST

START_TEST(what_the_runtime_mounts_is_unreachable)
{
	tree_link(&v.t, "r/self", "/proc/self");
	tree_file(&v.t, "r/dev/pts/0", "hidden");
	tree_dir(&v.t, "r/mine");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/r/mine", "/dev/mine", "");
	expect("/self/fd",
	       "{'asked':'/self/fd','resolved':'/proc/self/fd','type':'unreachable','steps':["
	       "{'path':'/self','type':'link','target':'/proc/self','mount':'/',"
	       "'layer':'bind ^@/r^'},"
	       "{'path':'/proc/self/fd','type':'unreachable','mount':'/proc',"
	       "'layer':'proc on ^/proc^'}]}");
	expect("/dev/pts/0",
	       "{'asked':'/dev/pts/0','resolved':'/dev/pts/0','type':'unreachable','steps':["
	       "{'path':'/dev/pts/0','type':'unreachable','mount':'/dev/pts',"
	       "'layer':'devpts on ^/dev/pts^'}]}");
	expect("/dev/mine",
	       "{'asked':'/dev/mine','resolved':'/dev/mine','type':'directory','steps':["
	       "{'path':'/dev/mine','type':'directory','mount':'/dev/mine',"
	       "'layer':'bind ^@/r/mine^'}]}");
}
END_TEST

START_TEST(bytes_that_json_can_not_carry_are_escaped)
{
	tree_link(&v.t, "r/\xff", "\xfe/%");
	tree_link(&v.t, "r/m", "p\xfd");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "proc", "proc", "/m", "");
	expect("/\xff", "{'asked':'/%FF','resolved':'/%FE/%25','type':'absent','steps':["
			"{'path':'/%FF','type':'link','target':'%FE/%25','mount':'/',"
			"'layer':'bind ^@/r^'},"
			"{'path':'/%FE/%25','type':'absent','mount':'/','layer':'bind ^@/r^'}]}");
	expect("/m", "{'asked':'/m','resolved':'/p%FD','type':'unreachable','steps':["
		     "{'path':'/m','type':'link','target':'p%FD','mount':'/','layer':'bind ^@/r^'},"
		     "{'path':'/p%FD','type':'unreachable','mount':'/p%FD',"
		     "'layer':'proc%20on%20^/p%FD^'}]}");
}
END_TEST

START_TEST(a_metacopy_has_two_layers)
{
	static const char options[] = "lowerdir=@/l,upperdir=@/u,workdir=@/w,metacopy=on";

	tree_file(&v.t, "l/file", "content");
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
	oracle_mount(&v, options, "m");
	ck_assert_int_eq(chmod(tree_at(&v.t, "m/file"), 0600), 0);
	oracle_unmount(&v, "m");
	view_rootfs(&v, "overlay", "", options);
	expect("/file", "{'asked':'/file','resolved':'/file','type':'file','steps':["
			"{'path':'/file','type':'file','mount':'/',"
			"'layer':'overlay upper ^@/u^','content':'overlay lower 1 ^@/l^'}]}");
}
END_TEST

START_TEST(the_default_rootfs_is_an_overlay_over_the_hosts)
{
	expect("/proc/..", "{'asked':'/proc/..','resolved':'/','type':'directory','steps':["
			   "{'path':'/','type':'directory','mount':'/',"
			   "'layer':'overlay lower 1 ^/^'}]}");
}
END_TEST

START_TEST(a_plan_without_a_path_has_none)
{
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "");
	ck_assert_ptr_null(explained(NULL));
}
END_TEST

START_TEST(a_path_that_can_not_be_resolved_is_named)
{
	char longest[LIMIT_PATH + 1] = "";

	memset(longest, '/', LIMIT_PATH);
	tree_link(&v.t, "r/loop", "loop");
	tree_file(&v.t, "r/file", "");
	view_rootfs(&v, "bind", "@/r", "");
	expect_refused("/loop", -ELOOP, "path: resolving '/loop': more than 40 symbolic links");
	expect_refused("file/x", -ENOTDIR, "path: resolving 'file/x': '/file' is not a directory");
	expect_refused(longest, -ENAMETOOLONG, "path: a path is too long");
}
END_TEST

SUITE("executor/explain", setup, teardown, a_path_is_followed_through_layers_and_mounts,
      a_relative_path_is_taken_from_the_root_and_may_be_missing,
      what_the_runtime_mounts_is_unreachable, bytes_that_json_can_not_carry_are_escaped,
      a_metacopy_has_two_layers, the_default_rootfs_is_an_overlay_over_the_hosts,
      a_plan_without_a_path_has_none, a_path_that_can_not_be_resolved_is_named)
