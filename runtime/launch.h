/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * launch - clone3 a child that plays a plan
 *
 * Vfork-like (base/sys.h): the call returns when the container's process has been executed or
 * has failed, so there is no start-up race to handle afterwards. The memory is shared until
 * then, and so is its one attribute that a change of user touches: after a container of
 * another user than root the caller is not dumpable any more (PR_SET_DUMPABLE).
 */
#include "runtime/plan.h"

struct runtime_process {
	pid_t pid; /* in the caller's pid namespace */
	int pidfd; /* owned by the caller; readable when the process has ended */
};

enum { RUNTIME_LEAVE = 'y' };

/*
 * runtime_launch - start the container
 * @plan:      may be launched once
 * @cgroup_fd: directory of the leaf that the container is born into, or -EBADF for none
 * @gate:      of a plan that is_gated: both ends of a pipe, borrowed. The command is executed
 *             when RUNTIME_LEAVE has been written to it; after any other byte, or when this
 *             process dies before it, nothing runs: -ECANCELED. NULL: at once
 * @stdio:     borrowed; become 0, 1 and 2; owner and mode stay as they are
 *
 * Returns: 0; -ENOENT (ERR_COMMAND_NOT_FOUND) when no candidate exists; -EACCES, -ENOEXEC
 *          (ERR_NOT_EXECUTABLE); -E2BIG (ERR_INVALID) for too long arguments; any other failed step
 * with its name and the path concerned. On failure nothing of the container is left but the empty
 * cgroup. Thread:  worker; blocks for the time of the set-up (about a millisecond).
 */
int runtime_launch(struct runtime_plan *plan, int cgroup_fd, const int *gate, const int stdio[3],
		   struct runtime_process *ret, struct err *e);

/* The exit of a process as its parent sees it. */
struct runtime_exit {
	int code;   /* 0..255; 128 + signal when killed */
	int signal; /* 0: it exited by itself */
};

/* Reap an ended process. Blocks until it has ended; the pidfd stays the caller's to close. */
int runtime_reap(struct runtime_process *p, struct runtime_exit *ret, struct err *e);
