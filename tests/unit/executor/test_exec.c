/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a request; what becomes of it is tested end to end (tests/e2e). */
#include "executor/exec.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "executor/internal.h"
#include "tests/support/suite.h"

static struct executor ex;

static void setup(void)
{
	ex = (struct executor){.authorities = authorities_new()};
	pthread_mutex_init(&ex.lock, NULL);
}

static void teardown(void)
{
	authorities_unref(ex.authorities);
	pthread_mutex_destroy(&ex.lock);
}

static void set(char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
}

static void good(struct exec_request *q)
{
	exec_request_init(q);
	ck_assert_int_eq(strv_add(&q->args, "/bin/true", NULL), 0);
	ck_assert_int_eq(strv_add(&q->env, "A=", NULL), 0);
	set(&q->id, "an-id");
}

static void no_args(struct exec_request *q)
{
	strv_done(&q->args);
}

static void empty_command(struct exec_request *q)
{
	strv_done(&q->args);
	strv_add(&q->args, "", NULL);
}

static void env_without_value(struct exec_request *q)
{
	strv_add(&q->env, "PATH", NULL);
}

static void env_without_name(struct exec_request *q)
{
	strv_add(&q->env, "=x", NULL);
}

static void relative_cwd(struct exec_request *q)
{
	set(&q->cwd, "tmp");
}

static void id_with_slash(struct exec_request *q)
{
	set(&q->id, "a/b");
}

static void id_of_dots(struct exec_request *q)
{
	set(&q->id, "..");
}

static void id_like_an_option(struct exec_request *q)
{
	set(&q->id, "-x");
}

static void long_id(struct exec_request *q)
{
	char id[LIMIT_ID + 2];

	memset(id, 'a', sizeof(id));
	id[LIMIT_ID + 1] = '\0';
	set(&q->id, id);
}

static void network_without_path(struct exec_request *q)
{
	q->network = NETWORK_PATH;
}

static void upper_of_a_given_rootfs(struct exec_request *q)
{
	mount_specs_add(&q->rootfs, "bind", "/", "", "rbind", NULL);
	set(&q->default_upper, "/x");
}

static void relative_upper(struct exec_request *q)
{
	set(&q->default_upper, "x");
}

START_TEST(a_request_that_can_not_work_is_refused_and_stays_the_callers)
{
	static const struct {
		void (*spoil)(struct exec_request *q);
		const char *field;
	} rows[] = {
		{no_args, "args"},
		{empty_command, "args"},
		{env_without_value, "env[1]"},
		{env_without_name, "env[1]"},
		{relative_cwd, "cwd"},
		{id_with_slash, "id"},
		{id_of_dots, "id"},
		{id_like_an_option, "id"},
		{long_id, "id"},
		{network_without_path, "network"},
		{upper_of_a_given_rootfs, "default_upper"},
		{relative_upper, "default_upper"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct exec_request q;
		struct exec *x = NULL;
		struct err e = ERR_NONE;

		good(&q);
		rows[i].spoil(&q);
		ck_assert_msg(exec_new(&ex, &q, &x, &e) == -EINVAL, "row %zu", i);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_msg(strstr(e.msg, rows[i].field) != NULL, "%s", e.msg);
		ck_assert_ptr_null(x);
		ck_assert_uint_ge(q.env.n, 1);
		exec_request_done(&q);
	}
}
END_TEST

START_TEST(a_good_request_is_taken_over)
{
	struct exec_request q;
	struct exec *x = NULL;
	struct err e = ERR_NONE;
	int fds[2];

	good(&q);
	ck_assert_int_eq(pipe(fds), 0);
	q.stdio[1] = fds[1];
	ck_ok(exec_new(&ex, &q, &x, &e), e);
	ck_assert_str_eq(exec_id(x), "an-id");
	ck_assert_uint_eq(q.args.n, 0);
	ck_assert_ptr_null(q.id);
	ck_assert_int_eq(q.stdio[1], -EBADF);
	exec_request_done(&q);
	ck_assert_ptr_null(exec_free(x));
	ck_assert_int_eq(write(fds[0], "", 0), -1); /* the other end is closed too */
	close(fds[0]);
	ck_assert_int_eq(close(fds[1]), -1);
	ck_assert_ptr_null(exec_free(NULL));
}
END_TEST

START_TEST(an_id_is_made_up_where_there_is_none)
{
	char first[LIMIT_ID + 1] = "";

	for (int i = 0; i < 2; i++) {
		struct exec_request q;
		struct exec *x = NULL;
		struct err e = ERR_NONE;

		good(&q);
		set(&q.id, "");
		ck_ok(exec_new(&ex, &q, &x, &e), e);
		ck_assert_uint_ge(strlen(exec_id(x)), 16);
		ck_assert_str_ne(exec_id(x), first);
		snprintf(first, sizeof(first), "%s", exec_id(x));
		exec_free(x);
	}
}
END_TEST

START_TEST(an_exec_that_was_not_started_does_not_run)
{
	cleanup_json json_t *receipt = NULL;
	struct exec_request q;
	struct exec *x = NULL;
	struct err e = ERR_NONE;

	good(&q);
	q.trust = TRUST_OFF;
	ck_ok(exec_new(&ex, &q, &x, &e), e);
	ck_assert_int_eq(exec_pidfd(x), -EBADF);
	ck_assert_int_eq(exec_kill(x, SIGTERM, /* all= */ false, &e), -ESRCH);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	receipt = exec_receipt(x);
	ck_assert_str_eq(json_get_string(receipt, "id"), "an-id");
	ck_assert_str_eq(json_get_string(json_object_get(receipt, "trust"), "mode"), "off");
	exec_free(x);
}
END_TEST

SUITE("executor/exec", setup, teardown,
      a_request_that_can_not_work_is_refused_and_stays_the_callers, a_good_request_is_taken_over,
      an_id_is_made_up_where_there_is_none, an_exec_that_was_not_started_does_not_run)
