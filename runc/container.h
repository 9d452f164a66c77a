/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * container - the directory of one container, --root/ID
 *
 *	state.json    what is remembered (state.h)
 *	config.json   as it was when the container was made, for processes that join and for hooks
 *	exec.fifo     the process waits here for its start; gone when it was started
 *	exec.result   says whether the command could be executed
 *	notify/       socket for a container that says when it is ready (notify.h)
 *
 * Whoever changes something holds the lock (flock) of the directory itself: of two calls for one
 * id, one waits for the other and sees what it has done. Looking needs no lock, since state.json is
 * replaced in one step.
 */
#include "base/limits.h"
#include "runc/state.h"
#include "runc/trust.h"
#include "runtime/container_cgroup.h"

struct container {
	char *root, *id; /* owned */
	int root_fd;     /* owned, as the next one; closing it gives the lock up */
	int fd;
	struct container_state state;
};

#define CONTAINER ((struct container){.root_fd = -EBADF, .fd = -EBADF})
void container_done(struct container *c);
#define cleanup_container cleanup(container_done)

/* Letters, digits and "_+-."; not "." and "..". Returns 0; -EINVAL (ERR_INVALID). */
int container_check_id(const char *id, struct err *e);

enum container_use {
	CONTAINER_LOOK,   /* the state as it is now */
	CONTAINER_CHANGE, /* with the lock, for which it waits */
};

/*
 * Open what exists.
 * Returns: 0; -ENOENT (ERR_NOT_FOUND) "container does not exist"; -EINVAL for a damaged state, and
 *          -ENODATA (ERR_NOT_FOUND) for a directory without one, with @ret opened all the same: it
 *          can be removed.
 */
int container_open(const char *root, const char *id, enum container_use use, struct container *ret,
		   struct err *e);
/* Make it, with the lock and an empty state. Returns 0; -EEXIST (ERR_EXISTS). */
int container_create(const char *root, const char *id, struct container *ret, struct err *e);
/* Write state.json. */
int container_save(const struct container *c, struct err *e);
/* Let others change it. */
void container_unlock(const struct container *c);
/* Wait for the lock. Returns 0; -ENOENT (ERR_NOT_FOUND) when it has been removed meanwhile. */
int container_lock(const struct container *c, struct err *e);
/* Remove the directory. */
int container_remove(const struct container *c, struct err *e);

/*
 * @ret_pidfd: of its process, or -EBADF when it has ended; the caller closes it; may be NULL
 * Returns 0; -errno.
 */
int container_status(const struct container *c, enum container_status *ret, int *ret_pidfd,
		     struct err *e);

/*
 * Open its cgroup.
 * Returns: 0; -ENOENT (ERR_NOT_FOUND) when it is gone; -EOPNOTSUPP (ERR_UNSUPPORTED) when it never
 *          had one.
 */
int container_find_cgroup(const struct container *c, struct container_cgroup *ret, struct err *e);

/* What trust.h asks of it; borrows its strings. */
struct trust_request container_trust(const struct container *c);

/* Host path of something in its directory. Returns 0, -ENAMETOOLONG. */
int container_path(const struct container *c, const char *name, char ret[LIMIT_PATH],
		   struct err *e);
