/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * targets - writable trees that several execs may share
 *
 * Two execs over the same writable directory would each take the other's install for the
 * user's. So a tree is installed once, counted, and undone by the last exec that leaves it,
 * whoever that is.
 *
 *	          enter (first)        settled(true)          leave (last)
 *	(unknown) ------------> BUSY ----------------> READY ------------> BUSY -> (unknown)
 *	                          |  settled(false)                  forget
 *	                          +----------------> BARE: others go on without
 *
 * A tree that an exec can't write is another target than the same tree where others can: its exec
 * gets masks of its own, unless the tree has an install that it will see.
 *
 * Thread: any; enter waits while the tree is BUSY.
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "cacerts/known_images.h"

struct target;

/* What the installer leaves for those that come after it. */
struct target_trust {
	struct known_image *image; /* its masks and variables hold for them too; one reference */
	struct journal journal;    /* as on the disk; without a state, it has to be read there */
};

struct target_trust *target_trust_new(void); /* NULL without memory */
struct target_trust *target_trust_free(struct target_trust *trust);

struct targets {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct target *first; /* list; owned */
};

void targets_init(struct targets *t);
void targets_done(struct targets *t);

/*
 * Enter the tree whose top directory is @dev:@ino.
 * @writable:      this exec can write it
 * @owner:         id of this exec, whose state directory will hold the journal if it installs
 * @ret_installer: true: install and call targets_settled(); false: it has been done
 */
int targets_enter(struct targets *t, dev_t dev, ino_t ino, bool writable, const char *owner,
		  struct target **ret, bool *ret_installer, struct err *e);
/*
 * The installer is through; @installed tells whether there is something to undo. Takes @trust,
 * which may be NULL.
 */
void targets_settled(struct targets *t, struct target *target, bool installed,
		     struct target_trust *trust);
/*
 * Leave. @ret_owner (LIMIT_ID + 1 bytes) gets the id whose journal must be undone by the
 * caller, who then calls targets_forget(); "" when there is nothing to do.
 */
void targets_leave(struct targets *t, struct target *target, char *ret_owner);
void targets_forget(struct targets *t, struct target *target);
/* Is @id the owner of a tree that somebody is still inside? */
bool targets_owns(struct targets *t, const char *id);
/*
 * What was settled; borrowed, valid until this exec leaves; of the last one, until it forgets.
 * NULL: nothing was done.
 */
struct target_trust *targets_trust(struct targets *t, const struct target *target);
