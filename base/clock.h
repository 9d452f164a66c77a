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

/* Microseconds since 1970, for people. */
static inline uint64_t clock_wall_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}
