/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "cli/output.h"

/* Documents come from the daemon, which bounds them; deeper ones are cut all the same. */
#define DEPTH_MAX      16
#define NAME_MAX_BYTES 64

static const char usec_suffix[] = "_usec";

static bool is_empty(const json_t *j)
{
	if (json_is_array(j) || json_is_object(j))
		return json_array_size(j) == 0 && json_object_size(j) == 0;
	return json_is_null(j) || (json_is_string(j) && json_string_length(j) == 0);
}

static bool is_scalar(const json_t *j)
{
	return !json_is_array(j) && !json_is_object(j);
}

static bool is_duration(const char *name)
{
	size_t n = strlen(name);
	size_t n_suffix = sizeof(usec_suffix) - 1;

	/* "..._at_usec" is a point in time, which stays a number. */
	return n > n_suffix && strcmp(name + n - n_suffix, usec_suffix) == 0 &&
	       !strstr(name, "_at_usec");
}

static void print_indent(FILE *to, int depth)
{
	fprintf(to, "%*s", depth * 2, "");
}

static void print_name(FILE *to, const char *name)
{
	char text[NAME_MAX_BYTES];
	size_t n = strlen(name);

	if (is_duration(name)) /* the value says its unit */
		n -= sizeof(usec_suffix) - 1;
	snprintf(text, sizeof(text), "%.*s:", (int)n, name);
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = ' ';
	output_text(to, OUTPUT_BOLD, text);
}

static void print_scalar(FILE *to, bool duration, const json_t *j)
{
	char text[32];

	if (json_is_string(j)) {
		output_text(to, OUTPUT_PLAIN, json_string_value(j));
	} else if (json_is_boolean(j)) {
		output_text(to, OUTPUT_PLAIN, json_is_true(j) ? "yes" : "no");
	} else if (json_is_integer(j) && duration && json_integer_value(j) >= 0) {
		output_duration((uint64_t)json_integer_value(j), text, sizeof(text));
		output_text(to, OUTPUT_PLAIN, text);
	} else if (json_is_number(j)) {
		output_textf(to, OUTPUT_PLAIN, "%.15g", json_number_value(j));
	}
}

/* A step of the way that a path leads (docs/json.md): short enough for a line of its own. */
static bool is_step(const json_t *j)
{
	return json_get_string(j, "path") && json_get_string(j, "mount") &&
	       json_get_string(j, "layer");
}

/* The string @name with @before in front of it; nothing if it is missing. */
static void print_word(FILE *to, const char *before, const json_t *object, const char *name)
{
	const char *text = json_get_string(object, name);

	if (!text)
		return;
	fputs(before, to);
	output_text(to, OUTPUT_PLAIN, text);
}

/* "/bin/sh  link -> dash  (mount /, overlay lower 2 '/x')" */
static void print_step(FILE *to, const json_t *step)
{
	print_word(to, "", step, "path");
	print_word(to, "  ", step, "type");
	print_word(to, " -> ", step, "target");
	print_word(to, "  (mount ", step, "mount");
	print_word(to, ", ", step, "layer");
	print_word(to, "; content: ", step, "content");
	fputs(")\n", to);
}

/* @durations: all numbers inside are; @after_dash: the first member is on a line that began. */
static void print_object(FILE *to, const json_t *object, int depth, bool durations,
			 bool after_dash);

static void print_array(FILE *to, bool durations, const json_t *array, int depth)
{
	const json_t *item;
	size_t i;

	fputc('\n', to);
	json_array_foreach (array, i, item) {
		print_indent(to, depth);
		fputs("- ", to);
		if (is_step(item)) {
			print_step(to, item);
		} else if (json_is_object(item)) {
			print_object(to, item, depth + 1, durations, /* after_dash= */ true);
		} else if (json_is_array(item)) {
			print_array(to, durations, item, depth + 1);
		} else {
			print_scalar(to, durations, item);
			fputc('\n', to);
		}
	}
}

static void print_member(FILE *to, const char *name, const json_t *value, int depth, bool durations)
{
	durations = durations || is_duration(name);
	print_name(to, name);
	if (is_scalar(value)) {
		fputc(' ', to);
		print_scalar(to, durations, value);
		fputc('\n', to);
	} else if (json_is_array(value)) {
		print_array(to, durations, value, depth + 1);
	} else {
		fputc('\n', to);
		print_object(to, value, depth + 1, durations, /* after_dash= */ false);
	}
}

static void print_object(FILE *to, const json_t *object, int depth, bool durations, bool after_dash)
{
	const json_t *value;
	const char *name;

	if (depth > DEPTH_MAX) {
		fputs("...\n", to);
		return;
	}
	json_object_foreach ((json_t *)object, name, value) {
		if (is_empty(value))
			continue;
		if (!after_dash)
			print_indent(to, depth);
		after_dash = false;
		print_member(to, name, value, depth, durations);
	}
	if (after_dash)
		fputc('\n', to);
}

void output_document(FILE *to, const json_t *j)
{
	if (json_is_object(j)) {
		print_object(to, j, 0, /* durations= */ false, /* after_dash= */ false);
	} else if (json_is_array(j)) {
		print_array(to, /* durations= */ false, j, 0);
	} else {
		print_scalar(to, /* durations= */ false, j);
		fputc('\n', to);
	}
}
