/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/exec_run.h"
#include "daemon/methods.h"
#include "daemon/server.h"
#include "proto/ttrpc.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* One frame on its way out. */
struct outgoing {
	uv_write_t request;
	struct session *session;
	struct buf frame;
};

uv_loop_t *session_loop(const struct session *s)
{
	return s->pipe.loop;
}

/* Frees the session when neither the pipe nor a call needs it. */
static void drop(struct session *s)
{
	struct server *server = s->server;

	if (!s->closed || s->n_calls > 0)
		return;
	frame_reader_done(&s->reader);
	fd_close(s->peer_pidfd);
	LIST_REMOVE(s, of_server);
	free(s);
	server_session_gone(server);
}

static void on_closed(uv_handle_t *pipe)
{
	struct session *s = pipe->data;
	struct call *next;

	for (struct call *c = LIST_FIRST(&s->calls); c; c = next) {
		next = LIST_NEXT(c, of_session);
		call_abandon(c);
	}
	while (!LIST_EMPTY(&s->leased))
		exec_run_end_lease(LIST_FIRST(&s->leased));
	s->closed = true;
	drop(s);
}

void session_close(struct session *s)
{
	if (!uv_is_closing((uv_handle_t *)&s->pipe))
		uv_close((uv_handle_t *)&s->pipe, on_closed);
}

static void close_if_idle(struct session *s)
{
	if (s->leaving && s->n_calls == 0 && s->n_queued == 0)
		session_close(s);
}

void session_leave(struct session *s)
{
	s->leaving = true;
	uv_read_stop((uv_stream_t *)&s->pipe);
	close_if_idle(s);
}

void session_call_comes(struct session *s, struct call *c)
{
	LIST_INSERT_HEAD(&s->calls, c, of_session);
	s->n_calls++;
}

void session_call_gone(struct session *s)
{
	s->n_calls--;
	close_if_idle(s);
	drop(s);
}

static void on_sent(uv_write_t *request, int status)
{
	struct outgoing *out = request->data;
	struct session *s = out->session;

	s->n_queued -= out->frame.n;
	buf_done(&out->frame);
	free(out);
	if (status < 0)
		session_close(s);
	else
		close_if_idle(s);
}

/* Takes the outgoing frame. */
static void send_frame(struct session *s, struct outgoing *out)
{
	uv_buf_t bytes = uv_buf_init(out->frame.data, (unsigned)out->frame.n);

	out->session = s;
	out->request.data = out;
	s->n_queued += out->frame.n;
	if (uv_write(&out->request, (uv_stream_t *)&s->pipe, &bytes, 1, on_sent) < 0) {
		on_sent(&out->request, UV_EPIPE);
		return;
	}
	if (s->n_queued > LIMIT_QUEUED) {
		log_warn("session.unread",
			 "closing a connection that left more than %d bytes of replies unread "
			 "pid=%d uid=%u",
			 LIMIT_QUEUED, s->peer.pid, s->peer.uid);
		session_close(s);
	}
}

static struct outgoing *outgoing_new(void)
{
	struct outgoing *out = calloc(1, sizeof(*out));

	if (out)
		out->frame = BUF(LIMIT_REPLY + 4096); /* the envelope and the header besides */
	return out;
}

/* Without memory for a reply the client would wait for ever: end the connection. */
static void give_up(struct session *s, struct outgoing *out)
{
	log_error("session.memory", "closing a connection: out of memory for a reply");
	free(out);
	session_close(s);
}

void session_send_error(struct session *s, uint32_t stream, const struct err *cause)
{
	struct outgoing *out;

	if (uv_is_closing((uv_handle_t *)&s->pipe))
		return;
	out = outgoing_new();
	if (!out || ttrpc_put_error(stream, cause, &out->frame, NULL) < 0)
		give_up(s, out);
	else
		send_frame(s, out);
}

void session_send_reply(struct session *s, uint32_t stream, const ProtobufCMessage *reply)
{
	struct err e = ERR_NONE;
	struct outgoing *out;

	if (uv_is_closing((uv_handle_t *)&s->pipe))
		return;
	out = outgoing_new();
	if (!out) {
		give_up(s, out);
		return;
	}
	if (ttrpc_put_reply(stream, reply, &out->frame, &e) < 0) {
		free(out);
		session_send_error(s, stream, &e);
		return;
	}
	send_frame(s, out);
}

static int find_method(const Ttrpc__Request *q, const struct method **ret, struct err *e)
{
	/* The Go server's texts: clients know them. */
	if (strcmp(q->service, METHODS_SERVICE) != 0)
		return err_set(e, -ENOSYS, ERR_UNSUPPORTED, "service %s", q->service);
	*ret = method_find(q->method);
	if (!*ret)
		return err_set(e, -ENOSYS, ERR_UNSUPPORTED, "method %s", q->method);
	return 0;
}

/* Opens the envelope and calls the handler; everything that fails before it is returned. */
static int dispatch(struct session *s, uint32_t stream, const struct buf *body, struct err *e)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	struct call_frame f = {.stream = stream};
	ProtobufCMessage *m;
	const Ttrpc__Request *q;
	struct call *c;
	int r;

	r = ttrpc_unpack(&ttrpc__request__descriptor, body->data, body->n, &a, &m, e);
	if (r < 0)
		return err_wrap(e, r, "unmarshal request error");
	q = (const Ttrpc__Request *)m;
	r = find_method(q, &f.method, e);
	if (r < 0)
		return r;
	if (s->n_calls >= LIMIT_CALLS)
		return err_set(e, -EBUSY, ERR_LIMIT, "%d calls are in flight on this connection",
			       LIMIT_CALLS);
	f.payload = &q->payload;
	f.timeout_nano = q->timeout_nano;
	r = call_new(s, &f, &c, e);
	if (r < 0)
		return r;
	f.method->handle(c);
	return 0;
}

/* Is this a stream id that a client may use now? The texts are the Go server's. */
static int take_stream(struct session *s, uint32_t stream, struct err *e)
{
	if (stream % 2 != 1)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "StreamID must be odd for client initiated streams");
	if (stream <= s->last_stream)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "StreamID cannot be re-used and must increment");
	s->last_stream = stream;
	return 0;
}

/* One frame whose body, if any, is in the reader. */
static int take_frame(struct session *s, int completeness, struct err *e)
{
	const struct frame_header *h = &s->reader.header;
	int r;

	if (completeness == FRAME_TOO_LONG)
		return err_set(e, -EMSGSIZE, ERR_LIMIT,
			       "message length %" PRIu32 " exceed maximum message size of %d",
			       h->length, LIMIT_FRAME);
	if (h->type == FRAME_DATA)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "no stream takes data here: all methods are unary");
	if (h->type != FRAME_REQUEST)
		return 0; /* a type from the future is none of our business */
	r = take_stream(s, h->stream, e);
	return r < 0 ? r : dispatch(s, h->stream, &s->reader.body, e);
}

static void take_bytes(struct session *s, const char *bytes, size_t n)
{
	while (n > 0 && !uv_is_closing((uv_handle_t *)&s->pipe)) {
		struct err e = ERR_NONE;
		size_t used = 0;
		int r = frame_reader_feed(&s->reader, bytes, n, &used, &e);

		if (r < 0) {
			log_warn("session.broken", "closing a connection: %s pid=%d uid=%u", e.msg,
				 s->peer.pid, s->peer.uid);
			session_close(s);
			return;
		}
		bytes += used;
		n -= used;
		if (r != FRAME_MORE && take_frame(s, r, &e) < 0)
			session_send_error(s, s->reader.header.stream, &e);
	}
}

/* All sessions read into the server's one buffer: it is empty again when on_read returns. */
static void on_alloc(uv_handle_t *pipe, size_t suggested, uv_buf_t *ret)
{
	struct session *s = pipe->data;

	(void)suggested;
	*ret = uv_buf_init(s->server->input, sizeof(s->server->input));
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
	struct session *s = pipe->data;

	if (n < 0)
		session_close(s);
	else
		take_bytes(s, buf->base, (size_t)n);
}

/* The peer as it was when it connected: a pid may belong to another process later. */
static int identify_peer(struct session *s, struct err *e)
{
	socklen_t n = sizeof(s->peer);
	socklen_t n_fd = sizeof(s->peer_pidfd);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&s->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &s->peer, &n) < 0)
		return err_sys(e, "SO_PEERCRED");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &s->peer_pidfd, &n_fd) == 0)
		return 0;
	s->peer_pidfd = pidfd_open(s->peer.pid, 0);
	if (s->peer_pidfd < 0)
		s->peer_pidfd = -EBADF;
	return 0;
}

int session_new(struct server *server, uv_stream_t *listener, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_oom(e);
	s->server = server;
	s->peer_pidfd = -EBADF;
	s->reader = FRAME_READER;
	LIST_INIT(&s->calls);
	LIST_INIT(&s->leased);
	uv_pipe_init(listener->loop, &s->pipe, /* ipc= */ 0);
	s->pipe.data = s;
	server_session_comes(server, s);
	r = uv_accept(listener, (uv_stream_t *)&s->pipe);
	if (r < 0)
		err_set(e, r, ERR_INTERNAL, "accept: %s", uv_strerror(r));
	else
		r = identify_peer(s, e);
	if (r == 0)
		r = uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read);
	if (r < 0)
		session_close(s);
	return r;
}
