/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/limits.h"

#define HELP_COLUMN 32 /* where the explanations begin */

/* ---- functions for rows ---------------------------------------------------------------- */

int option_flag(void *field, const char *value, struct err *e)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	(void)e;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(value, yes[i]) != 0 && strcmp(value, no[i]) != 0)
			continue;
		*(bool *)field = strcmp(value, yes[i]) == 0;
		return 0;
	}
	return -EINVAL;
}

int option_string(void *field, const char *value, struct err *e)
{
	(void)e;
	*(const char **)field = value;
	return 0;
}

int option_append(void *field, const char *value, struct err *e)
{
	struct strv *list = field;

	if (list->max == 0)
		list->max = LIMIT_ENV;
	return strv_add(list, value, e);
}

static int parse_number(const char *text, int64_t *ret)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 0);
	if (errno || *end || end == text)
		return -EINVAL;
	*ret = n;
	return 0;
}

int option_unsigned(void *field, const char *value, struct err *e)
{
	int64_t n;

	(void)e;
	if (parse_number(value, &n) < 0 || n < 0 || n > UINT_MAX)
		return -EINVAL;
	*(unsigned *)field = (unsigned)n;
	return 0;
}

int option_number(void *field, const char *value, struct err *e)
{
	struct option_number *number = field;

	(void)e;
	if (parse_number(value, &number->value) < 0)
		return -EINVAL;
	number->is_set = true;
	return 0;
}

/* ---- parsing --------------------------------------------------------------------------- */

static bool is_word(const char *name, const char *word, size_t len)
{
	return name && strlen(name) == len && memcmp(name, word, len) == 0;
}

static const struct option *find(struct option_table table, const char *word, size_t len)
{
	for (size_t i = 0; i < table.n; i++)
		if (is_word(table.v[i].name, word, len) || is_word(table.v[i].alias, word, len))
			return &table.v[i];
	return NULL;
}

static int apply(const struct option *o, const char *value, void *to, struct err *e)
{
	struct err cause = ERR_NONE;
	int r = o->apply((char *)to + o->offset, value, &cause);

	if (r < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "invalid value \"%.100s\" for flag -%s: %s",
			       value, o->name, cause.code ? cause.msg : "parse error");
	return 0;
}

/* @word begins after the dashes. Returns how many further arguments were used, or -errno. */
static int parse_option(struct option_table table, const char *word, const char *next, void *to,
			struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *o = find(table, word, len);
	int r;

	if (!o)
		return err_set(e, -EINVAL, ERR_INVALID, "flag provided but not defined: -%.*s",
			       (int)len, word);
	if (equals || !o->value)
		return apply(o, equals ? equals + 1 : "true", to, e);
	if (!next)
		return err_set(e, -EINVAL, ERR_INVALID, "flag needs an argument: -%.*s", (int)len,
			       word);
	r = apply(o, next, to, e);
	return r < 0 ? r : 1;
}

int options_parse(struct option_table table, enum option_order order, char *const *argv, void *to,
		  struct strv *ret_args, struct err *e)
{
	bool only_args = false;
	int r;

	for (; *argv; argv++) {
		const char *arg = *argv;

		if (only_args || arg[0] != '-' || arg[1] == '\0') {
			r = strv_add(ret_args, arg, e);
			if (r < 0)
				return r;
			only_args = only_args || order == OPTION_STOP_AT_ARGS;
		} else if (strcmp(arg, "--") == 0) {
			only_args = true;
		} else {
			r = parse_option(table, arg + 1 + (arg[1] == '-'), argv[1], to, e);
			if (r < 0)
				return r;
			argv += r;
		}
	}
	return 0;
}

void options_done(struct option_table table, void *filled)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.v[i].apply == option_append)
			strv_done((struct strv *)(void *)((char *)filled + table.v[i].offset));
}

/* ---- help ------------------------------------------------------------------------------ */

/* The left column: "--name VALUE, -n VALUE". Returns its width. */
static int print_form(const struct option *o, FILE *to)
{
	const char *space = o->value ? " " : "", *value = o->value ? o->value : "";
	int n = fprintf(to, "   --%s%s%s", o->name, space, value);

	if (o->alias)
		n += fprintf(to, ", -%s%s%s", o->alias, space, value);
	return n;
}

void options_help(struct option_table table, FILE *to)
{
	for (size_t i = 0; i < table.n; i++) {
		int n = print_form(&table.v[i], to);

		/* A form that is too long for its column has the line to itself. */
		if (n >= HELP_COLUMN)
			n = fprintf(to, "\n") - 1;
		fprintf(to, "%*s%s\n", HELP_COLUMN - n, "", table.v[i].help);
	}
}
