/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seal - the last record of an install becomes durable while the launch is prepared
 *
 * The user process, and whoever shares the tree, must wait until it is: exec_wait_sealed()
 * (internal.h) does, and then tells the others.
 *
 * Thread: one owner; the disk is waited for in a thread of its own.
 */
#include <pthread.h>

#include "cacerts/record_file.h"

struct seal {
	pthread_t thread;
	bool has_thread;
	struct record_open record; /* owned from the start to the end */
	struct vfs *view; /* to be closed, which makes the kernel wait; owned from the start */
	int r;            /* what came of it ... */
	struct err e;     /* ... and why */
};

#define SEAL_NONE ((struct seal){.record = {.fd = -EBADF}})

/* Begin with s->record. */
void seal_start(struct seal *s);
/* Returns: 0, also if there was none; -errno of the disk. */
int seal_wait(struct seal *s, struct err *e);
