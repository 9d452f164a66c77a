/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "base/suggest.h"

#define HELP_COLUMN 30 /* where the explanations begin */

int option_flag(void *field, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(bool *)field = true;
	return 0;
}

int option_string(void *field, const char *value, struct err *e)
{
	(void)e;
	*(const char **)field = value;
	return 0;
}

int option_append(void *field, const char *value, struct err *e)
{
	return strv_add(field, value, e);
}

static int unknown_option(struct option_table table, const char *word, size_t len, struct err *e)
{
	struct suggest s = suggest_for(word, len);

	for (size_t i = 0; i < table.n; i++)
		suggest_offer(&s, table.v[i].name);
	if (s.best)
		return err_set(e, -EINVAL, ERR_INVALID, "unknown option --%.*s; did you mean --%s?",
			       (int)len, word, s.best);
	return err_set(e, -EINVAL, ERR_INVALID, "unknown option --%.*s; --help lists what there is",
		       (int)len, word);
}

static const struct option *find_long(struct option_table table, const char *word, size_t len)
{
	for (size_t i = 0; i < table.n; i++)
		if (strlen(table.v[i].name) == len && memcmp(table.v[i].name, word, len) == 0)
			return &table.v[i];
	return NULL;
}

static const struct option *find_letter(struct option_table table, char letter)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.v[i].letter == letter)
			return &table.v[i];
	return NULL;
}

static int apply(const struct option *o, const char *value, void *to, struct err *e)
{
	int r;

	r = o->apply((char *)to + o->offset, value, e);
	return r < 0 ? err_wrap(e, r, "--%s", o->name) : 0;
}

/*
 * Apply @o, whose value is @attached or, if that is NULL and one is needed, the next argument.
 * Returns how many further arguments were used, or -errno.
 */
static int take(const struct option *o, const char *attached, const char *next, void *to,
		struct err *e)
{
	int r;

	if (o->takes == OPTION_FLAG && attached)
		return err_set(e, -EINVAL, ERR_INVALID, "--%s takes no value", o->name);
	if (o->takes != OPTION_VALUE || attached)
		return apply(o, attached, to, e);
	if (!next)
		return err_set(e, -EINVAL, ERR_INVALID, "--%s needs a value: --%s %s", o->name,
			       o->name, o->value);
	r = apply(o, next, to, e);
	return r < 0 ? r : 1;
}

/* One argument that begins with '-'. Returns as take(). */
static int parse_option(struct option_table table, const char *arg, const char *next, void *to,
			struct err *e)
{
	const char *equals = strchr(arg, '=');
	const struct option *o;

	if (strncmp(arg, "--", 2) == 0) {
		size_t len = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;

		o = find_long(table, arg + 2, len);
		if (!o)
			return unknown_option(table, arg + 2, len, e);
		return take(o, equals ? equals + 1 : NULL, next, to, e);
	}

	o = find_letter(table, arg[1]);
	if (!o)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "unknown option -%c; --help lists what there is", arg[1]);
	return take(o, arg[2] ? arg + 2 : NULL, next, to, e);
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
			only_args = only_args || order == OPTION_STOP_AT_COMMAND;
		} else if (strcmp(arg, "--") == 0) {
			only_args = true;
		} else {
			r = parse_option(table, arg, argv[1], to, e);
			if (r < 0)
				return r;
			argv += r;
		}
	}
	return 0;
}

/* The left column: "-n, --name VALUE". Returns its width. */
static int print_form(const struct option *o, FILE *to)
{
	static const char *const joints[] = {
		[OPTION_FLAG] = "",
		[OPTION_VALUE] = " ",
		[OPTION_MAY_VALUE] = "[=",
	};
	char letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	return fprintf(to, "%s--%s%s%s%s", letter, o->name, joints[o->takes],
		       o->value ? o->value : "", o->takes == OPTION_MAY_VALUE ? "]" : "");
}

void options_help(struct option_table table, FILE *to)
{
	for (size_t i = 0; i < table.n; i++) {
		int n = fprintf(to, "  ") + print_form(&table.v[i], to);

		/* A form that is too long for its column has the line to itself. */
		if (n >= HELP_COLUMN)
			n = fprintf(to, "\n") - 1;
		fprintf(to, "%*s%s\n", HELP_COLUMN - n, "", table.v[i].help);
	}
}
