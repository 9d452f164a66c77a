/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/limits.h"

static const struct {
	const char *name;
	int syslog;
} levels[OUTPUT_LEVEL_MAX] = {
	[OUTPUT_ERROR] = {"error", LOG_ERR},
	[OUTPUT_WARNING] = {"warning", LOG_WARNING},
	[OUTPUT_INFO] = {"info", LOG_INFO},
	[OUTPUT_DEBUG] = {"debug", LOG_DEBUG},
};

static struct {
	const char *file;  /* NULL: standard error */
	const char *ident; /* for syslog, in place of a file */
	enum output_format format;
	enum output_level highest;
} setup = {.highest = OUTPUT_INFO}; /* written once, at the start */

/* What follows @prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

int output_setup(const char *log, const char *format, bool debug, struct err *e)
{
	const char *file = log && *log ? log : NULL, *ident = NULL;

	if (file && after(file, "file:"))
		file = after(file, "file:");
	else if (file && after(file, "syslog:"))
		ident = after(file, "syslog:");
	else if (file && after(file, "journald:"))
		ident = after(file, "journald:");
	if (file && strcmp(file, "/dev/stderr") == 0)
		file = NULL;
	setup.file = ident ? NULL : file;
	setup.ident = ident;
	setup.highest = debug ? OUTPUT_DEBUG : OUTPUT_INFO;
	setup.format = OUTPUT_TEXT;
	if (!format || !*format || strcmp(format, "text") == 0)
		return 0;
	if (strcmp(format, "json") != 0)
		return err_set(e, -EINVAL, ERR_INVALID, "invalid log-format: %s", format);
	setup.format = OUTPUT_JSON;
	return 0;
}

/* ---- one line -------------------------------------------------------------------------- */

/* As Go quotes. */
static int add_quoted(struct buf *to, const char *text)
{
	int r = buf_add(to, "\"", 1, NULL);

	for (const char *p = text; r == 0 && *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			r = buf_addf(to, NULL, "\\%c", c);
		else if (c == '\n')
			r = buf_add(to, "\\n", 2, NULL);
		else if (c == '\t')
			r = buf_add(to, "\\t", 2, NULL);
		else if (c < 0x20 || c == 0x7f)
			r = buf_addf(to, NULL, "\\x%02x", c);
		else
			r = buf_add(to, p, 1, NULL);
	}
	return r < 0 ? r : buf_add(to, "\"", 1, NULL);
}

static char *text_line(enum output_level level, const char *when, const char *sentence)
{
	cleanup_buf struct buf line = BUF(LIMIT_LOG_LINE);
	int r = buf_addf(&line, NULL, "time=\"%s\" level=%s msg=", when, levels[level].name);

	if (r == 0)
		r = add_quoted(&line, sentence);
	return r < 0 ? NULL : buf_take(&line);
}

static char *json_text(enum output_level level, const char *when, const char *sentence)
{
	cleanup_json json_t *j = json_pack("{s:s, s:o, s:s}", "level", levels[level].name, "msg",
					   json_sentence(sentence), "time", when);

	return j ? json_line(j) : NULL;
}

char *output_format_line(enum output_format format, enum output_level level, const char *when,
			 const char *sentence)
{
	return format == OUTPUT_JSON ? json_text(level, when, sentence)
				     : text_line(level, when, sentence);
}

/* ---- where it goes --------------------------------------------------------------------- */

static void write_line(int fd, const char *line)
{
	cleanup_buf struct buf whole = BUF(LIMIT_LOG_LINE + 1);

	if (buf_addf(&whole, NULL, "%s\n", line) == 0)
		io_write_all(fd, whole.data, whole.n, NULL);
}

static int open_file(void)
{
	int fd = open(setup.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		dprintf(STDERR_FILENO, "opening the log '%s': %s\n", setup.file, strerror(errno));
	return fd;
}

static void put(enum output_level level, const char *sentence)
{
	cleanup_close int fd = -EBADF;
	cleanup_free char *line = NULL;
	char when[CLOCK_TEXT];

	if (setup.ident) {
		openlog(setup.ident, LOG_PID, LOG_DAEMON);
		syslog(levels[level].syslog, "%s", sentence);
		return;
	}
	if (setup.file) {
		fd = open_file();
		if (fd < 0)
			return;
	}
	clock_text(&(struct timespec){.tv_sec = time(NULL)}, when);
	line = output_format_line(setup.format, level, when, sentence);
	write_line(setup.file ? fd : STDERR_FILENO, line ? line : sentence);
}

void output_line(enum output_level level, const char *fmt, ...)
{
	char sentence[LIMIT_PATH];
	va_list args;

	if (level > setup.highest)
		return;
	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	put(level, sentence);
}

void output_error(const char *sentence)
{
	put(OUTPUT_ERROR, sentence);
	if (setup.file || setup.ident)
		write_line(STDERR_FILENO, sentence);
}
