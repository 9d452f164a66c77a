/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * strv - a list of strings, NULL-terminated, with a maximum
 *
 * v can be given to execve() as it is: it is NULL only while the list is empty and untouched;
 * strv_get() never returns NULL. The list owns its strings.
 */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

struct strv {
	char **v;   /* owned, and each string too; v[n] == NULL */
	size_t n;   /* strings */
	size_t max; /* strings allowed */
};

#define STRV(max_strings) ((struct strv){.max = (max_strings)})

void strv_done(struct strv *s);
#define cleanup_strv cleanup(strv_done)

/* Append a copy. Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int strv_add(struct strv *s, const char *string, struct err *e);
/* Append copies of all of @from. */
int strv_extend(struct strv *s, const struct strv *from, struct err *e);
/* Append the pieces of @text between @separator; empty pieces too. */
int strv_split(struct strv *s, const char *text, char separator, struct err *e);

/* The strings, never NULL. */
char *const *strv_get(const struct strv *s);
/* Is there a string equal to @string? */
bool strv_has(const struct strv *s, const char *string);
/* What follows "@key=" in the first "key=value" string, or NULL. */
const char *strv_value(const struct strv *s, const char *key);
