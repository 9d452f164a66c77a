/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <string.h>

#define WORD_MAX 32 /* longer words are nobody's typing error */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, one row at a time; both words are at most WORD_MAX long. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t changed = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = min3(changed, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[n_b];
}

struct suggest suggest_for(const char *word, size_t n)
{
	/* A third of the letters wrong is a typing error, more is another word. */
	return (struct suggest){.word = word, .n = n, .distance = n / 3 + 2};
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	size_t n = strlen(candidate);
	size_t d;

	if (s->n > WORD_MAX || n > WORD_MAX)
		return;
	d = distance(s->word, s->n, candidate, n);
	if (d < s->distance && d < n) {
		s->best = candidate;
		s->distance = d;
	}
}
