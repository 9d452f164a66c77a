/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/environment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int add_variable(struct strv *to, const char *name, const char *value, struct err *e)
{
	cleanup_free char *text = NULL;

	if (asprintf(&text, "%s=%s", name, value) < 0) {
		text = NULL;
		return err_oom(e);
	}
	return strv_add(to, text, e);
}

int environment_option(void *field, const char *value, struct err *e)
{
	const char *copied;

	if (value[0] == '=' || value[0] == '\0')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%s' has no name; say NAME=value, or NAME to copy yours", value);
	if (strchr(value, '='))
		return strv_add(field, value, e);
	copied = getenv(value);
	return copied ? add_variable(field, value, copied, e) : 0;
}

/* Does a variable of @asked have the name of @variable, which is "NAME=value"? */
static bool is_replaced(const struct strv *asked, const char *variable)
{
	size_t n = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < asked->n; i++)
		if (strncmp(asked->v[i], variable, n) == 0)
			return true;
	return false;
}

int environment_build(const struct strv *asked, struct strv *ret, struct err *e)
{
	const char *term = getenv("TERM");
	int r = 0;

	if (!is_replaced(asked, DEFAULT_PATH))
		r = strv_add(ret, DEFAULT_PATH, e);
	if (r >= 0 && term && *term && !is_replaced(asked, "TERM=") &&
	    (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO)))
		r = add_variable(ret, "TERM", term, e);
	return r < 0 ? r : strv_extend(ret, asked, e);
}
