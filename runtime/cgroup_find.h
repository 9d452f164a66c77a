/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cgroup_find - where the cgroup v2 hierarchy is, and who is where in it (private to runtime/)
 *
 * Paths inside the hierarchy are canonical ("/a/b"); the root is that of our cgroup namespace.
 */
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"

/* The directory on which it is mounted. Returns 0; -ENOENT (ERR_UNSUPPORTED) when it isn't. */
int cgroup_find_mount(char ret[LIMIT_PATH], struct err *e);
/* The cgroup of a process. Returns 0; -ENOENT for no such process or none (ERR_UNSUPPORTED). */
int cgroup_find_process(pid_t pid, char ret[LIMIT_PATH], struct err *e);
/* The host path of a path inside the hierarchy. Returns 0, -ENAMETOOLONG (ERR_INVALID). */
int cgroup_find_host_path(const char *mount, const char *path, char ret[LIMIT_PATH], struct err *e);
