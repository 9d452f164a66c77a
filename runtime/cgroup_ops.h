/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* cgroup_ops - what is done to one cgroup directory (private to runtime/) */
#include <stdint.h>

#include "base/err.h"

/* Write a control file of the cgroup @dirfd, in one piece. Returns 0 or -errno. */
int cgroup_write(int dirfd, const char *file, const char *text, struct err *e);

/*
 * Kill everything in the cgroup @name of @parent and below it, wait until it is empty, remove
 * it. Returns 0, also when there is none; -ETIMEDOUT (ERR_CLEANUP).
 */
int cgroup_kill_and_remove(int parent, const char *name, uint64_t timeout_usec, struct err *e);
