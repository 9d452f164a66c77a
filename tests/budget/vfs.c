/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budget of vfs: system calls of opening a typical overlay, telling the distribution and
 * finding the bundle. Whoever needs more says so here, and why.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/vfs/typical.h"
#include "tests/budget/count.h"
#include "tests/oracle/must.h"

#define BUDGET_TYPICAL 125

enum { SKIP = 77 };

static int look(void *arg)
{
	struct err e = ERR_NONE;
	int r = typical_look(arg, &e);

	if (r < 0)
		fprintf(stderr, "%s\n", e.msg);
	return r;
}

int main(void)
{
	cleanup_mount_specs struct mount_specs rootfs = {0};
	struct count count;
	int r;

	if (geteuid() != 0) {
		puts("needs root");
		return SKIP;
	}
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0 &&
		     mkdir("/tmp/typical", 0755) == 0,
	     "a mount namespace");
	typical_make("/tmp/typical", &rootfs);
	r = count_calls(look, &rootfs, &count);
	if (r == -1) {
		puts("can't trace");
		return SKIP;
	}
	count_print(&count);
	printf("%6d allowed\n", BUDGET_TYPICAL);
	return r == 0 && count.total > 0 && count.total <= BUDGET_TYPICAL ? EXIT_SUCCESS
									  : EXIT_FAILURE;
}
