/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * claims - who works on which state directory, and over which tree?
 *
 * An exec claims its id before it makes its state directory and keeps it until it has finished;
 * on the way it claims the tree that it will write. Any number of execs may share a tree
 * (targets.h). A repair claims ids and trees that nobody else has, one at a time, so what it
 * undoes is no living exec's, and an exec that comes meanwhile waits for its tree.
 *
 * A tree is known by the top directory of its "/", like in targets.h.
 *
 * Thread: any.
 */
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum claimant { CLAIM_EXEC, CLAIM_REPAIR };

struct claim {
	struct claim *next;
	enum claimant by;
	char id[NAME_MAX + 1];
	bool is_ending; /* it will be dropped in a moment: who wants the same waits */
	bool has_tree;
	dev_t dev;
	ino_t ino;
};

struct claims {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct claim *first; /* list; owned */
};

void claims_init(struct claims *c);
void claims_done(struct claims *c);

/*
 * Waits for one that is ending.
 * Returns: 0; -EEXIST (ERR_EXISTS) when somebody has this id; -ENOMEM.
 */
int claims_take(struct claims *c, enum claimant by, const char *id, struct claim **ret,
		struct err *e);
/*
 * The tree too. An exec waits while a repair has it, and gets it.
 * Returns: 0; -EBUSY (ERR_PRECONDITION), for a repair, when anybody else has it.
 */
int claims_take_tree(struct claims *c, struct claim *claim, dev_t dev, ino_t ino, struct err *e);
/* It will be dropped without anybody being asked. */
void claims_end(struct claims *c, struct claim *claim);
/* Give up all that was claimed; NULL is fine. */
void claims_drop(struct claims *c, struct claim *claim);
/* Does anybody have this id? */
bool claims_has(struct claims *c, const char *id);
