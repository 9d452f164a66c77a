/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * proc_fd - the path of a descriptor, for system calls that take no O_PATH descriptor
 *
 * The last step of "/proc/self/fd/N" leads to the very file that N stands for; if that is a
 * symlink, to the symlink itself. So a call on it that follows links follows nothing of the
 * image. Like vfs_text() the struct lives until the end of the full expression.
 */
#include <limits.h>
#include <stdio.h>

struct proc_fd {
	char s[sizeof("/proc/self/fd/") + 12 + NAME_MAX];
};

static inline struct proc_fd proc_fd(int fd)
{
	struct proc_fd p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

/* An entry of a directory; for calls that don't follow a link at the end. */
static inline struct proc_fd proc_fd_entry(int dirfd, const char *name)
{
	struct proc_fd p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d/%s", dirfd, name);
	return p;
}
