/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <sys/mount.h>

#include "tests/fuzz/fuzz.h"

enum { SKIP = 77 };

void fuzz_isolate(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", FUZZ_AT, "tmpfs", 0, NULL) < 0) {
		puts("needs root");
		exit(SKIP);
	}
}
