/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/repair_report.h"

#include <string.h>

#include "base/json.h"
#include "cli/output.h"

/* clang-format off */
/* What the daemon's words for a change mean, and for a result: how it looks. */
static const struct {
	const char *change;
	const char *text;
} changes[] = {
	{"mkdir",  "make the directory"},
	{"file",   "write back"},
	{"link",   "link again"},
	{"meta",   "set owner, mode and times of"},
	{"remove", "remove"},
	{"drop",   "take out of the layer"},
	{"settle", "take our mark off"},
};

static const struct {
	const char *result;
	enum output_style style;
} results[] = {
	{"undone",    OUTPUT_GOOD},
	{"forgotten", OUTPUT_WARN},
	{"left",      OUTPUT_WARN},
	{"failed",    OUTPUT_BAD},
};
/* clang-format on */

static const char *change_text(const char *change)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (strcmp(changes[i].change, change) == 0)
			return changes[i].text;
	return change;
}

static enum output_style result_style(const char *result)
{
	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		if (strcmp(results[i].result, result) == 0)
			return results[i].style;
	return OUTPUT_PLAIN;
}

/* "  name: value", if there is a value. */
static void print_line(FILE *to, enum output_style style, const char *name, const char *value)
{
	if (!value)
		return;
	fputs("  ", to);
	output_textf(to, style, "%s:", name);
	fputc(' ', to);
	output_text(to, OUTPUT_PLAIN, value);
	fputc('\n', to);
}

/* How many of the list were left out by the daemon. */
static void print_rest(FILE *to, const json_t *leftover, const char *count, size_t shown)
{
	long long n = json_get_int(leftover, count, 0);

	if (n > (long long)shown)
		fprintf(to, "    and %lld more\n", n - (long long)shown);
}

static void print_paths(FILE *to, const json_t *leftover, const char *name, const char *count,
			const char *text)
{
	const json_t *list = json_object_get(leftover, name);
	const json_t *path;
	size_t i;

	if (json_array_size(list) > 0)
		fprintf(to, "  %s:\n", text);
	json_array_foreach (list, i, path) {
		fputs("    ", to);
		output_text(to, OUTPUT_PLAIN, json_is_string(path) ? json_string_value(path) : "?");
		fputc('\n', to);
	}
	print_rest(to, leftover, count, json_array_size(list));
}

static void print_changes(FILE *to, const json_t *leftover, bool done)
{
	const json_t *list = json_object_get(leftover, "changes");
	const json_t *change;
	size_t i;

	if (json_array_size(list) > 0)
		fprintf(to, "  %s:\n", done ? "the undo did" : "the undo is to");
	json_array_foreach (list, i, change) {
		const char *word = json_get_string(change, "change");
		const char *path = json_get_string(change, "path");

		fputs("    ", to);
		output_textf(to, OUTPUT_PLAIN, "%s %s", change_text(word ? word : "?"),
			     path ? path : "?");
		fputc('\n', to);
	}
	print_rest(to, leftover, "n_changes", json_array_size(list));
}

static void print_head(FILE *to, const json_t *leftover, const char *result, uint64_t now_usec)
{
	uint64_t began = (uint64_t)json_get_int(leftover, "began_at_usec", 0);
	const char *id = json_get_string(leftover, "id");
	char age[32];

	output_text(to, OUTPUT_BOLD, id ? id : "?");
	fputs(": ", to);
	output_text(to, result_style(result), result);
	if (began > 0 && began <= now_usec) {
		output_age(now_usec - began, age, sizeof(age));
		fprintf(to, ", begun %s%s", age, now_usec - began >= 1000000 ? " ago" : "");
	}
	fputc('\n', to);
}

static void print_leftover(FILE *to, const json_t *leftover, uint64_t now_usec)
{
	const char *result = json_get_string(leftover, "result");
	bool undone;

	result = result ? result : "?";
	undone = strcmp(result, "undone") == 0;
	print_head(to, leftover, result, now_usec);
	print_paths(to, leftover, "containers", "n_containers", "of the containers of anchor-runc");
	print_line(to, OUTPUT_PLAIN, "rootfs", json_get_string(leftover, "rootfs"));
	print_line(to, OUTPUT_PLAIN, "upper", json_get_string(leftover, "upper"));
	print_line(to, OUTPUT_PLAIN, "family", json_get_string(leftover, "family"));
	if (json_get_bool(leftover, "throwaway"))
		fputs("  its layer is thrown away with it\n", to);
	if (json_array_size(json_object_get(leftover, "changes")) > 0)
		print_changes(to, leftover, undone);
	else if (!undone)
		print_paths(to, leftover, "touched", "n_touched", "had touched");
	print_paths(to, leftover, "kept", "n_kept", "keeps what the user changed");
	print_line(to, OUTPUT_BAD, "error", json_get_string(leftover, "error"));
	print_line(to, OUTPUT_BOLD, "what to do", json_get_string(leftover, "advice"));
}

void repair_report_print(FILE *to, const json_t *document, uint64_t now_usec)
{
	long long n = json_get_int(document, "n_leftovers", 0);
	long long n_left = json_get_int(document, "n_left", 0);
	long long n_omitted = json_get_int(document, "n_omitted", 0);
	const json_t *leftover;
	size_t i;

	json_array_foreach (json_object_get(document, "leftovers"), i, leftover)
		print_leftover(to, leftover, now_usec);
	if (n_omitted > 0)
		fprintf(to, "and %lld more\n", n_omitted);
	if (n == 0)
		output_text(to, OUTPUT_GOOD, "nothing is left");
	else if (n_left == 0)
		output_textf(to, OUTPUT_GOOD, "nothing is left any more of %lld", n);
	else
		output_textf(to, OUTPUT_WARN, "%lld of %lld left", n_left, n);
	fputc('\n', to);
}
