/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/interpose.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct interpose interpose;

void interpose_reset(void)
{
	interpose = (struct interpose){0};
}

int ftruncate(int fd, off_t size)
{
	int r = (int)syscall(SYS_ftruncate, fd, size);

	if (interpose.after_truncate)
		interpose.after_truncate();
	return r;
}

int symlinkat(const char *target, int dirfd, const char *name)
{
	int r = (int)syscall(SYS_symlinkat, target, dirfd, name);

	if (r == 0 && interpose.after_symlink)
		interpose.after_symlink(dirfd, name);
	return r;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if ((flags & RENAME_EXCHANGE) && interpose.before_exchange)
		interpose.before_exchange(to_dir, to);
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int syncfs(int fd)
{
	if (interpose.before_sync)
		interpose.before_sync(fd);
	return (int)syscall(SYS_syncfs, fd);
}
