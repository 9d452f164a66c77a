/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* destroy - the end of a container whose process has ended: nothing of it remains */
#include "runc/container.h"
#include "runc/verb.h"

/*
 * destroy_container - remaining processes, cgroup, trust, directory, poststop hooks; in this order
 * @c: with its lock; or with a state that could not be read, then @globals say what to undo
 *
 * Parts that are missing are fine, so it can be done again. A hook that fails is a warning.
 * Returns: 0; -errno, and then the directory is still there.
 */
int destroy_container(struct container *c, const struct globals *globals, struct err *e);

/* Its process has ended: undo the trust now, and remember that. Returns 0; -errno, dirty. */
int destroy_trust(struct container *c, struct err *e);

/* There is no directory of @id (any more): undo what may be left of it all the same. */
int destroy_traces(const char *id, const struct globals *globals, struct err *e);
