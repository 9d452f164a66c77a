/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
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

/* A request with an id and one variable of the fake executor's ("" for none). */
struct run {
	Anchord__V1__RunRequest q;
	char id[16];
	char variable[32];
	char *env[1];
};

static void run_init(struct run *r, const char *id, const char *variable)
{
	anchord__v1__run_request__init(&r->q);
	snprintf(r->id, sizeof(r->id), "%s", id);
	snprintf(r->variable, sizeof(r->variable), "%s", variable);
	r->env[0] = r->variable;
	r->q.id = r->id;
	r->q.env = r->env;
	r->q.n_env = variable[0] ? 1 : 0;
}

static void send_wait(int fd, uint32_t stream, const char *id)
{
	Anchord__V1__WaitRequest q = ANCHORD__V1__WAIT_REQUEST__INIT;

	q.id = (char *)id;
	harness_send(fd, stream, "Wait", &q.base);
}

static void send_kill(int fd, uint32_t stream, const char *id, uint32_t signal, bool all)
{
	Anchord__V1__KillRequest q = ANCHORD__V1__KILL_REQUEST__INIT;

	q.id = (char *)id;
	q.signal = signal;
	q.all = all;
	harness_send(fd, stream, "Kill", &q.base);
}

static void send_delete(int fd, uint32_t stream, const char *id, bool force)
{
	Anchord__V1__DeleteRequest q = ANCHORD__V1__DELETE_REQUEST__INIT;

	q.id = (char *)id;
	q.force = force;
	harness_send(fd, stream, "Delete", &q.base);
}

/* Replies without content. */
static void expect_done(int fd, uint32_t stream, const ProtobufCMessageDescriptor *type)
{
	protobuf_c_message_free_unpacked(harness_reply(fd, stream, type), NULL);
}

static void expect_killed(int fd, uint32_t stream)
{
	expect_done(fd, stream, &anchord__v1__kill_response__descriptor);
}

static void expect_deleted(int fd, uint32_t stream)
{
	expect_done(fd, stream, &anchord__v1__delete_response__descriptor);
}

static void expect_started(int fd, uint32_t stream)
{
	Anchord__V1__RunResponse *r =
		harness_reply(fd, stream, &anchord__v1__run_response__descriptor);

	ck_assert_uint_gt(r->pid, 0);
	ck_assert_ptr_null(r->exit);
	anchord__v1__run_response__free_unpacked(r, NULL);
}

static void expect_exit(const Anchord__V1__Exit *exit, unsigned code, unsigned signal)
{
	ck_assert_ptr_nonnull(exit);
	ck_assert_uint_eq(exit->code, code);
	ck_assert_uint_eq(exit->signal, signal);
	ck_assert_int_gt(exit->exited_at_usec, 1600000000000000);
}

static void expect_ran(int fd, uint32_t stream, unsigned code, unsigned signal)
{
	Anchord__V1__RunResponse *r =
		harness_reply(fd, stream, &anchord__v1__run_response__descriptor);

	expect_exit(r->exit, code, signal);
	ck_assert_str_eq(r->receipt_json, "{\"family\":\"fake\"}");
	anchord__v1__run_response__free_unpacked(r, NULL);
}

static void expect_waited(int fd, uint32_t stream, unsigned code, unsigned signal)
{
	Anchord__V1__WaitResponse *r =
		harness_reply(fd, stream, &anchord__v1__wait_response__descriptor);

	expect_exit(r->exit, code, signal);
	anchord__v1__wait_response__free_unpacked(r, NULL);
}

START_TEST(run_answers_with_the_result_and_forgets)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "");
	harness_send_run(fd, 1, "false", &r.q);
	expect_ran(fd, 1, 1, 0);
	send_wait(fd, 3, "a");
	harness_error(fd, 3, 5, "there is no exec 'a'");
	harness_send_run(fd, 5, "true", &r.q);
	expect_ran(fd, 5, 0, 0);
}
END_TEST

START_TEST(an_id_is_made_up_and_its_result_names_it)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__RunResponse *r;

	harness_send_run(fd, 1, "true", NULL);
	r = harness_reply(fd, 1, &anchord__v1__run_response__descriptor);
	ck_assert_uint_eq(strlen(r->id), 16);
	anchord__v1__run_response__free_unpacked(r, NULL);
}
END_TEST

START_TEST(an_id_that_is_taken_or_malformed_is_refused)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "");
	harness_send_run(fd, 1, "sleep 30", &r.q);
	harness_send_run(fd, 3, "true", &r.q);
	harness_error(fd, 3, 6, "there is an exec 'a' already");
	run_init(&r, "..", "");
	harness_send_run(fd, 5, "true", &r.q);
	harness_error(fd, 5, 3, "id: ");
}
END_TEST

START_TEST(calls_are_pipelined_on_one_connection)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_START_MSEC=100");
	r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	harness_send_run(fd, 1, "sleep 30", &r.q);
	send_wait(fd, 3, "a");
	expect_started(fd, 1);
	send_kill(fd, 5, "a", SIGTERM, false);
	expect_killed(fd, 5);
	expect_waited(fd, 3, 143, SIGTERM);
	send_wait(fd, 7, "a"); /* it stays until Delete */
	expect_waited(fd, 7, 143, SIGTERM);
	send_kill(fd, 9, "a", SIGTERM, false);
	harness_error(fd, 9, 9, "does not run: it is stopped");
	send_delete(fd, 11, "a", false);
	expect_deleted(fd, 11);
	send_delete(fd, 13, "a", false);
	harness_error(fd, 13, 5, "there is no exec 'a'");
}
END_TEST

START_TEST(a_kill_while_preparing_is_carried_out_later)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_START_MSEC=200");
	harness_send_run(fd, 1, "sleep 30", &r.q);
	send_kill(fd, 3, "a", 0, false);
	harness_error(fd, 3, 9, "it is preparing");
	send_kill(fd, 5, "a", SIGUSR1, false);
	expect_killed(fd, 5);
	expect_ran(fd, 1, 128 + SIGUSR1, SIGUSR1);
	send_kill(fd, 7, "a", 65, false);
	harness_error(fd, 7, 5, "no exec");
}
END_TEST

START_TEST(a_command_that_is_missing_fails_run_after_undoing)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_START=fail");
	r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	harness_send_run(fd, 1, "nothing", &r.q);
	harness_error(fd, 1, 5, "'nothing' is not in PATH");
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(a_request_that_the_executor_refuses_is_forgotten)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_NEW=fail");
	harness_send_run(fd, 1, "true", &r.q);
	harness_error(fd, 1, 3, "cwd: must be absolute");
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(what_could_not_be_undone_fails_everybody_loudly)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_FINISH=fail");
	harness_send_run(fd, 1, "sleep 30", &r.q);
	send_wait(fd, 3, "a");
	send_delete(fd, 5, "a", true);
	harness_error(fd, 1, 10, "undoing: ");
	harness_error(fd, 3, 10, "undoing: ");
	harness_error(fd, 5, 10, "undoing: ");
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(delete_needs_force_while_it_runs)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "");
	r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	harness_send_run(fd, 1, "sleep 30", &r.q);
	expect_started(fd, 1);
	send_delete(fd, 3, "a", false);
	harness_error(fd, 3, 9, "use force");
	send_wait(fd, 5, "a");
	send_delete(fd, 7, "a", true);
	expect_waited(fd, 5, 137, SIGKILL);
	expect_deleted(fd, 7);
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(a_lease_ends_with_its_connection)
{
	static const struct {
		const char *variable;
		const char *status; /* when the connection ends */
	} cases[] = {
		{"", "running"},
		{"FAKE_START_MSEC=200", "preparing"},
		{"FAKE_FINISH=fail", "running"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = harness_connect(&h);
		struct run r;

		run_init(&r, "a", cases[i].variable);
		r.q.lease = ANCHORD__V1__LEASE__LEASE_CONNECTION;
		r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
		harness_send_run(fd, 1, "sleep 30", &r.q);
		harness_await(&h, "a", cases[i].status);
		fd_close(fd);
		harness_await(&h, "a", "");
	}
}
END_TEST

START_TEST(a_lease_ends_what_has_stopped_too)
{
	int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "");
	r.q.lease = ANCHORD__V1__LEASE__LEASE_CONNECTION;
	r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	harness_send_run(fd, 1, "true", &r.q);
	harness_await(&h, "a", "stopped");
	fd_close(fd);
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(without_a_lease_it_runs_on_and_is_forgotten_at_its_end)
{
	int fd = harness_connect(&h);
	cleanup_close int other = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "");
	harness_send_run(fd, 1, "sleep 0.3", &r.q);
	harness_await(&h, "a", "running");
	send_wait(other, 1, "a");
	fd_close(fd);
	expect_waited(other, 1, 0, 0);
	harness_await(&h, "a", "");
}
END_TEST

START_TEST(draining_refuses_kills_undoes_and_answers)
{
	cleanup_close int fd = harness_connect(&h);
	struct run r;

	run_init(&r, "a", "FAKE_START_MSEC=300");
	harness_send_run(fd, 1, "sleep 30", &r.q);
	run_init(&r, "b", "");
	harness_send_run(fd, 3, "sleep 30", &r.q);
	harness_await(&h, "b", "running");
	kill(h.daemon, SIGTERM);
	kill(h.daemon, SIGTERM);
	expect_ran(fd, 3, 137, SIGKILL);
	harness_send_run(fd, 5, "true", NULL);
	harness_error(fd, 5, 14, "anchord is stopping");
	expect_ran(fd, 1, 137, SIGKILL);
	harness_end(fd);
	harness_wait(&h);
}
END_TEST

START_TEST(a_receipt_that_is_too_long_does_not_cost_the_result)
{
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__RunResponse *reply;
	struct run r;

	run_init(&r, "a", "FAKE_RECEIPT=long");
	harness_send_run(fd, 1, "false", &r.q);
	reply = harness_reply(fd, 1, &anchord__v1__run_response__descriptor);
	expect_exit(reply->exit, 1, 0);
	ck_assert_ptr_nonnull(strstr(reply->receipt_json, "omitted"));
	anchord__v1__run_response__free_unpacked(reply, NULL);
}
END_TEST

START_TEST(state_shows_the_command_up_to_a_bound)
{
	cleanup_close int fd = harness_connect(&h);
	cleanup_free char *command = malloc(10000);
	Anchord__V1__StateRequest q = ANCHORD__V1__STATE_REQUEST__INIT;
	Anchord__V1__StateResponse *reply;
	struct run r;

	run_init(&r, "a", "");
	r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	memset(command, 'x', 9999);
	command[9999] = '\0';
	memcpy(command, "sh -c true ", 11);
	harness_send_run(fd, 1, command, &r.q);
	expect_started(fd, 1);
	harness_await(&h, "a", "stopped");
	q.id = r.id;
	harness_send(fd, 3, "State", &q.base);
	reply = harness_reply(fd, 3, &anchord__v1__state_response__descriptor);
	ck_assert_uint_eq(reply->state->n_args, 4);
	ck_assert_str_eq(reply->state->args[2], "true");
	ck_assert_str_eq(reply->state->args[3], "...");
	expect_exit(reply->state->exit, 0, 0);
	anchord__v1__state_response__free_unpacked(reply, NULL);
}
END_TEST

/* Ask for one page, check its order, and give its last id in @last. Returns the number of ids. */
static size_t list_page(int fd, uint32_t stream, char *last, size_t size, bool *ret_more)
{
	Anchord__V1__ListRequest q = ANCHORD__V1__LIST_REQUEST__INIT;
	Anchord__V1__ListResponse *reply;
	size_t n;

	q.after = last;
	harness_send(fd, stream, "List", &q.base);
	reply = harness_reply(fd, stream, &anchord__v1__list_response__descriptor);
	n = reply->n_execs;
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_lt(strcmp(last, reply->execs[i]->id), 0);
		snprintf(last, size, "%s", reply->execs[i]->id);
	}
	*ret_more = reply->more;
	anchord__v1__list_response__free_unpacked(reply, NULL);
	return n;
}

START_TEST(list_comes_in_pages_that_fit_a_reply)
{
	enum { MANY = 400, BIG = 4000 };
	cleanup_close int fd = harness_connect(&h);
	cleanup_free char *command = malloc(BIG);
	char last[LIMIT_ID + 1] = "";
	uint32_t stream = 1;
	unsigned n_pages = 0;
	size_t n = 0;
	bool more = true;

	memset(command, 'x', BIG);
	command[BIG - 1] = '\0';
	memcpy(command, "true ", 5);
	for (int i = 0; i < MANY; i++, stream += 2) {
		struct run r;

		run_init(&r, "", "");
		r.q.until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
		harness_send_run(fd, stream, command, &r.q);
		expect_started(fd, stream);
	}
	for (; more; n_pages++, stream += 2)
		n += list_page(fd, stream, last, sizeof(last), &more);
	ck_assert_uint_eq(n, MANY);
	ck_assert_uint_ge(n_pages, 2);
}
END_TEST

SUITE("daemon/exec_run", setup, teardown, run_answers_with_the_result_and_forgets,
      an_id_is_made_up_and_its_result_names_it, an_id_that_is_taken_or_malformed_is_refused,
      calls_are_pipelined_on_one_connection, a_kill_while_preparing_is_carried_out_later,
      a_command_that_is_missing_fails_run_after_undoing,
      a_request_that_the_executor_refuses_is_forgotten,
      what_could_not_be_undone_fails_everybody_loudly, delete_needs_force_while_it_runs,
      a_lease_ends_with_its_connection, a_lease_ends_what_has_stopped_too,
      without_a_lease_it_runs_on_and_is_forgotten_at_its_end,
      draining_refuses_kills_undoes_and_answers,
      a_receipt_that_is_too_long_does_not_cost_the_result, state_shows_the_command_up_to_a_bound,
      list_comes_in_pages_that_fit_a_reply)
