/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/environment.h"

#include "tests/support/suite.h"

static struct strv env;

static void setup(void)
{
	env = STRV(8);
}

static void teardown(void)
{
	strv_done(&env);
}

START_TEST(a_name_is_there_once)
{
	struct err e = ERR_NONE;

	ck_ok(environment_set(&env, "A=1", &e), e);
	ck_ok(environment_set(&env, "AB=2", &e), e);
	ck_ok(environment_set(&env, "A=3", &e), e);
	ck_assert_uint_eq(env.n, 2);
	ck_assert_str_eq(env.v[0], "A=3");
}
END_TEST

START_TEST(what_is_set_counts_more_than_what_is_added)
{
	cleanup_strv struct strv more = STRV(8);
	struct err e = ERR_NONE;

	ck_ok(environment_set(&env, "A=1", &e), e);
	ck_ok(strv_add(&more, "A=2", &e), e);
	ck_ok(strv_add(&more, "B=3", &e), e);
	ck_ok(environment_add_missing(&env, &more, &e), e);
	ck_assert_uint_eq(env.n, 2);
	ck_assert_str_eq(strv_value(&env, "A"), "1");
	ck_assert_str_eq(strv_value(&env, "B"), "3");
}
END_TEST

SUITE("runc/environment", setup, teardown, a_name_is_there_once,
      what_is_set_counts_more_than_what_is_added)
