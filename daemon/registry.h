/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * registry - the execs of the daemon by id
 *
 * A sorted array: LIMIT_EXECS is small, look-ups and pages in order are what is asked for. It
 * borrows the execs; who frees one removes it first.
 *
 * Thread: loop.
 */
#include <stddef.h>

#include "base/err.h"

struct exec_run;

struct registry {
	struct exec_run **v; /* sorted by id; the array is owned, the execs are not */
	size_t n;            /* at most LIMIT_EXECS */
};

void registry_done(struct registry *g);

/* Returns 0, -EEXIST (ERR_EXISTS), -E2BIG (ERR_LIMIT), -ENOMEM. */
int registry_add(struct registry *g, struct exec_run *x, struct err *e);
void registry_remove(struct registry *g, const struct exec_run *x);

/* The exec of this id; -ENOENT (ERR_NOT_FOUND). */
int registry_find(const struct registry *g, const char *id, struct exec_run **ret, struct err *e);
/* Index of the first exec whose id sorts after @id; n when there is none. */
size_t registry_after(const struct registry *g, const char *id);
