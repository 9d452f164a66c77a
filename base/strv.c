/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <errno.h>
#include <string.h>

void strv_done(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = STRV(s->max);
}

/* Takes @string, also on failure. */
static int add_owned(struct strv *s, char *string, struct err *e)
{
	char **v;

	if (!string)
		return err_oom(e);
	if (s->n >= s->max) {
		free(string);
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %zu strings", s->max);
	}
	if ((s->n & (s->n + 1)) == 0 || !s->v) { /* n + 1 is a power of two: full */
		v = realloc(s->v, 2 * (s->n + 1) * sizeof(*v));
		if (!v) {
			free(string);
			return err_oom(e);
		}
		s->v = v;
	}
	s->v[s->n++] = string;
	s->v[s->n] = NULL;
	return 0;
}

int strv_add(struct strv *s, const char *string, struct err *e)
{
	return add_owned(s, strdup(string), e);
}

int strv_extend(struct strv *s, const struct strv *from, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		int r = strv_add(s, from->v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

int strv_split(struct strv *s, const char *text, char separator, struct err *e)
{
	for (;;) {
		const char *end = strchrnul(text, separator);
		int r = add_owned(s, strndup(text, (size_t)(end - text)), e);

		if (r < 0)
			return r;
		if (!*end)
			return 0;
		text = end + 1;
	}
}

char *const *strv_get(const struct strv *s)
{
	static char *const none[] = {NULL};

	return s->v ? s->v : none;
}

bool strv_has(const struct strv *s, const char *string)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], string) == 0)
			return true;
	return false;
}

const char *strv_value(const struct strv *s, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->v[i], key, n) == 0 && s->v[i][n] == '=')
			return s->v[i] + n + 1;
	return NULL;
}
