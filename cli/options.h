/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * options - one constant table drives parsing and --help
 *
 * A table has one row an option. A row names the field of the caller's struct that it fills
 * and the function that fills it, so a verb declares a struct, a table, and nothing else.
 * Strings that are kept point into argv. `--name value`, `--name=value`, `-n value` and `--`
 * are understood.
 */
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strv.h"

enum option_value {
	OPTION_FLAG,      /* takes no value */
	OPTION_VALUE,     /* takes one */
	OPTION_MAY_VALUE, /* may take one, as --name=value only */
};

struct option {
	const char *name; /* without "--" */
	char letter;      /* short form, or '\0' */
	enum option_value takes;
	const char *value; /* placeholder in --help: "DIR"; NULL for a flag */
	const char *help;  /* one line */
	/*
	 * @field: the field at @offset; @value: NULL for a flag or a value left out.
	 * Returns 0; -EINVAL (ERR_INVALID) saying what is accepted.
	 */
	int (*apply)(void *field, const char *value, struct err *e);
	size_t offset; /* of the field in the struct that is filled */
};

struct option_table {
	const struct option *v;
	size_t n;
};

#define OPTION_TABLE_INIT(rows)                                                                    \
	{                                                                                          \
		(rows), ARRAY_SIZE(rows)                                                           \
	} /* in a constant */
#define OPTION_TABLE(rows) ((struct option_table)OPTION_TABLE_INIT(rows))

/* Where positional arguments may stand. */
enum option_order {
	OPTION_ANYWHERE,        /* between options too */
	OPTION_STOP_AT_COMMAND, /* the first one ends the options: the rest belongs to it */
};

/*
 * options_parse - fill @to from @argv
 * @argv:    NULL-terminated, the first is the first argument and not a program's name
 * @ret_args: gets what is not an option; create it with its maximum
 *
 * Returns: 0; -EINVAL (ERR_INVALID) naming the option, what it takes, and the closest known
 *          option if it is unknown.
 */
int options_parse(struct option_table table, enum option_order order, char *const *argv, void *to,
		  struct strv *ret_args, struct err *e);

/* Print one line an option, aligned. */
void options_help(struct option_table table, FILE *to);

/* Functions for rows: bool, const char *, struct strv (appends). */
int option_flag(void *field, const char *value, struct err *e);
int option_string(void *field, const char *value, struct err *e);
int option_append(void *field, const char *value, struct err *e);
