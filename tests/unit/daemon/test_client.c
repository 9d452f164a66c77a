/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "cli/ttrpc_client.h"
#include "tests/unit/daemon/harness.h"

static struct harness h;
static struct ttrpc_client *c;

static void setup(void)
{
	struct err e = ERR_NONE;

	harness_init(&h);
	ck_ok(ttrpc_client_new(h.socket, &c, &e), e);
}

static void teardown(void)
{
	c = ttrpc_client_free(c);
	harness_done(&h);
}

static int kill_exec(char *id, uint32_t signal, struct err *e)
{
	Anchord__V1__KillRequest q = ANCHORD__V1__KILL_REQUEST__INIT;
	ProtobufCMessage *reply = NULL;
	int r;

	q.id = id;
	q.signal = signal;
	r = ttrpc_client_call(c, "Kill", &q.base, &anchord__v1__kill_response__descriptor, &reply,
			      e);
	if (r == 0)
		protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

START_TEST(a_signal_is_sent_while_run_is_parked)
{
	Anchord__V1__RunRequest q = ANCHORD__V1__RUN_REQUEST__INIT;
	char id[] = "a", sleep_[] = "sleep", seconds[] = "30";
	char *args[] = {sleep_, seconds};
	struct pollfd p = {.fd = ttrpc_client_fd(c), .events = POLLIN};
	Anchord__V1__RunResponse *reply;
	struct err e = ERR_NONE;
	ProtobufCMessage *m;
	uint32_t call;

	q.id = id;
	q.args = args;
	q.n_args = 2;
	ck_ok(ttrpc_client_send(c, "Run", &q.base, 0, &call, &e), e);
	harness_await(&h, id, "running");
	ck_assert(!ttrpc_client_has(c, call));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_ok(kill_exec(id, SIGTERM, &e), e);
	while (!ttrpc_client_has(c, call))
		ck_ok(ttrpc_client_receive(c, &e), e);
	ck_ok(ttrpc_client_finish(c, call, &anchord__v1__run_response__descriptor, &m, &e), e);
	reply = (Anchord__V1__RunResponse *)m;
	ck_assert_uint_eq(reply->exit->signal, SIGTERM);
	anchord__v1__run_response__free_unpacked(reply, NULL);
	ck_assert(!ttrpc_client_has(c, call));
}
END_TEST

START_TEST(an_error_comes_with_its_kind)
{
	struct err e = ERR_NONE;
	char id[] = "nobody";

	ck_assert_int_eq(kill_exec(id, SIGTERM, &e), -EREMOTEIO);
	ck_assert_uint_eq(e.kind, ERR_NOT_FOUND);
	ck_assert_str_eq(e.msg, "there is no exec 'nobody'");
}
END_TEST

START_TEST(a_connection_that_ends_is_unavailable)
{
	struct err e = ERR_NONE;
	char id[] = "a";

	harness_stop(&h);
	ck_assert_int_lt(kill_exec(id, SIGTERM, &e), 0);
	ck_assert_uint_eq(e.kind, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(e.msg, h.socket));
}
END_TEST

START_TEST(a_missing_daemon_is_told_with_what_to_do)
{
	struct ttrpc_client *other = NULL;
	struct err e = ERR_NONE;

	ck_assert_int_eq(ttrpc_client_new("/nowhere/anchord.sock", &other, &e), -ENOENT);
	ck_assert_uint_eq(e.kind, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(e.msg, "'/nowhere/anchord.sock'"));
	ck_assert_ptr_nonnull(strstr(e.msg, "is anchord running?"));
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(calls_that_nobody_waits_for_are_kept_apart)
{
	Anchord__V1__InfoRequest q = ANCHORD__V1__INFO_REQUEST__INIT;
	struct err e = ERR_NONE;
	uint32_t calls[20];

	for (int i = 0; i < 20; i++)
		ck_ok(ttrpc_client_send(c, "Info", &q.base, 0, &calls[i], &e), e);
	for (int i = 19; i >= 1; i -= 2) { /* half of them, backwards */
		ProtobufCMessage *m;

		ck_ok(ttrpc_client_finish(c, calls[i], &anchord__v1__info_response__descriptor, &m,
					  &e),
		      e);
		protobuf_c_message_free_unpacked(m, NULL);
	}
}
END_TEST

SUITE("daemon/client", setup, teardown, a_signal_is_sent_while_run_is_parked,
      an_error_comes_with_its_kind, a_connection_that_ends_is_unavailable,
      a_missing_daemon_is_told_with_what_to_do, calls_that_nobody_waits_for_are_kept_apart)
