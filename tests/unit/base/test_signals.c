/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(names_and_numbers_are_understood)
{
	static const struct {
		const char *text;
		int number;
	} cases[] = {
		{"TERM", SIGTERM}, {"SIGKILL", SIGKILL}, {"usr1", SIGUSR1}, {"sighup", SIGHUP},
		{"9", 9},          {"64", 64},
	};
	struct err e = ERR_NONE;
	int number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_ok(signals_parse(cases[i].text, &number, &e), e);
		ck_assert_int_eq(number, cases[i].number);
	}
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const char *const cases[] = {"",   "0",   "-9",     "65",
					    "9x", "SIG", "NOSUCH", "99999999999999999999"};
	int number = 77;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(signals_parse(cases[i], &number, &e), -EINVAL);
		ck_assert_int_eq(number, 77);
	}
}
END_TEST

SUITE("base/signals", NULL, NULL, names_and_numbers_are_understood, anything_else_is_refused)
