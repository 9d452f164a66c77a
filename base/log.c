/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

static const char *const format_names[LOG_FORMAT_MAX] = {
	[LOG_TEXT] = "text", [LOG_JOURNALD] = "journald", [LOG_JSON] = "json"};

static const struct {
	const char *name;
	const char *colour;
	int syslog; /* journald's number */
} levels[LOG_LEVEL_MAX] = {
	[LOG_LEVEL_ERROR] = {"error", "\033[31m", 3},
	[LOG_LEVEL_WARN] = {"warn", "\033[33m", 4},
	[LOG_LEVEL_INFO] = {"info", "\033[32m", 6},
	[LOG_LEVEL_DEBUG] = {"debug", "\033[2m", 7},
};

static struct {
	enum log_format format;
	enum log_level highest;
} setup = {LOG_TEXT, LOG_LEVEL_INFO}; /* written once, before threads exist */

int log_format_parse(const char *name, enum log_format *ret, struct err *e)
{
	for (int i = 0; i < LOG_FORMAT_MAX; i++) {
		if (strcmp(format_names[i], name) == 0) {
			*ret = (enum log_format)i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, ERR_INVALID,
		       "unknown log format '%s': use text, journald or json", name);
}

void log_setup(enum log_format format, enum log_level highest)
{
	setup.format = format;
	setup.highest = highest;
}

/* Bytes that are not text must not cost the operator the line. */
static json_t *to_json(char *text)
{
	json_t *j = json_string(text);

	for (char *p = text; !j && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return j ? j : json_string(text);
}

static int format_json(char *line, size_t max, enum log_level level, const char *id, char *text)
{
	cleanup_json json_t *j = NULL;
	cleanup_free char *dump = NULL;
	char when[CLOCK_TEXT];

	clock_text(&(struct timespec){.tv_sec = time(NULL)}, when);
	j = json_pack("{s:s, s:s, s:s, s:o}", "time", when, "level", levels[level].name, "id", id,
		      "msg", to_json(text));
	dump = j ? json_dumps(j, JSON_COMPACT) : NULL;
	return snprintf(line, max, "%s\n", dump ? dump : "{}");
}

void log_line(enum log_level level, const char *id, const char *fmt, ...)
{
	bool colour = setup.format == LOG_TEXT && isatty(STDERR_FILENO);
	char text[2048];
	char line[2 * sizeof(text) + 512]; /* in JSON each byte may need a backslash */
	va_list ap;
	int n;

	if (level > setup.highest)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			*p = ' '; /* one line, and nothing that drives a terminal */
	if (setup.format == LOG_JSON)
		n = format_json(line, sizeof(line), level, id, text);
	else if (setup.format == LOG_JOURNALD)
		n = snprintf(line, sizeof(line), "<%d>%s: %s\n", levels[level].syslog, id, text);
	else
		n = snprintf(line, sizeof(line), "anchord: %s%s%s: %s: %s\n",
			     colour ? levels[level].colour : "", levels[level].name,
			     colour ? "\033[0m" : "", id, text);
	if (n > 0 &&
	    write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		return; /* nowhere left to say it */
}
