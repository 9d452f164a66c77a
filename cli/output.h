/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * output - what people and scripts read
 *
 * Text comes from containers and from other people's requests: control characters never reach
 * a terminal. Colour is used only on a terminal, and never when NO_COLOR is set or TERM is
 * "dumb". JSON goes out as one indented document.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strv.h"

enum output_style { OUTPUT_PLAIN, OUTPUT_BOLD, OUTPUT_GOOD, OUTPUT_BAD, OUTPUT_WARN, OUTPUT_DIM };

/* Print @text in a style; control characters become \xNN. */
void output_text(FILE *to, enum output_style style, const char *text);
/* The same with a format; a result longer than LIMIT_PATH is cut. */
void output_textf(FILE *to, enum output_style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void output_json(FILE *to, const json_t *j);
/* Print a document that came as text. Returns 0; -EINVAL (ERR_INVALID) if it is not JSON. */
int output_json_text(FILE *to, const char *text, struct err *e);

/*
 * Print a document for people: one "name: value" a line, what is inside indented. Names lose
 * their underscores, "..._usec" becomes a duration, empty values are left out, a step of a path
 * (docs/json.md) is one line.
 */
void output_document(FILE *to, const json_t *j);

/* "anchorctl: <message>" on standard error, or {"error": {...}} with @json. */
void output_error(const struct err *e, bool json);

/* "just now", "12 s", "3 min", "5 h", "2 d": how long ago, for tables. */
void output_age(uint64_t usec, char *ret, size_t size);
/* "850 us", "1.23 ms", "4.56 s". */
void output_duration(uint64_t usec, char *ret, size_t size);

/*
 * A table: every row has n_columns cells, the first row is the head. Cells are owned copies.
 */
struct table {
	size_t n_columns; /* at most TABLE_COLUMNS_MAX */
	struct strv cells;
};

#define TABLE_COLUMNS_MAX 8
#define TABLE_CELLS_MAX   65536
#define TABLE(columns)    ((struct table){.n_columns = (columns), .cells = STRV(TABLE_CELLS_MAX)})

void table_done(struct table *t);
#define cleanup_table cleanup(table_done)
int table_add(struct table *t, const char *cell, struct err *e);
/* The last column is not padded. */
void table_print(const struct table *t, FILE *to);
