/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>

enum { DAY_SEC = 24 * 60 * 60 };

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

/* ".5", or nothing. */
static void fraction_text(long nanoseconds, char *ret, size_t size)
{
	size_t n = (size_t)snprintf(ret, size, ".%09ld", nanoseconds);

	while (n > 0 && (ret[n - 1] == '0' || ret[n - 1] == '.'))
		ret[--n] = '\0';
}

void clock_text(const struct timespec *t, char ret[CLOCK_TEXT])
{
	long days = t->tv_sec / DAY_SEC;
	int second = (int)(t->tv_sec % DAY_SEC);
	int year = 1970, month = 0;
	char fraction[16];

	for (; days >= 365 + is_leap(year); year++)
		days -= 365 + is_leap(year);
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	fraction_text(t->tv_nsec, fraction, sizeof(fraction));
	snprintf(ret, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", year, month + 1,
		 (int)days + 1, second / 3600, second / 60 % 60, second % 60, fraction);
}
