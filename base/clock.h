/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* clock - times for people and for intervals */
#include <stdint.h>
#include <time.h>

static inline uint64_t clock_usec(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Below, equal to or above 0 as @a is earlier than @b, the same or later. */
static inline int clock_compare(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

/* Microseconds of a clock that only runs forward, for intervals. */
static inline uint64_t clock_mono_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

enum { CLOCK_TEXT = 96 /* for any numbers, so that compilers see it */ };

/*
 * UTC as in RFC 3339: "2026-11-26T23:59:59.5Z", without zeros at the end of the fraction.
 * gmtime_r() would read the file of the local time zone, and each container wants the time.
 */
void clock_text(const struct timespec *t, char ret[CLOCK_TEXT]);

/* Microseconds since 1970, for people. */
static inline uint64_t clock_wall_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}
