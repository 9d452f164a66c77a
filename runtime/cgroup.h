/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cgroup - the daemon's delegated subtree of the cgroup v2 hierarchy
 *
 *   <base>/daemon      the daemon itself: inner nodes must stay free of processes
 *   <base>/exec-<id>   one leaf a container
 *
 * The hierarchy is found in /proc/self/mountinfo (file system type cgroup2), so pure v2 hosts
 * and hybrid ones (v2 below /sys/fs/cgroup/unified) both work; v1 is never touched.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"

struct cgroup_tree; /* an open base */

/*
 * cgroup_tree_open - take possession of a subtree
 * @base: path inside the hierarchy ("/anchord") or of the mounted directory
 *        ("/sys/fs/cgroup/anchord"); NULL: below the cgroup that this process is in,
 *        or "/anchord" when that is the root
 *
 * Creates the base if it is missing and moves this process into <base>/daemon.
 * Returns: 0; -ENOENT (ERR_UNSUPPORTED) when no cgroup2 is mounted; -errno.
 */
int cgroup_tree_open(const char *base, struct cgroup_tree **ret, struct err *e);
/* Leave <base>/daemon for where the process came from, and remove what is empty. */
struct cgroup_tree *cgroup_tree_free(struct cgroup_tree *t);
/* Path of the base inside the hierarchy, for people; borrowed. */
const char *cgroup_tree_path(const struct cgroup_tree *t);

/* Make the leaf of @id. Returns its directory's fd; -EEXIST. */
int cgroup_leaf_create(struct cgroup_tree *t, const char *id, struct err *e);
/*
 * Kill everything in the leaf and below (cgroup.kill), wait until it is empty, remove it.
 * Missing is fine. Returns 0; -ETIMEDOUT (ERR_CLEANUP) when something survives @timeout_usec.
 */
int cgroup_leaf_destroy(struct cgroup_tree *t, const char *id, uint64_t timeout_usec,
			struct err *e);
/* Ids of the leaves that exist: what an earlier life of the daemon left. */
int cgroup_leaf_list(struct cgroup_tree *t, struct strv *ret, struct err *e);
