/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * interpose - somebody else acts between two system calls of vfs
 *
 * A program that is linked with vfs_interpose makes some of its system calls through here: they do
 * what they always do, and before or after that call what the test has set. Teardown resets it.
 */
#include <sys/types.h>

struct interpose {
	void (*after_truncate)(void);
	void (*after_symlink)(int dirfd, const char *name);   /* which was made */
	void (*before_exchange)(int dirfd, const char *name); /* which is about to be exchanged */
	void (*before_sync)(int fd); /* on the file system that is synced */
};

extern struct interpose interpose;

void interpose_reset(void);
