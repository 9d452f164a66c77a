/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * child_calls - the system calls of child*.c, under glibc and under the small libc of runtime/init/
 *
 * The small one doesn't wrap the newer calls; runtime/init/calls.c does it in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#ifndef __GLIBC__
#include <linux/close_range.h>
#include <linux/mount.h>
#include <sys/types.h>

int fsopen(const char *type, unsigned flags);
int fsconfig(int fd, unsigned command, const char *key, const void *value, int aux);
int fsmount(int fd, unsigned flags, unsigned attributes);
int open_tree(int dirfd, const char *path, unsigned flags);
int move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags);
int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		  size_t size);
int close_range(unsigned first, unsigned last, int flags);
#endif
