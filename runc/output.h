/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * output - what callers read of errors, in runc's forms
 *
 * Without --log a line goes to standard error as `time="..." level=error msg="..."`. With it the
 * file gets the line, as text or JSON, and standard error the bare sentence of an error. The file
 * is opened by the first line only: a container's descriptors are counted before.
 */
#include "base/err.h"

enum output_level { OUTPUT_ERROR, OUTPUT_WARNING, OUTPUT_INFO, OUTPUT_DEBUG, OUTPUT_LEVEL_MAX };
enum output_format { OUTPUT_TEXT, OUTPUT_JSON };

/*
 * output_setup - where lines go
 * @log:    path, "file:PATH", "syslog:NAME", "journald:NAME"; NULL or "": standard error; borrowed
 * @format: "text" or "json"; NULL: text
 *
 * Returns 0; -EINVAL (ERR_INVALID) "invalid log-format: x".
 */
int output_setup(const char *log, const char *format, bool debug, struct err *e);

void output_line(enum output_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
#define output_warning(...) output_line(OUTPUT_WARNING, __VA_ARGS__)
#define output_debug(...)   output_line(OUTPUT_DEBUG, __VA_ARGS__)

/* The sentence that the program ends with. */
void output_error(const char *sentence);

/*
 * One line for a log, without its newline.
 * @when: RFC 3339
 * Returns a string that the caller frees; NULL without memory.
 */
char *output_format_line(enum output_format format, enum output_level level, const char *when,
			 const char *sentence);
