/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

static void make_command(const char *rel)
{
	tree_file(&v.t, rel, "#!/bin/sh\n");
	ck_assert_int_eq(chmod(tree_at(&v.t, rel), 0755), 0);
}

static const struct {
	const char *command;
	const char *search_path;
	int r;
	const char *ret;
} cases[] = {
	{"sh", "/usr/bin:/bin", 0, "/bin/sh"},
	{"tool", "/usr/bin:/bin", 0, "/usr/bin/tool"},
	{"linked", "/usr/bin", 0, "/usr/bin/linked"}, /* by its own name, not the target's */
	{"sh", "/sbin", 0, "/sbin/sh"},               /* a linked directory */
	{"sh", "bin:/bin", 0, "/bin/sh"},             /* relative ones are not searched */
	{"sh", "bin", -ENOENT, NULL},
	{"sh", "", -ENOENT, NULL},
	{"", "/bin", -ENOENT, NULL},
	{"none", "/usr/bin:/bin", -ENOENT, NULL},
	{"plain", "/usr/bin:/bin", -EACCES, NULL},
	{"plain", "/usr/bin:/opt", 0, "/opt/plain"}, /* a later one that can */
	{"dir", "/usr/bin", -EACCES, NULL},
	{"fifo", "/usr/bin", -EACCES, NULL},
	{"dangling", "/usr/bin", -ENOENT, NULL},
	{"x", "/proc:/bin", -ENOENT, NULL},
	{"/bin/sh", "", 0, "/bin/sh"},
	{"bin/sh", "", 0, "/bin/sh"},
	{"/usr/bin/plain", "/opt", -EACCES, NULL},
	{"../bin/sh", "", 0, "/../bin/sh"},
};

START_TEST(a_command_is_what_execvp_would_run)
{
	make_command("r/bin/sh");
	make_command("r/usr/bin/tool");
	make_command("r/opt/plain");
	tree_file(&v.t, "r/usr/bin/plain", "");
	tree_dir(&v.t, "r/usr/bin/dir");
	tree_fifo(&v.t, "r/usr/bin/fifo");
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/usr/bin/fifo"), 0755), 0);
	tree_link(&v.t, "r/usr/bin/linked", "/bin/sh");
	tree_link(&v.t, "r/usr/bin/dangling", "/none");
	tree_link(&v.t, "r/sbin", "bin");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char ret[LIMIT_PATH] = "untouched";
		struct err e = ERR_NONE;
		int r = vfs_find_command(v.fs, cases[i].command, cases[i].search_path, ret, &e);

		ck_assert_msg(r == cases[i].r, "'%s' in '%s': %d", cases[i].command,
			      cases[i].search_path, r);
		ck_assert_str_eq(ret, r == 0 ? cases[i].ret : "untouched");
		ck_assert(r != -ENOENT || e.kind == ERR_COMMAND_NOT_FOUND);
		ck_assert(r != -EACCES || e.kind == ERR_NOT_EXECUTABLE);
	}
}
END_TEST

START_TEST(a_command_on_a_noexec_mount_is_passed_over)
{
	char found[LIMIT_PATH] = "";
	struct err e = ERR_NONE;

	tree_dir(&v.t, "r/a");
	make_command("r/b/cmd");
	make_command("data/cmd");
	tree_dir(&v.t, "k");
	oracle_bind(&v, "data", "k", MS_NOEXEC);
	ck_assert_int_eq(access(tree_at(&v.t, "k/cmd"), X_OK), -1);
	oracle_unmount(&v, "k");

	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/data", "/a", "bind,noexec");
	view_open(&v);
	ck_ok(vfs_find_command(v.fs, "cmd", "/a:/b", found, &e), e);
	ck_assert_str_eq(found, "/b/cmd");
}
END_TEST

START_TEST(a_path_list_is_limited)
{
	char *path = malloc(LIMIT_STRING + 1);
	char ret[LIMIT_PATH];

	ck_assert_ptr_nonnull(path);
	memset(path, '/', LIMIT_STRING);
	path[LIMIT_STRING] = '\0';
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_find_command(v.fs, "x", path, ret, NULL), -E2BIG);
	path[LIMIT_PATH] = '\0'; /* an entry that is longer than any path is no directory */
	ck_assert_int_eq(vfs_find_command(v.fs, "x", path, ret, NULL), -ENOENT);
	free(path);
}
END_TEST

SUITE("vfs/command", setup, teardown, a_command_is_what_execvp_would_run,
      a_command_on_a_noexec_mount_is_passed_over, a_path_list_is_limited)
