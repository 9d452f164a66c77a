/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * os_release - words of a value in os-release(5) text
 *
 * Quotes of either kind around a value are taken off; backslash escapes, which no ID holds,
 * are not. The last assignment of a key wins, as in a shell.
 */
#include <stdbool.h>
#include <stddef.h>

struct os_release_words {
	const char *at; /* inside the text */
	const char *end;
};

struct os_release_words os_release_get(const char *text, const char *key);
/* The next word separated by blanks; false at the end. @ret_word is not NUL-terminated. */
bool os_release_next(struct os_release_words *words, const char **ret_word, size_t *ret_n);
