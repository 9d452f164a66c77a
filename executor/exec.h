/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * exec - one container run, from request to result
 *
 *	exec_new -> exec_start -> (user process) -> exec_finish -> exec_free
 *
 * exec_start() prepares (view, detection, plan, journal, install) and launches; exec_finish()
 * kills the tree, undoes the install and removes all state. Whatever happened before,
 * exec_finish() must be called once after exec_start() was called, also when it failed.
 *
 * Thread: exec_start() and exec_finish() block and belong on a worker, one at a time per exec;
 * exec_pidfd(), exec_kill() are for any thread between them.
 */
#include "executor/executor.h"
#include "runtime/container.h"
#include "runtime/launch.h"

enum network_mode {
	NETWORK_HOST, /* the daemon's own network namespace */
	NETWORK_NONE, /* a new one, with loopback up */
	NETWORK_PATH, /* an existing one, by path */
};

enum trust_mode { TRUST_ON, TRUST_OFF, TRUST_REQUIRE };

struct exec_request {
	char *id;                  /* "": one is made up; owned, as all here */
	struct mount_specs rootfs; /* empty: the built-in default */
	char *default_upper;       /* built-in default only: host directory for its upper, or "" */
	struct mount_specs mounts;
	bool readonly_rootfs;
	bool has_init;    /* process 1 is the runtime's (runtime/container.h), not the command */
	struct strv args; /* at most LIMIT_ARGS */
	struct strv env;  /* at most LIMIT_ENV */
	char *cwd;        /* "": "/" */
	char *user;
	char *hostname;
	enum network_mode network;
	char *network_path;
	enum trust_mode trust;
	struct strv authorities; /* fingerprints of those to trust; empty: all */
	struct strv strategies;  /* words of cacerts/cacerts.h that are allowed; empty: all */
	int stdio[3];            /* owned; -EBADF: /dev/null */
	int cancel_fd;           /* owned; readable: give up preparing. -EBADF: never */
};

/* Empty, with its maxima and -EBADF descriptors in place. */
void exec_request_init(struct exec_request *q);
void exec_request_done(struct exec_request *q);

struct exec;

/*
 * Check the request and take it over (@q is empty afterwards, on success only).
 * Returns: 0; -EINVAL (ERR_INVALID) naming the field and what to do.
 */
int exec_new(struct executor *ex, struct exec_request *q, struct exec **ret, struct err *e);
struct exec *exec_free(struct exec *x);

const char *exec_id(const struct exec *x);

/*
 * Prepare and launch. When it fails nothing runs any more, but exec_finish() must still undo.
 * Returns: 0; -ECANCELED (ERR_CANCELLED) when cancel_fd became readable before the launch, also
 * while a helper runs; ERR_COMMAND_NOT_FOUND, ERR_NOT_EXECUTABLE; whatever vfs, cacerts (only with
 * TRUST_REQUIRE) and runtime return.
 */
int exec_start(struct exec *x, struct err *e);

/* Borrowed; readable when the container's process has ended. -EBADF before exec_start(). */
int exec_pidfd(const struct exec *x);
pid_t exec_pid(const struct exec *x);

/*
 * Send @signal to the container's process (0 asks only), or SIGKILL to all of it.
 * Returns: 0; -ESRCH (ERR_PRECONDITION) when it does not run. Doesn't block.
 */
int exec_kill(struct exec *x, int signal, bool all, struct err *e);

/*
 * Kill what is left of the container, reap, undo, remove state.
 * @ret_exit: written if the process was started
 * Returns: 0; -errno with ERR_CLEANUP and dirty set when a trace may remain: the journal stays
 * for executor_repair() and the next start of the daemon.
 */
int exec_finish(struct exec *x, struct runtime_exit *ret_exit, struct err *e);

/* The receipt so far (docs/json.md); the caller frees it. After exec_finish() it is complete. */
json_t *exec_receipt(const struct exec *x);

/*
 * executor_explain - what exec_start() would do for a request, as JSON
 * @q:    of it, the rootfs, mounts, environment and what is about authorities are looked at
 * @path: container path, a relative one is taken from "/": the plan says too what shows there
 *        before anything is done, and how it was found. NULL: none
 * @ret:  the plan (docs/json.md); the caller frees it
 *
 * Nothing is changed. Blocks.
 *
 * Returns: 0; -ELOOP, -ENOTDIR, -ENAMETOOLONG (ERR_INVALID) for a @path that can't be resolved;
 *          whatever vfs and cacerts return.
 */
int executor_explain(struct executor *ex, const struct exec_request *q, const char *path,
		     json_t **ret, struct err *e);
