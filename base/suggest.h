/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * suggest - "did you mean": the known word closest to a mistyped one
 *
 *	struct suggest s = suggest_for(typed, strlen(typed));
 *	suggest_offer(&s, "run"); ...
 *	if (s.best) ...
 */
#include <stddef.h>

struct suggest {
	const char *word; /* as typed; borrowed */
	size_t n;         /* its bytes */
	const char *best; /* borrowed; NULL while nothing is close enough */
	size_t distance;  /* of best: letters put in, left out or changed */
};

struct suggest suggest_for(const char *word, size_t n);
/* Take @candidate if it is closer than what was offered before. */
void suggest_offer(struct suggest *s, const char *candidate);
