/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * options - one constant table drives parsing and help, by the grammar of runc
 *
 * One dash is as good as two, and a letter is a name like any other: `--name value`,
 * `-name=value`, `-n value`, `--`. A flag may be told `=true` or `=false`. The sentences are those
 * of Go's flag package, which runc's callers know.
 *
 * A row names the field of the caller's struct that it fills and the function that fills it.
 * Strings that are kept point into argv.
 */
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strv.h"

struct option {
	const char *name;  /* without dashes */
	const char *alias; /* "b", or NULL */
	const char *value; /* placeholder in the help; NULL: a flag */
	const char *help;  /* one line */
	/*
	 * @field: the field at @offset; @value: "true" or "false" for a flag.
	 * Returns 0; -EINVAL, without a message for what simply can't be parsed.
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
	OPTION_ANYWHERE,     /* between options too */
	OPTION_STOP_AT_ARGS, /* the first one ends the options: the rest belongs to a command */
};

/*
 * options_parse - fill @to from @argv
 * @argv:     NULL-terminated, the first is the first argument and not a program's name
 * @ret_args: gets what is not an option; create it with its maximum
 *
 * Returns: 0; -EINVAL (ERR_INVALID).
 */
int options_parse(struct option_table table, enum option_order order, char *const *argv, void *to,
		  struct strv *ret_args, struct err *e);

/* Free the lists that option_append() made. */
void options_done(struct option_table table, void *filled);

/* Print one line an option, aligned. */
void options_help(struct option_table table, FILE *to);

/* A number that may not be given. */
struct option_number {
	bool is_set;
	int64_t value;
};

/* Functions for rows: bool, const char *, struct strv, unsigned, struct option_number. */
int option_flag(void *field, const char *value, struct err *e);
int option_string(void *field, const char *value, struct err *e);
int option_append(void *field, const char *value, struct err *e);
int option_unsigned(void *field, const char *value, struct err *e);
int option_number(void *field, const char *value, struct err *e);
