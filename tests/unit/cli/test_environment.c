/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/environment.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/support/suite.h"

static struct strv asked, built;
static struct err e;

static void setup(void)
{
	asked = STRV(16);
	built = STRV(16);
	e = ERR_NONE;
	setenv("SSL_CERT_FILE", "/host", 1);
	setenv("COPIED", "from the caller", 1);
	unsetenv("ABSENT");
	unsetenv("TERM");
}

static void teardown(void)
{
	strv_done(&asked);
	strv_done(&built);
}

START_TEST(a_container_gets_a_path_and_nothing_of_the_callers)
{
	ck_ok(environment_build(&asked, &built, &e), e);
	ck_assert_uint_eq(built.n, 1);
	ck_assert_str_eq(strv_value(&built, "PATH"),
			 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}
END_TEST

START_TEST(a_name_alone_copies_the_callers_variable_if_there_is_one)
{
	ck_ok(environment_option(&asked, "COPIED", &e), e);
	ck_ok(environment_option(&asked, "ABSENT", &e), e);
	ck_ok(environment_option(&asked, "EMPTY=", &e), e);
	ck_ok(environment_build(&asked, &built, &e), e);
	ck_assert_uint_eq(built.n, 3);
	ck_assert_str_eq(strv_value(&built, "COPIED"), "from the caller");
	ck_assert_str_eq(strv_value(&built, "EMPTY"), "");
}
END_TEST

START_TEST(a_path_that_was_asked_for_replaces_the_default)
{
	ck_ok(environment_option(&asked, "PATH=/bin", &e), e);
	ck_ok(environment_build(&asked, &built, &e), e);
	ck_assert_uint_eq(built.n, 1);
	ck_assert_str_eq(built.v[0], "PATH=/bin");
}
END_TEST

START_TEST(a_variable_without_a_name_is_refused)
{
	ck_assert_int_eq(environment_option(&asked, "=x", &e), -EINVAL);
	ck_assert_int_eq(environment_option(&asked, "", &e), -EINVAL);
	ck_assert_uint_eq(asked.n, 0);
}
END_TEST

SUITE("cli/environment", setup, teardown, a_container_gets_a_path_and_nothing_of_the_callers,
      a_name_alone_copies_the_callers_variable_if_there_is_one,
      a_path_that_was_asked_for_replaces_the_default, a_variable_without_a_name_is_refused)
