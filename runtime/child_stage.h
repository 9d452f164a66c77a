/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * child_stage - a child becomes runtime/init/, with the descriptors that it is given (private to
 * runtime/). It shares memory with its parent until then, as in child.h.
 */
#include "runtime/orders.h"

enum { STAGE_STREAMS = 3 };

/* What the program is given. The child changes it. */
struct stage {
	int program;
	int stdio[STAGE_STREAMS];
	int orders;
	int fds[ORDER_FD_MAX]; /* ours; -EBADF: none */
	unsigned n_preserved;
	unsigned first; /* number that the orders get; the others follow */
	char number[16];
	int report; /* ours, of the pipe */
	int code;   /* -errno of what failed before it ran */
};

/* Of a struct stage. Returns only on failure, which is in its code. */
int child_stage(void *stage);
