/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

static bool colour_wanted(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return term && strcmp(term, "dumb") != 0 && isatty(fileno(to));
}

static void print_safe(FILE *to, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			fprintf(to, "\\x%02x", *p);
		else
			fputc(*p, to);
	}
}

void output_text(FILE *to, enum output_style style, const char *text)
{
	static const char *const codes[] = {
		[OUTPUT_PLAIN] = "",   [OUTPUT_BOLD] = "1",  [OUTPUT_GOOD] = "32",
		[OUTPUT_BAD] = "1;31", [OUTPUT_WARN] = "33", [OUTPUT_DIM] = "2",
	};
	bool colour = style != OUTPUT_PLAIN && colour_wanted(to);

	if (colour)
		fprintf(to, "\033[%sm", codes[style]);
	print_safe(to, text);
	if (colour)
		fputs("\033[0m", to);
}

void output_textf(FILE *to, enum output_style style, const char *fmt, ...)
{
	char text[LIMIT_PATH];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	output_text(to, style, text);
}

void output_json(FILE *to, const json_t *j)
{
	json_dumpf(j, to, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', to);
}

int output_json_text(FILE *to, const char *text, struct err *e)
{
	cleanup_json json_t *j = NULL;
	int r;

	r = json_parse(text, strlen(text), &j, e);
	if (r < 0)
		return err_wrap(e, r, "the daemon's answer");
	output_json(to, j);
	return 0;
}

void output_error(const struct err *e, bool json)
{
	cleanup_json json_t *j = NULL;

	if (json)
		j = json_pack("{s:{s:s, s:s, s:i, s:b}}", "error", "reason", err_reason(e->kind),
			      "message", e->msg, "exit_status", err_exit_status(e->kind), "dirty",
			      e->dirty);
	if (j) {
		output_json(stderr, j);
		return;
	}
	output_text(stderr, OUTPUT_BAD, "anchorctl: ");
	output_text(stderr, OUTPUT_PLAIN, e->msg);
	fputc('\n', stderr);
}

void output_age(uint64_t usec, char *ret, size_t size)
{
	static const struct {
		uint64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	uint64_t seconds = usec / 1000000;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		snprintf(ret, size, "%" PRIu64 " %s", seconds / units[i].seconds, units[i].unit);
		return;
	}
	snprintf(ret, size, "just now");
}

void output_duration(uint64_t usec, char *ret, size_t size)
{
	if (usec < 1000)
		snprintf(ret, size, "%" PRIu64 " us", usec);
	else if (usec < 1000000)
		snprintf(ret, size, "%.2f ms", (double)usec / 1e3);
	else
		snprintf(ret, size, "%.2f s", (double)usec / 1e6);
}

void table_done(struct table *t)
{
	strv_done(&t->cells);
}

int table_add(struct table *t, const char *cell, struct err *e)
{
	return strv_add(&t->cells, cell, e);
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < t->cells.n; i += t->n_columns) {
		size_t n = strlen(t->cells.v[i]);

		width = n > width ? n : width;
	}
	return width;
}

void table_print(const struct table *t, FILE *to)
{
	size_t widths[TABLE_COLUMNS_MAX];

	for (size_t column = 0; column < t->n_columns; column++)
		widths[column] = column_width(t, column);
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t column = i % t->n_columns;
		bool last = column == t->n_columns - 1;
		const char *cell = t->cells.v[i];

		output_text(to, i < t->n_columns ? OUTPUT_BOLD : OUTPUT_PLAIN, cell);
		if (last)
			fputc('\n', to);
		else
			fprintf(to, "%*s", (int)(widths[column] - strlen(cell) + 2), "");
	}
}
