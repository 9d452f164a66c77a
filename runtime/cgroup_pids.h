/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* cgroup_pids - the processes of a cgroup and of those below it */
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"

struct cgroup_pids {
	pid_t *v; /* owned; as this pid namespace names them, 0 is one outside of it */
	size_t n; /* at most LIMIT_PIDS */
};

void cgroup_pids_done(struct cgroup_pids *pids);
#define cleanup_cgroup_pids cleanup(cgroup_pids_done)

/* Of the cgroup with directory @dirfd. Returns 0; -E2BIG, -ELOOP (ERR_LIMIT); -errno. */
int cgroup_pids_read(int dirfd, struct cgroup_pids *ret, struct err *e);
