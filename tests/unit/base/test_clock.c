/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(times_are_those_of_go)
{
	static const struct {
		struct timespec t;
		const char *text;
	} cases[] = {
		{{1795470400, 553174013}, "2026-11-23T21:46:40.553174013Z"},
		{{1795470400, 500000000}, "2026-11-23T21:46:40.5Z"},
		{{1795470400, 10}, "2026-11-23T21:46:40.00000001Z"},
		{{1795470400, 0}, "2026-11-23T21:46:40Z"},
	};
	char text[CLOCK_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		clock_text(&cases[i].t, text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(every_day_of_a_century_is_as_libc_says)
{
	for (time_t t = 12345; t < 130L * 365 * 86400; t += 86400 + 61) {
		char text[CLOCK_TEXT], wanted[CLOCK_TEXT];
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", &tm);
		clock_text(&(struct timespec){.tv_sec = t}, text);
		if (strcmp(text, wanted) != 0)
			ck_abort_msg("'%s' is not '%s'", text, wanted);
	}
}
END_TEST

SUITE("base/clock", NULL, NULL, times_are_those_of_go, every_day_of_a_century_is_as_libc_says)
