/* SPDX-License-Identifier: Apache-2.0 */
/* All of the vfs tests again where the system calls are denied that vfs likes best. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/support/suite.h"
#include "tests/unit/vfs/nosys.h"

static const char *const programs[] = {
	"command",  "content", "copy_up",     "dir",          "held",   "layer",  "list",
	"lookup",   "meta",    "mount_table", "overlay_attr", "remove", "rename", "resolve",
	"snapshot", "sync",    "temp",        "trace",        "write",
};

/* The program @name beside this one. */
static void sibling(const char *name, char *ret, size_t size)
{
	char self[LIMIT_PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(ret, size, "%s/unit-vfs-%s", self, name);
}

static void run(const char *name, int error)
{
	char path[LIMIT_PATH + 64];
	int status;
	pid_t pid;

	sibling(name, path, sizeof(path));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		nosys_deny("openat2", error);
		nosys_deny("open_tree", error);
		nosys_deny("mount_setattr", error);
		execl(path, path, NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %x", name, status);
}

static void run_all(int error)
{
	suite_need_root();
	if (!nosys_has_openat2()) /* we are in such a sandbox already */
		return;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		run(programs[i], error);
}

START_TEST(everything_works_where_calls_are_unknown)
{
	run_all(ENOSYS);
}
END_TEST

START_TEST(everything_works_where_calls_are_forbidden)
{
	run_all(EPERM);
}
END_TEST

SUITE("vfs/sandbox", NULL, NULL, everything_works_where_calls_are_unknown,
      everything_works_where_calls_are_forbidden)
