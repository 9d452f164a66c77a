/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * settle - journals of execs that are undone, but not on the disk yet
 *
 * When an undo has only taken away what was ours, the exec needn't wait until the disk knows: its
 * journal does, here, and with it the id and the tree, for which an exec that comes next waits. One
 * sync serves all that wait.
 *
 * A journal that can't be settled stays, and shows up in executor_repair() and at the next start of
 * the daemon.
 *
 * Thread: any; the work is done by a thread of its own, which starts with the first job.
 */
#include "executor/claims.h"
#include "executor/targets.h"

struct settle_job {
	struct settle_job *next;
	char owner[LIMIT_ID + 1]; /* whose state directory has the journal */
	struct vfs_unsynced rest; /* owned */
	struct target *target;    /* forgotten, and ... */
	struct claim *claim;      /* ... dropped when it is done */
};

struct executor;

struct settle {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool has_thread;
	bool is_closing;
	struct settle_job *first; /* list; owned */
};

void settle_init(struct settle *s);
/* Ends what is still to be done. */
void settle_done(struct settle *s);
/* Takes @job, from malloc(), whose claim is ending. */
void settle_add(struct executor *ex, struct settle_job *job);
