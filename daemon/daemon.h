/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * daemon - everything that lives on the loop, and when it ends
 *
 *	serving ── SIGTERM, SIGINT ─► draining ── last exec stopped ─► leaving ─► daemon_run()
 *returns
 *
 * serving: connections come, execs run. draining: nobody is accepted, Run is refused, all
 * containers are killed and undone, their callers get their replies. leaving: each connection
 * is closed as soon as its replies are sent, or after LEAVE_MSEC.
 *
 * Thread: one, the loop's; workers touch only what they are handed.
 */
#include <uv.h>

#include "base/err.h"
#include "daemon/registry.h"
#include "daemon/server.h"
#include "executor/executor.h"

enum daemon_phase { DAEMON_SERVING, DAEMON_DRAINING, DAEMON_LEAVING, DAEMON_PHASE_MAX };

struct watch;

struct daemon {
	uv_loop_t loop;
	struct executor *executor; /* borrowed */
	struct registry registry;
	struct server server;
	struct watch *watch; /* of the authorities directory; NULL when it can't be watched */
	uv_signal_t signals[3];
	uv_timer_t leave_timer;
	enum daemon_phase phase;
	unsigned n_active; /* execs that are not stopped */
};

struct daemon_config {
	const char *socket;      /* where to listen; borrowed for the call, as all here */
	int listen_fd;           /* a listening socket to take over instead, or -EBADF */
	const char *authorities; /* directory to watch; need not exist */
};

/*
 * daemon_run - serve until a signal says to leave and everything is undone
 * Returns: 0; -errno when it could not begin to listen (-EADDRINUSE, ERR_PRECONDITION: another
 *          daemon answers on the socket).
 * Thread:  the main one; blocks.
 */
int daemon_run(struct executor *ex, const struct daemon_config *config, struct err *e);

/* An exec counts from its making until it is stopped. */
void daemon_exec_begins(struct daemon *d);
void daemon_exec_stopped(struct daemon *d);
/* A connection is gone for good. */
void daemon_session_gone(struct daemon *d);
