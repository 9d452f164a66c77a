/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * exec_internal - what exec_run.c (the machine), exec_make.c (from the request), exec_work.c (the
 * workers' steps) and exec_answer.c (the replies) share; nobody else includes it
 */
#include <uv.h>

#include "base/limits.h"
#include "daemon/call.h"
#include "daemon/exec_run.h"
#include "daemon/exec_state.h"
#include "executor/exec.h"

struct exit_watch;

struct exec_run {
	struct daemon *daemon;
	char id[LIMIT_ID + 1];
	enum exec_state state;
	bool until_exit;       /* Run answers with the result */
	bool forget;           /* when it has stopped */
	struct session *lease; /* or NULL */
	LIST_ENTRY(exec_run) of_lease;
	uint64_t signals; /* remembered while preparing: bit n for signal n + 1 */
	bool kill_all;    /* remembered likewise */
	struct strv args; /* for State; at most LIMIT_ARGS_SHOWN bytes */
	int64_t created_at_usec;
	struct exit_watch *watch; /* while running */
	uv_work_t work;

	/* Parked calls. */
	struct call_list runs; /* one at most */
	struct call_list waits;
	struct call_list deletes;

	/* The worker's while preparing and finishing, the loop's otherwise. */
	struct executor *executor;
	struct exec_request request; /* until exec_new() takes it */
	char *stdio[3];              /* words of the protocol; owned */
	int peer_pidfd;              /* owned; for stdio's "fd:N" */
	int cancel_fd;               /* owned, the loop's: an eventfd that ends preparing */
	struct exec *exec;           /* NULL before exec_new() */
	bool started;                /* exec_start() was called: exec_finish() must be */
	struct err error;            /* why it could not be started, or not be undone */
	struct runtime_exit exit;
	bool exited; /* exit is known */
	int64_t exited_at_usec;
	char *receipt; /* JSON; NULL before the end */
};

/*
 * Everything that a Run request says, copied and checked, exec_make.c. Nothing of it has been
 * done, and nobody else knows the exec, when this returns.
 */
int exec_make(struct daemon *d, const struct call *c, struct exec_run **ret, struct err *e);

/* Worker's steps, exec_work.c. Their outcome is in @x: error, started, exit, receipt. */
void exec_work_start(uv_work_t *work);
void exec_work_finish(uv_work_t *work);

/* Answers, exec_answer.c. They free the call. */
void exec_answer_started(const struct exec_run *x, struct call *run);
void exec_answer_run(const struct exec_run *x, struct call *run);
void exec_answer_wait(const struct exec_run *x, struct call *wait);
void exec_answer_deleted(struct call *delete);
void exec_answer_delete(const struct exec_run *x, struct call *delete);
