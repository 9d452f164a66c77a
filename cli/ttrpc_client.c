/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ttrpc_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/ttrpc.h"

/* A reply that has come and that nobody has asked for yet. */
struct kept_reply {
	struct kept_reply *next;
	uint32_t call;
	struct buf body; /* the envelope */
};

struct ttrpc_client {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint32_t next_stream;
	struct kept_reply *kept; /* owned; in no order */
};

static void kept_reply_free(struct kept_reply *k)
{
	buf_done(&k->body);
	free(k);
}

struct ttrpc_client *ttrpc_client_free(struct ttrpc_client *c)
{
	if (!c)
		return NULL;
	while (c->kept) {
		struct kept_reply *next = c->kept->next;

		kept_reply_free(c->kept);
		c->kept = next;
	}
	fd_close(c->fd);
	free(c);
	return NULL;
}

static void cleanup_client_p(struct ttrpc_client **c)
{
	ttrpc_client_free(*c);
}

/* What a person should do about a socket that can't be reached. */
static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return "is anchord running? Try 'systemctl start anchord', or name its socket "
		       "with --socket";
	case EACCES:
	case EPERM:
		return "only root and the group 'anchord' may use it";
	default:
		return strerror(error);
	}
}

static int raise_connection(const struct ttrpc_client *c, const char *what, int error,
			    struct err *e)
{
	return err_set(e, -error, ERR_UNAVAILABLE, "%s '%s': %s", what, c->path, advice(error));
}

int ttrpc_client_new(const char *path, struct ttrpc_client **ret, struct err *e)
{
	cleanup(cleanup_client_p) struct ttrpc_client *c = calloc(1, sizeof(*c));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!c)
		return err_oom(e);
	c->fd = -EBADF;
	c->next_stream = 1;
	if (strlen(path) >= sizeof(c->path))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID,
			       "'%s' is too long for a socket: use at most %zu bytes", path,
			       sizeof(c->path) - 1);
	strcpy(c->path, path);
	strcpy(address.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return err_sys(e, "socket");
	if (connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return raise_connection(c, "cannot connect to", errno, e);
	*ret = take_ptr(c);
	return 0;
}

int ttrpc_client_fd(const struct ttrpc_client *c)
{
	return c->fd;
}

static int send_all(const struct ttrpc_client *c, const struct buf *frame, struct err *e)
{
	for (size_t done = 0; done < frame->n;) {
		ssize_t n = send(c->fd, frame->data + done, frame->n - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return raise_connection(c, "lost the connection to", errno, e);
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int ttrpc_client_send(struct ttrpc_client *c, const char *method, const ProtobufCMessage *request,
		      int64_t timeout_nano, uint32_t *ret_call, struct err *e)
{
	cleanup_buf struct buf frame = BUF(LIMIT_FRAME + FRAME_HEADER);
	int r;

	r = ttrpc_put_request(c->next_stream, anchord__v1__executor__descriptor.name, method,
			      request, timeout_nano, &frame, e);
	if (r < 0)
		return err_wrap(e, r, "%s", method);
	r = send_all(c, &frame, e);
	if (r < 0)
		return r;
	*ret_call = c->next_stream;
	c->next_stream += 2;
	return 0;
}

static int read_all(const struct ttrpc_client *c, void *to, size_t n, struct err *e)
{
	unsigned char *at = to;

	while (n > 0) {
		ssize_t got = recv(c->fd, at, n, MSG_WAITALL);

		if (got == 0)
			return err_set(e, -ECONNRESET, ERR_UNAVAILABLE,
				       "anchord closed the connection on '%s': it was stopped, or "
				       "its log says why",
				       c->path);
		if (got < 0 && errno != EINTR)
			return raise_connection(c, "lost the connection to", errno, e);
		at += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* The body is read in pieces into a buffer that knows its maximum. */
static int read_body(const struct ttrpc_client *c, size_t n, struct buf *to, struct err *e)
{
	unsigned char piece[16384];

	while (n > 0) {
		size_t take = n < sizeof(piece) ? n : sizeof(piece);
		int r = read_all(c, piece, take, e);

		if (r == 0)
			r = buf_add(to, piece, take, e);
		if (r < 0)
			return r;
		n -= take;
	}
	return 0;
}

static struct kept_reply **find(const struct ttrpc_client *c, uint32_t call)
{
	struct kept_reply **k = (struct kept_reply **)&c->kept;

	while (*k && (*k)->call != call)
		k = &(*k)->next;
	return k;
}

bool ttrpc_client_has(const struct ttrpc_client *c, uint32_t call)
{
	return *find(c, call) != NULL;
}

static int keep(struct ttrpc_client *c, uint32_t call, struct buf *body, struct err *e)
{
	struct kept_reply *k = calloc(1, sizeof(*k));

	if (!k)
		return err_oom(e);
	*k = (struct kept_reply){.next = c->kept, .call = call, .body = *body};
	*body = BUF(LIMIT_FRAME);
	c->kept = k;
	return 0;
}

int ttrpc_client_receive(struct ttrpc_client *c, struct err *e)
{
	for (;;) {
		cleanup_buf struct buf body = BUF(LIMIT_FRAME);
		unsigned char raw[FRAME_HEADER];
		struct frame_header h;
		int r;

		r = read_all(c, raw, sizeof(raw), e);
		if (r < 0)
			return r;
		h = frame_header_get(raw);
		r = read_body(c, h.length, &body, e);
		if (r < 0)
			return r;
		if (h.type == FRAME_RESPONSE)
			return keep(c, h.stream, &body, e);
		/* Another type is from a future that did not ask us. */
	}
}

/* The envelope is opened in an arena; the reply itself is the caller's, in malloc's memory. */
static int open_kept(const struct kept_reply *k, const ProtobufCMessageDescriptor *type,
		     ProtobufCMessage **ret, struct err *e)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	ProtobufCBinaryData payload;
	ProtobufCMessage *m;
	int r;

	r = ttrpc_open_reply(k->body.data, k->body.n, &a, &payload, e);
	if (r < 0)
		return r;
	m = protobuf_c_message_unpack(type, NULL, payload.len, payload.data);
	if (!m)
		return err_set(e, -EINVAL, ERR_INTERNAL, "anchord sent a malformed %s", type->name);
	*ret = m;
	return 0;
}

int ttrpc_client_finish(struct ttrpc_client *c, uint32_t call,
			const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
			struct err *e)
{
	struct kept_reply **at;
	struct kept_reply *k;
	int r;

	while (!ttrpc_client_has(c, call)) {
		r = ttrpc_client_receive(c, e);
		if (r < 0)
			return r;
	}
	at = find(c, call);
	k = *at;
	*at = k->next;
	r = open_kept(k, type, ret, e);
	kept_reply_free(k);
	return r;
}

int ttrpc_client_call(struct ttrpc_client *c, const char *method, const ProtobufCMessage *request,
		      const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret, struct err *e)
{
	uint32_t call;
	int r;

	r = ttrpc_client_send(c, method, request, 0, &call, e);
	return r < 0 ? r : ttrpc_client_finish(c, call, type, ret, e);
}
