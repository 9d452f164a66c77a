/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/daemon/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "proto/ttrpc.h"
#include "tests/support/suite.h"
#include "tests/unit/daemon/fake_executor.h"

static _Noreturn void serve(const struct harness *h)
{
	struct executor *ex = fake_executor_new();
	struct daemon_config config = {
		.socket = h->socket, .listen_fd = -EBADF, .authorities = h->authorities};
	struct err e = ERR_NONE;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	setenv("UV_THREADPOOL_SIZE", "32", 1);
	log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
	r = daemon_run(ex, &config, &e);
	if (r < 0)
		fprintf(stderr, "daemon: %s\n", e.msg);
	executor_free(ex);
	exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int try_connect(const struct harness *h)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(address.sun_path, h->socket);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fd_close(fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

void harness_init(struct harness *h)
{
	tree_init(&h->tree);
	snprintf(h->socket, sizeof(h->socket), "%s/socket", h->tree.path);
	snprintf(h->authorities, sizeof(h->authorities), "%s/etc/authorities.d", h->tree.path);
	harness_start(h);
}

void harness_start(struct harness *h)
{
	int fd = -EBADF;

	h->daemon = fork();
	ck_assert_int_ge(h->daemon, 0);
	if (h->daemon == 0)
		serve(h);
	for (int i = 0; i < 500 && fd < 0; i++) {
		fd = try_connect(h);
		usleep(10000);
	}
	ck_assert_msg(fd >= 0, "the daemon does not listen");
	fd_close(fd);
}

void harness_wait(struct harness *h)
{
	int status;

	ck_assert_int_eq(waitpid(h->daemon, &status, 0), h->daemon);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the daemon ended with %#x",
		      status);
	h->daemon = 0;
}

void harness_stop(struct harness *h)
{
	ck_assert_int_eq(kill(h->daemon, SIGTERM), 0);
	harness_wait(h);
}

void harness_done(struct harness *h)
{
	if (h->daemon > 0)
		harness_stop(h);
	tree_done(&h->tree);
}

int harness_connect(const struct harness *h)
{
	int fd = try_connect(h);

	ck_assert_int_ge(fd, 0);
	return fd;
}

void harness_send_bytes(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		ck_assert_msg(sent > 0, "send: %s", strerror(errno));
		at += sent;
		n -= (size_t)sent;
	}
}

void harness_send_frame(int fd, struct frame_header h, const void *body)
{
	unsigned char raw[FRAME_HEADER];

	frame_header_put(&h, raw);
	harness_send_bytes(fd, raw, sizeof(raw));
	harness_send_bytes(fd, body, h.length);
}

void harness_send_timed(int fd, uint32_t stream, const char *method, const ProtobufCMessage *m,
			int64_t timeout_nano)
{
	cleanup_buf struct buf frame = BUF(LIMIT_FRAME + FRAME_HEADER);

	ck_assert_int_eq(ttrpc_put_request(stream, "anchord.v1.Executor", method, m, timeout_nano,
					   &frame, NULL),
			 0);
	harness_send_bytes(fd, frame.data, frame.n);
}

void harness_send(int fd, uint32_t stream, const char *method, const ProtobufCMessage *m)
{
	harness_send_timed(fd, stream, method, m, 0);
}

void harness_send_run(int fd, uint32_t stream, const char *command,
		      const Anchord__V1__RunRequest *like)
{
	Anchord__V1__RunRequest q = ANCHORD__V1__RUN_REQUEST__INIT;
	cleanup_strv struct strv args = STRV(16);

	ck_assert_int_eq(strv_split(&args, command, ' ', NULL), 0);
	if (like)
		q = *like;
	q.args = args.v;
	q.n_args = args.n;
	harness_send(fd, stream, "Run", &q.base);
}

static bool receive_exactly(int fd, void *to, size_t n)
{
	ssize_t got = n > 0 ? recv(fd, to, n, MSG_WAITALL) : 0;

	ck_assert_msg(got >= 0, "recv: %s", strerror(errno));
	return (size_t)got == n;
}

struct frame harness_receive(int fd)
{
	unsigned char raw[FRAME_HEADER];
	struct frame f;

	ck_assert_msg(receive_exactly(fd, raw, sizeof(raw)), "the connection ended");
	f.header = frame_header_get(raw);
	f.body = malloc(f.header.length + 1);
	ck_assert(receive_exactly(fd, f.body, f.header.length));
	return f;
}

void harness_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "the connection goes on");
}

static struct frame receive_on(int fd, uint32_t stream)
{
	struct frame f = harness_receive(fd);

	ck_assert_uint_eq(f.header.type, FRAME_RESPONSE);
	ck_assert_uint_eq(f.header.flags, 0);
	ck_assert_uint_eq(f.header.stream, stream);
	return f;
}

void *harness_reply(int fd, uint32_t stream, const ProtobufCMessageDescriptor *type)
{
	struct frame f = receive_on(fd, stream);
	cleanup_free unsigned char *body = f.body;
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	struct err e = ERR_NONE;
	ProtobufCBinaryData payload;
	void *m;

	ck_ok(ttrpc_open_reply(body, f.header.length, &a, &payload, &e), e);
	m = protobuf_c_message_unpack(type, NULL, payload.len, payload.data);
	ck_assert_ptr_nonnull(m);
	return m;
}

void harness_error(int fd, uint32_t stream, int code, const char *text)
{
	struct frame f = receive_on(fd, stream);
	cleanup_free unsigned char *body = f.body;
	Ttrpc__Response *r = ttrpc__response__unpack(NULL, f.header.length, body);

	ck_assert_ptr_nonnull(r);
	ck_assert_msg(r->status != NULL, "a reply where the error '%s' was expected", text);
	ck_assert_msg(strstr(r->status->message, text) != NULL, "'%s' is not in '%s'", text,
		      r->status->message);
	ck_assert_int_eq(r->status->code, code);
	ck_assert_uint_eq(r->status->n_details, 1);
	ck_assert_str_eq(r->status->details[0]->type_url, TTRPC_DETAIL);
	ttrpc__response__free_unpacked(r, NULL);
}

/* Has the exec this status, or is it unknown when that is ""? */
static bool has_status(int fd, uint32_t stream, const char *id, const char *status)
{
	Anchord__V1__StateRequest q = ANCHORD__V1__STATE_REQUEST__INIT;
	Anchord__V1__StateResponse *reply;
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	cleanup_free unsigned char *body = NULL;
	ProtobufCBinaryData payload;
	struct frame f;
	bool has;

	q.id = (char *)id;
	harness_send(fd, stream, "State", &q.base);
	f = receive_on(fd, stream);
	body = f.body;
	if (ttrpc_open_reply(body, f.header.length, &a, &payload, NULL) < 0)
		return !status[0];
	reply = anchord__v1__state_response__unpack(NULL, payload.len, payload.data);
	has = strcmp(reply->state->status, status) == 0;
	anchord__v1__state_response__free_unpacked(reply, NULL);
	return has;
}

void harness_await(const struct harness *h, const char *id, const char *status)
{
	cleanup_close int fd = harness_connect(h);

	for (uint32_t i = 0; i < 1000; i++) {
		if (has_status(fd, 2 * i + 1, id, status))
			return;
		usleep(10000);
	}
	ck_abort_msg("exec '%s' did not become '%s'", id, status);
}

unsigned harness_count_fds(const struct harness *h)
{
	char path[64];
	cleanup_closedir DIR *dir = NULL;
	unsigned n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", h->daemon);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	return n;
}
