/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seal - the journal of an install becomes durable while the launch is prepared
 *
 * Of an install in the tree that is its last record; of one by an underlay, which has touched
 * nothing yet, all of it.
 *
 * The user process, and whoever shares the tree, must wait until it is: exec_wait_sealed()
 * (internal.h) does, and then tells the others.
 *
 * Thread: one owner; the disk is waited for in a thread of its own.
 */
#include <pthread.h>

#include "cacerts/journal.h"

struct seal {
	pthread_t thread;
	bool has_thread;
	struct record_open record; /* owned from the start to the end */
	const struct journal
		*installed;      /* what it tells of is synced before it; borrowed, or NULL */
	struct journal *journal; /* to be written whole, in place of the record; borrowed ... */
	int parent;              /* ... to this state directory; borrowed */
	struct vfs *view; /* to be closed, which makes the kernel wait; owned from the start */
	int gate[2];  /* a pipe that gets a byte when it is through, see runtime_launch(); owned */
	int r;        /* what came of it ... */
	struct err e; /* ... and why */
};

#define SEAL_NONE                                                                                  \
	((struct seal){.record = {.fd = -EBADF}, .parent = -EBADF, .gate = {-EBADF, -EBADF}})

/*
 * A pipe for a launch to wait at, in place of seal_wait(); NULL: it can't. Before the start.
 */
const int *seal_gate(struct seal *s);
/* Begin with s->record, or s->journal. */
void seal_start(struct seal *s);
/* Returns: 0, also if there was none; -errno of the disk. */
int seal_wait(struct seal *s, struct err *e);
