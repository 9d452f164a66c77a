/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proto/ttrpc.h"
#include "tests/unit/daemon/harness.h"

static struct harness h;

static void setup(void)
{
	harness_init(&h);
}

static void teardown(void)
{
	harness_done(&h);
}

static void send_info(int fd, uint32_t stream)
{
	Anchord__V1__InfoRequest q = ANCHORD__V1__INFO_REQUEST__INIT;

	harness_send(fd, stream, "Info", &q.base);
}

/* The connection lives: it answers. */
static void expect_alive(int fd, uint32_t stream)
{
	Anchord__V1__InfoResponse *reply;

	send_info(fd, stream);
	reply = harness_reply(fd, stream, &anchord__v1__info_response__descriptor);
	ck_assert_ptr_nonnull(strstr(reply->info_json, "\"connections\""));
	anchord__v1__info_response__free_unpacked(reply, NULL);
}

static void send_envelope(int fd, uint32_t stream, const char *service, const char *method)
{
	Ttrpc__Request q = TTRPC__REQUEST__INIT;
	unsigned char body[512];

	q.service = (char *)service;
	q.method = (char *)method;
	ck_assert_uint_lt(ttrpc__request__get_packed_size(&q), sizeof(body));
	harness_send_frame(fd,
			   (struct frame_header){(uint32_t)ttrpc__request__pack(&q, body), stream,
						 FRAME_REQUEST, 0},
			   body);
}

START_TEST(an_unknown_service_or_method_is_named_as_the_go_server_does)
{
	cleanup_close int fd = harness_connect(&h);

	send_envelope(fd, 1, "no.such.Service", "X");
	harness_error(fd, 1, 12, "service no.such.Service");
	send_envelope(fd, 3, "anchord.v1.Executor", "Nope");
	harness_error(fd, 3, 12, "method Nope");
	harness_send_frame(fd, (struct frame_header){0, 5, FRAME_REQUEST, 0}, "");
	harness_error(fd, 5, 12, "service ");
	expect_alive(fd, 7);
}
END_TEST

START_TEST(a_stream_id_is_odd_and_grows)
{
	cleanup_close int fd = harness_connect(&h);

	send_info(fd, 0);
	harness_error(fd, 0, 3, "must be odd");
	send_info(fd, 2);
	harness_error(fd, 2, 3, "must be odd");
	expect_alive(fd, 5);
	send_info(fd, 5);
	harness_error(fd, 5, 3, "cannot be re-used and must increment");
	send_info(fd, 3);
	harness_error(fd, 3, 3, "cannot be re-used and must increment");
	expect_alive(fd, 7);
}
END_TEST

START_TEST(data_is_refused_and_other_types_and_flags_are_ignored)
{
	cleanup_close int fd = harness_connect(&h);

	harness_send_frame(fd, (struct frame_header){3, 1, FRAME_DATA, 0}, "abc");
	harness_error(fd, 1, 3, "unary");
	harness_send_frame(fd, (struct frame_header){3, 1, FRAME_RESPONSE, 0}, "abc");
	harness_send_frame(fd, (struct frame_header){3, 1, 99, 0xff}, "abc");
	expect_alive(fd, 3);
	harness_send_frame(fd, (struct frame_header){0, 5, FRAME_REQUEST, 0xff}, "");
	harness_error(fd, 5, 12, "service ");
}
END_TEST

START_TEST(what_cannot_be_parsed_ends_the_call_only)
{
	static const char not_utf8[] = "\x0a\x02\xc3\x28";
	cleanup_close int fd = harness_connect(&h);
	Ttrpc__Request q = TTRPC__REQUEST__INIT;
	unsigned char body[512];
	char text[] = "anchord.v1.Executor";
	char method[] = "State";

	harness_send_frame(fd, (struct frame_header){3, 1, FRAME_REQUEST, 0}, "\xff\xff\xff");
	harness_error(fd, 1, 3, "unmarshal request error: ");
	harness_send_frame(fd, (struct frame_header){4, 3, FRAME_REQUEST, 0}, not_utf8);
	harness_error(fd, 3, 3, "unmarshal request error: field 'service' is not UTF-8");
	q.service = text;
	q.method = method;
	q.payload = (ProtobufCBinaryData){4, (uint8_t *)not_utf8};
	harness_send_frame(fd,
			   (struct frame_header){(uint32_t)ttrpc__request__pack(&q, body), 5,
						 FRAME_REQUEST, 0},
			   body);
	harness_error(fd, 5, 3, "field 'id' is not UTF-8");
	expect_alive(fd, 7);
}
END_TEST

START_TEST(unknown_fields_are_ignored)
{
	static const char envelope[] = "\x0a\x13"
				       "anchord.v1.Executor"
				       "\x12\x04"
				       "Info"
				       "\x1a\x03\xf8\x07\x01" /* payload: field 127 = 1 */
				       "\xf8\x07\x2a";        /* field 127 = 42 */
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__InfoResponse *reply;

	harness_send_frame(fd, (struct frame_header){sizeof(envelope) - 1, 1, FRAME_REQUEST, 0},
			   envelope);
	reply = harness_reply(fd, 1, &anchord__v1__info_response__descriptor);
	anchord__v1__info_response__free_unpacked(reply, NULL);
}
END_TEST

START_TEST(a_frame_that_is_too_long_is_skipped_and_answered)
{
	const size_t n = LIMIT_FRAME + 40;
	cleanup_close int fd = harness_connect(&h);
	cleanup_free char *body = calloc(1, n);

	harness_send_frame(fd, (struct frame_header){(uint32_t)n, 1, FRAME_REQUEST, 0}, body);
	harness_error(fd, 1, 8, "message length 4194344 exceed maximum message size of 4194304");
	expect_alive(fd, 3);
}
END_TEST

START_TEST(a_frame_that_is_absurdly_long_ends_the_connection)
{
	cleanup_close int fd = harness_connect(&h);

	harness_send_bytes(fd, "\xff\xff\xff\xff\0\0\0\x01\x01\0", FRAME_HEADER);
	harness_end(fd);
}
END_TEST

START_TEST(a_frame_may_come_byte_by_byte)
{
	cleanup_close int fd = harness_connect(&h);
	cleanup_buf struct buf frame = BUF(1000);
	Anchord__V1__InfoRequest q = ANCHORD__V1__INFO_REQUEST__INIT;
	Anchord__V1__InfoResponse *reply;

	ttrpc_put_request(1, "anchord.v1.Executor", "Info", &q.base, 0, &frame, NULL);
	for (size_t i = 0; i < frame.n; i++)
		harness_send_bytes(fd, frame.data + i, 1);
	reply = harness_reply(fd, 1, &anchord__v1__info_response__descriptor);
	anchord__v1__info_response__free_unpacked(reply, NULL);
}
END_TEST

START_TEST(a_timeout_ends_the_call_and_not_what_it_waits_for)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__RunRequest run = ANCHORD__V1__RUN_REQUEST__INIT;
	Anchord__V1__WaitRequest wait = ANCHORD__V1__WAIT_REQUEST__INIT;
	Anchord__V1__RunResponse *reply;
	char id[] = "slow";

	run.id = wait.id = id;
	run.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	harness_send_run(fd, 1, "sleep 30", &run);
	reply = harness_reply(fd, 1, &anchord__v1__run_response__descriptor);
	ck_assert_uint_gt(reply->pid, 0);
	anchord__v1__run_response__free_unpacked(reply, NULL);
	harness_send_timed(fd, 3, "Wait", &wait.base, 100000000);
	harness_error(fd, 3, 4, "context deadline exceeded");
	harness_send_timed(fd, 5, "Wait", &wait.base, -1);
	harness_error(fd, 5, 4, "context deadline exceeded");
	harness_await(&h, id, "running");
}
END_TEST

START_TEST(the_end_of_the_client_ends_the_connection)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__WaitRequest wait = ANCHORD__V1__WAIT_REQUEST__INIT;

	harness_send_run(fd, 1, "sleep 30", NULL);
	harness_send(fd, 3, "Wait", &wait.base);
	harness_error(fd, 3, 5, "no exec ''");
	shutdown(fd, SHUT_WR);
	harness_end(fd);
}
END_TEST

START_TEST(replies_come_when_they_are_ready)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__ExplainRequest q = ANCHORD__V1__EXPLAIN_REQUEST__INIT;
	Anchord__V1__Mount slow = ANCHORD__V1__MOUNT__INIT;
	Anchord__V1__Mount *mounts[] = {&slow};
	Anchord__V1__ExplainResponse *reply;
	char type[] = "slow";

	slow.type = type;
	q.mounts = mounts;
	q.n_mounts = 1;
	harness_send(fd, 1, "Explain", &q.base);
	expect_alive(fd, 3);
	reply = harness_reply(fd, 1, &anchord__v1__explain_response__descriptor);
	ck_assert_str_eq(reply->plan_json, "{\"rootfs\":0,\"mounts\":1}");
	anchord__v1__explain_response__free_unpacked(reply, NULL);
}
END_TEST

START_TEST(a_path_to_explain_arrives_and_its_error_comes_back)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__ExplainRequest q = ANCHORD__V1__EXPLAIN_REQUEST__INIT;
	char path[] = "b\xc3\xa4r", loop[] = "/loop", bytes[] = "/\xff";
	Anchord__V1__ExplainResponse *reply;

	q.path = path;
	harness_send(fd, 1, "Explain", &q.base);
	reply = harness_reply(fd, 1, &anchord__v1__explain_response__descriptor);
	ck_assert_str_eq(reply->plan_json, "{\"rootfs\":0,\"mounts\":0,\"path\":\"b\xc3\xa4r\"}");
	anchord__v1__explain_response__free_unpacked(reply, NULL);
	q.path = loop;
	harness_send(fd, 3, "Explain", &q.base);
	harness_error(fd, 3, 3, "path: resolving '/loop'");
	q.path = bytes;
	harness_send(fd, 5, "Explain", &q.base);
	harness_error(fd, 5, 3, "field 'path' is not UTF-8");
}
END_TEST

START_TEST(a_repair_arrives_and_its_error_comes_back)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__RepairRequest q = ANCHORD__V1__REPAIR_REQUEST__INIT;
	char id[] = "some-id";
	char *ids[] = {id};
	Anchord__V1__RepairResponse *reply;

	q.forget = true;
	harness_send(fd, 1, "Repair", &q.base);
	harness_error(fd, 1, 3, "forget: say which");
	q.ids = ids;
	q.n_ids = 1;
	harness_send(fd, 3, "Repair", &q.base);
	reply = harness_reply(fd, 3, &anchord__v1__repair_response__descriptor);
	ck_assert_str_eq(reply->repair_json,
			 "{\"dry_run\":false,\"forget\":true,\"n\":1,\"first\":\"some-id\","
			 "\"leftovers\":[{\"id\":\"x\",\"result\":\"undone\"}]}");
	anchord__v1__repair_response__free_unpacked(reply, NULL);
}
END_TEST

START_TEST(calls_in_flight_are_bounded)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__RunRequest run = ANCHORD__V1__RUN_REQUEST__INIT;
	Anchord__V1__WaitRequest wait = ANCHORD__V1__WAIT_REQUEST__INIT;
	char id[] = "x";
	uint32_t stream = 3;

	run.id = wait.id = id;
	harness_send_run(fd, 1, "sleep 30", &run);
	for (int i = 0; i < LIMIT_CALLS; i++, stream += 2)
		harness_send(fd, stream, "Wait", &wait.base);
	harness_error(fd, stream - 2, 8, "calls are in flight");
}
END_TEST

START_TEST(replies_that_nobody_reads_end_the_connection)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__InfoRequest q = ANCHORD__V1__INFO_REQUEST__INIT;
	cleanup_buf struct buf frames = BUF(1 << 20);
	struct timeval patience = {.tv_sec = 10};
	uint32_t stream = 1;
	bool ended = false;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 5000; i++, stream += 2)
		ttrpc_put_request(stream, "anchord.v1.Executor", "Nope", &q.base, 0, &frames, NULL);
	for (int i = 0; i < 200 && !ended; i++) { /* stream ids do not matter to this client */
		ssize_t n = send(fd, frames.data, frames.n, MSG_NOSIGNAL);

		ended = n < 0 && errno != EAGAIN;
	}
	ck_assert_msg(ended, "%zu bytes of requests were taken", 200 * frames.n);
}
END_TEST

/* Send what was prepared until it is taken or the daemon has had enough. */
static void send_garbage(int fd, const struct buf *frames)
{
	char reply[4096];

	if (send(fd, frames->data, frames->n, MSG_NOSIGNAL) < 0)
		return;
	shutdown(fd, SHUT_WR);
	while (recv(fd, reply, sizeof(reply), 0) > 0)
		;
}

START_TEST(flipped_bits_do_no_harm)
{
	Anchord__V1__ListRequest q = ANCHORD__V1__LIST_REQUEST__INIT;
	char after[] = "some id";
	unsigned seed = 1;

	q.after = after;
	for (int round = 0; round < 500; round++) {
		cleanup_close int fd = harness_connect(&h);
		cleanup_buf struct buf frames = BUF(4096);

		for (uint32_t stream = 1; stream < 20; stream += 2)
			ttrpc_put_request(stream, "anchord.v1.Executor", "List", &q.base, 0,
					  &frames, NULL);
		for (int flip = 0; flip < 1 + round % 5; flip++)
			frames.data[(size_t)rand_r(&seed) % frames.n] ^=
				(char)(1 << rand_r(&seed) % 8);
		send_garbage(fd, &frames);
	}
}
END_TEST

/* A connection that is the only one: those that were closed before may linger. */
static int connect_alone(void)
{
	int fd = harness_connect(&h);

	for (uint32_t stream = 1; stream < 1000; stream += 2) {
		Anchord__V1__InfoResponse *reply;
		bool alone;

		send_info(fd, stream);
		reply = harness_reply(fd, stream, &anchord__v1__info_response__descriptor);
		alone = strstr(reply->info_json, "\"connections\":1,") != NULL;
		anchord__v1__info_response__free_unpacked(reply, NULL);
		if (alone)
			return fd;
		usleep(10000);
	}
	ck_abort_msg("other connections do not end");
}

START_TEST(connections_are_bounded_and_all_come_back)
{
	enum { MANY = 300 };
	unsigned before;
	int fds[MANY] = {connect_alone()};
	int refused = 0;

	before = harness_count_fds(&h);
	for (int i = 1; i < MANY; i++)
		fds[i] = harness_connect(&h);
	for (int i = 0; i < MANY; i++) {
		char byte;

		if (i < LIMIT_CONNECTIONS)
			expect_alive(fds[i], 9999);
		else
			refused += recv(fds[i], &byte, 1, 0) == 0;
	}
	ck_assert_int_eq(refused, MANY - LIMIT_CONNECTIONS);
	for (int i = 0; i < MANY; i++)
		fd_close(fds[i]);
	for (int i = 0; i < 500 && harness_count_fds(&h) > before; i++)
		usleep(10000);
	ck_assert_uint_le(harness_count_fds(&h), before);
	fds[0] = harness_connect(&h);
	expect_alive(fds[0], 1);
	fd_close(fds[0]);
}
END_TEST

SUITE("daemon/session", setup, teardown,
      an_unknown_service_or_method_is_named_as_the_go_server_does, a_stream_id_is_odd_and_grows,
      data_is_refused_and_other_types_and_flags_are_ignored,
      what_cannot_be_parsed_ends_the_call_only, unknown_fields_are_ignored,
      a_frame_that_is_too_long_is_skipped_and_answered,
      a_frame_that_is_absurdly_long_ends_the_connection, a_frame_may_come_byte_by_byte,
      a_timeout_ends_the_call_and_not_what_it_waits_for, the_end_of_the_client_ends_the_connection,
      replies_come_when_they_are_ready, a_path_to_explain_arrives_and_its_error_comes_back,
      a_repair_arrives_and_its_error_comes_back, calls_in_flight_are_bounded,
      replies_that_nobody_reads_end_the_connection, flipped_bits_do_no_harm,
      connections_are_bounded_and_all_come_back)
