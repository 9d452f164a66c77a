/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* dice - numbers that depend on a seed alone, so that whatever they decided can be replayed */
#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

/* splitmix64: any state is good, also 0. */
static inline uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A number below @n. */
static inline unsigned dice_roll(struct dice *d, unsigned n)
{
	return (unsigned)(dice_next(d) >> 33) % n;
}

/* True @percent times in a hundred. */
static inline bool dice_chance(struct dice *d, unsigned percent)
{
	return dice_roll(d, 100) < percent;
}

/* An independent sequence for part @n of what @seed names. */
static inline struct dice dice_of(uint64_t seed, uint64_t n)
{
	struct dice d = {.state = seed ^ (n * 0xd1342543de82ef95u)};

	dice_next(&d);
	return d;
}
