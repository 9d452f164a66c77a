/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * exec_run - the life of one exec on the loop
 *
 *	preparing ── started ─► running ── process ended ─► finishing ── undone ─► stopped
 *	    │  └────────── could not be started ────────────────▲                     ▲
 *	    └───────────── refused before anything was done ──────────────────────────┘
 *
 * preparing and finishing are a worker's (exec_start, exec_finish); running waits for the
 * pidfd. Everything that is asked meanwhile is remembered or parked:
 *
 *	Kill while preparing is carried out once the process runs;
 *	Run, Wait and Delete with force are parked and answered when the exec stops
 *	(Run until started: when it runs).
 *
 * An exec is forgotten when it stops, if Run was to answer with the result, if it could not be
 * started, if its lease ended or if a Delete is parked; otherwise it stays until Delete. That
 * goes by what was asked for and not by who still listens: a client that gave up its Run has
 * nobody to delete for it.
 *
 * Failure modes: what exec_start() says fails Run, after everything was undone. What
 * exec_finish() says fails every parked call with ABORTED and is logged: a trace may remain.
 *
 * Thread: loop.
 */
#include "base/err.h"
#include "daemon/call.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct daemon;
struct exec_run;
struct session;

/*
 * exec_run_start - begin what a Run asks for; @c's request is an anchord.v1.RunRequest
 *
 * Returns: 0: the call is taken and will be answered; -EINVAL, -E2BIG naming a field; -EEXIST;
 *          -ESHUTDOWN (ERR_UNAVAILABLE) while the daemon leaves. On failure @c is still the
 *          caller's.
 */
int exec_run_start(struct daemon *d, struct call *c, struct err *e);

const char *exec_run_id(const struct exec_run *x);

/* Answer @c with the result, at once or when there is one. */
void exec_run_wait(struct exec_run *x, struct call *c);

/* Returns: 0, also when the signal is remembered; -EINVAL; -ESRCH (ERR_PRECONDITION). */
int exec_run_kill(struct exec_run *x, uint32_t signal, bool all, struct err *e);

/*
 * Forget the exec and answer @c; with @force kill and undo it first.
 * Returns: 0: the call is taken; -EBUSY (ERR_PRECONDITION) when it has not stopped.
 */
int exec_run_delete(struct exec_run *x, struct call *c, bool force, struct err *e);

/* The connection that holds the lease ended: kill, undo, forget. */
void exec_run_end_lease(struct exec_run *x);
/* The daemon leaves: kill and undo. */
void exec_run_cancel(struct exec_run *x);
/* Free a stopped exec without answering anybody, when the loop has ended. */
void exec_run_free(struct exec_run *x);

/* Fill in @ret, whose pointers borrow from @x until the next turn of the loop. */
struct exec_run_view {
	Anchord__V1__ExecState state;
	Anchord__V1__Exit exit;
};
void exec_run_view(const struct exec_run *x, struct exec_run_view *ret);
