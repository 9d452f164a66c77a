/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cgroup_controllers - a cgroup with all directories above it, and the controllers that it needs
 * (private to runtime/)
 *
 * A controller has files in a cgroup when each cgroup above names it in cgroup.subtree_control.
 * Besides the root, only a cgroup without processes of its own can: that is an error here, at
 * once. Controllers that nobody needs are enabled where that is possible, so that what is used
 * can be counted.
 */
#include "base/strv.h"

/*
 * cgroup_controllers_make - make the cgroup @path, canonical, of the hierarchy at @mount
 * @needed:     names; one that the root doesn't have is left out: its file will be missing
 * @ret_is_new: did it not exist before?
 *
 * Returns: the directory's fd; -EBUSY (ERR_PRECONDITION) naming the cgroup whose processes are in
 *          the way; -errno. On failure the directories that it has made are gone.
 */
int cgroup_controllers_make(const char *mount, const char *path, const struct strv *needed,
			    bool *ret_is_new, struct err *e);
