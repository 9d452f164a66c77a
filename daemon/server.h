/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * server - the listening socket and its sessions
 *
 * The socket is root's and the group anchord's, mode 0660; whoever may connect is as powerful
 * as root. One that a dead daemon left behind is replaced; one on which somebody answers is an
 * error. A socket that systemd opened for us is neither made nor removed.
 *
 * Thread: loop.
 */
#include <sys/queue.h>
#include <uv.h>

#include "base/err.h"

struct daemon;
struct session;

struct server {
	struct daemon *daemon;
	uv_pipe_t listener;
	char *path; /* owned; of the socket that we made, or NULL */
	LIST_HEAD(, session) sessions;
	unsigned n_sessions; /* at most LIMIT_CONNECTIONS */
	char input[65536];   /* what was just read, of whichever session */
};

/*
 * server_listen - make the socket @path, or take over @fd unless that is negative
 * Returns: 0; -EADDRINUSE (ERR_PRECONDITION) when another daemon answers there; -errno. On failure
 *          nothing is left on the loop that an uv_run() would not clear.
 */
int server_listen(struct server *server, struct daemon *d, const char *path, int fd, struct err *e);

/* Accept nobody any more; the sessions go on. */
void server_stop(struct server *server);
/* Close each session when it has nothing left to say, or at once. */
void server_leave(struct server *server);
void server_abort(struct server *server);

/* For daemon/session.c. */
void server_session_comes(struct server *server, struct session *s);
void server_session_gone(struct server *server);
