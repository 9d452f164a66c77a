/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* cgroup_ops - what is done to one cgroup directory (private to runtime/) */
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define CGROUP_CONTROLLERS_MAX 32 /* the kernel knows about 15 */

/* Write a control file of the cgroup @dirfd, in one piece. Returns 0 or -errno. */
int cgroup_write(int dirfd, const char *file, const char *text, struct err *e);

/* Read a control file that holds words: add them to @ret. Returns 0, -ENOENT, -errno. */
int cgroup_read_words(int dirfd, const char *file, struct strv *ret, struct err *e);
/* ... one number; UINT64_MAX for "max". */
int cgroup_read_number(int dirfd, const char *file, uint64_t *ret, struct err *e);
/* ... lines of "key number": that of @key. -ENOENT also when there is none. */
int cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *ret, struct err *e);

/* Is @line ("populated 1") in cgroup.events? Returns 1 or 0, -errno. */
int cgroup_has_event(int dirfd, const char *line, struct err *e);
/* Wait until it is there. Returns 0; -ETIMEDOUT (ERR_DEADLINE). */
int cgroup_wait_event(int dirfd, const char *line, uint64_t timeout_usec, struct err *e);

/* Stop all processes, wait until they are. Returns 0; on -ETIMEDOUT (ERR_DEADLINE) they go on. */
int cgroup_freeze(int dirfd, uint64_t timeout_usec, struct err *e);

/* SIGKILL for all processes in it and below, frozen ones too; doesn't wait. */
int cgroup_kill(int dirfd, struct err *e);
/* The same before Linux 5.14, which brings cgroup.kill. */
int cgroup_kill_each(int dirfd, struct err *e);

/*
 * Kill everything in the cgroup @name of @parent and below it, wait until it is empty, remove
 * it. Returns 0, also when there is none; -ETIMEDOUT (ERR_CLEANUP).
 */
int cgroup_kill_and_remove(int parent, const char *name, uint64_t timeout_usec, struct err *e);
