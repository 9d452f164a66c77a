/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * launch - start what a plan says
 *
 * Direct: clone3 a child that plays the plan in our memory, vfork-like (base/sys.h). It is the
 * fastest way, for a daemon. The call returns when the container's process has been executed or has
 * failed. The memory is shared until then, and so is its one attribute that a change of user
 * touches: after a container of another user than root the caller is not dumpable any more
 * (PR_SET_DUMPABLE).
 *
 * Staged (container_spec.is_staged): the plan is played by a small program of its own
 * (runtime/init/), in two processes: one outside, which makes what only the host can, and the one
 * that becomes the container's. Nothing of our memory, and not our executable, is ever visible in
 * the container. The call returns when the process waits for its start, or has been executed.
 */
#include "runtime/launch_words.h"
#include "runtime/plan.h"

struct runtime_process {
	pid_t pid; /* in the caller's pid namespace; a child of the caller */
	int pidfd; /* owned by the caller; readable when the process has ended */
};

/* What a launch gets beside its plan. All is borrowed. LAUNCH_NONE is nothing. */
struct launch {
	int cgroup_fd; /* directory of the leaf that the container is born into */
	int stdio[3];  /* become 0, 1 and 2; owner and mode stay as they are */
	/*
	 * Of a plan that is_gated: both ends of a pipe. The command is executed when RUNTIME_LEAVE
	 * has been written to it; after any other byte, or when this process dies before it,
	 * nothing runs: -ECANCELED. NULL: at once
	 */
	const int *gate;

	/* Staged only: */
	int target;          /* pidfd of the process that namespaces without a path are joined of */
	int console_socket;  /* gets the terminal's master (SCM_RIGHTS) */
	int listener_socket; /* gets seccomp's listener */
	unsigned n_preserved; /* descriptors from 3 on that the process keeps */
	/*
	 * Two FIFOs, opened for reading and writing. With them the process is only created: it is
	 * executed when a byte comes in @start, and says in @result why that failed.
	 */
	int start, result;
	const char *seccomp_cache; /* directory, see seccomp_compile(); NULL: none */
	/*
	 * For seccomp's listener: the process state of the runtime-spec up to its pid,
	 * "{"ociVersion":"1.2.0","metadata":"...","state":{...},"pid":"
	 */
	const char *listener_state;
	const char *directory; /* in which hooks of the host begin; NULL: the caller's */
	/* For hooks: the state document up to its status and pid, "{...,"id":"x"" */
	const char *state;
};

#define LAUNCH_NONE                                                                                \
	((struct launch){.cgroup_fd = -EBADF,                                                      \
			 .stdio = {-EBADF, -EBADF, -EBADF},                                        \
			 .target = -EBADF,                                                         \
			 .console_socket = -EBADF,                                                 \
			 .listener_socket = -EBADF,                                                \
			 .start = -EBADF,                                                          \
			 .result = -EBADF})

/*
 * runtime_launch - start the container
 * @plan: may be launched once
 *
 * Returns: 0; -ENOENT (ERR_COMMAND_NOT_FOUND) when no candidate exists; -EACCES, -ENOEXEC
 *          (ERR_NOT_EXECUTABLE); -E2BIG (ERR_INVALID) for too long arguments; any other failed step
 *          with its name and the path concerned. On failure nothing of the container is left but
 * the empty cgroup. Thread:  worker; blocks for the time of the set-up (about a millisecond), and
 * of hooks.
 */
int runtime_launch(struct runtime_plan *plan, const struct launch *how, struct runtime_process *ret,
		   struct err *e);

/*
 * What all staged launches share, one descriptor, is made by the first; or here, by who wants to
 * have it from the beginning. A failure is told by the launch. Thread: any.
 */
void runtime_prepare_staged(void);

/*
 * runtime_start - let a created process go
 * @start, @result: paths of the FIFOs of its launch
 *
 * Returns: 0 when it is executed; -ESRCH (ERR_PRECONDITION) when nobody waits there; what
 *          runtime_launch() says of a command that can't be executed.
 */
int runtime_start(const char *start, const char *result, struct err *e);

/* The exit of a process as its parent sees it. */
struct runtime_exit {
	int code;   /* 0..255; 128 + signal when killed */
	int signal; /* 0: it exited by itself */
};

/* Reap an ended process. Blocks until it has ended; the pidfd stays the caller's to close. */
int runtime_reap(struct runtime_process *p, struct runtime_exit *ret, struct err *e);
