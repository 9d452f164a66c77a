/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * runc_trees - what containers of anchor-runc left that live no more; for this folder only
 *
 * Their journals are in <state_dir>/runc, a tree each (cacerts/shared_tree.h). As leftovers they
 * have the id "runc:" and the tree's name, which no exec can have. A tree in which a container
 * lives, or that somebody has open right now, is none.
 */
#include "executor/leftover.h"

bool runc_trees_is_id(const char *id);
/* The ids of those that nobody lives in. */
int runc_trees_list(const struct executor *ex, struct strv *ret, struct err *e);
/* Is there such a tree, in which somebody lives? */
bool runc_trees_is_alive(const struct executor *ex, const char *id);
/* When its journal was begun; 0 if there is none. */
struct timespec runc_trees_date(const struct executor *ex, const char *id);

/* As leftover_settle() and leftover_forget(). */
int runc_trees_settle(struct leftover *l, struct err *e);
int runc_trees_forget(struct leftover *l, struct err *e);
