/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * session - one connection: frames in, replies out
 *
 * Frames are answered or become calls (daemon/call.h) in the order they come; calls run
 * concurrently and are answered in any order. What a client leaves unread is bounded by
 * LIMIT_QUEUED, its calls in flight by LIMIT_CALLS.
 *
 * The end of the connection (the client closed or half-closed it, broke the protocol, or reads
 * too slowly) abandons its calls and ends its leases, always from the loop and never inside a
 * call to this file. The session itself stays, and counts against LIMIT_CONNECTIONS, until its
 * last call is over; so workers are bounded too.
 *
 * Thread: loop.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/err.h"
#include "daemon/call.h"
#include "proto/frame.h"

struct exec_run;
struct server;

struct session {
	struct server *server;
	uv_pipe_t pipe;
	struct frame_reader reader;
	struct ucred peer; /* who connected */
	int peer_pidfd;    /* owned; -EBADF when the process was gone already */
	uint32_t last_stream;
	LIST_HEAD(, call) calls;
	unsigned n_calls;
	LIST_HEAD(, exec_run) leased; /* execs that end with this connection */
	size_t n_queued;              /* bytes of replies that are not sent yet */
	bool leaving;                 /* close when everything is answered and sent */
	bool closed;                  /* the pipe is closed; only calls keep the session */
	LIST_ENTRY(session) of_server;
};

/*
 * Take the connection that waits on @listener.
 * Returns: 0; -errno, and the connection is closed.
 */
int session_new(struct server *server, uv_stream_t *listener, struct err *e);

uv_loop_t *session_loop(const struct session *s);

/* Send and forget; does nothing on a connection that is ending. */
void session_send_reply(struct session *s, uint32_t stream, const ProtobufCMessage *reply);
void session_send_error(struct session *s, uint32_t stream, const struct err *cause);

/* End the connection: at once, or as soon as all calls are answered and all replies are sent. */
void session_close(struct session *s);
void session_leave(struct session *s);

/* For daemon/call.c: a call belongs to the session from its making to its freeing. */
void session_call_comes(struct session *s, struct call *c);
void session_call_gone(struct session *s);
