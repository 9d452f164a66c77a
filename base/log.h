/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * log - lines for the operator, on standard error
 *
 * A line is a level, a message id (stable, for machines), a sentence and key=value pairs that
 * the caller formats. Formats: text (coloured level on a terminal, no colour elsewhere),
 * journald ("<N>" prefix), json (one object a line). Only daemon/ and cli/ log above debug.
 *
 * Thread: any; a line is one write().
 */
#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_MAX };
enum log_format { LOG_TEXT, LOG_JOURNALD, LOG_JSON, LOG_FORMAT_MAX };

/* Names as on the command line: text, journald, json. Returns 0 or -EINVAL. */
int log_format_parse(const char *name, enum log_format *ret, struct err *e);
void log_setup(enum log_format format, enum log_level highest);

#define log_error(id, ...) log_line(LOG_LEVEL_ERROR, (id), __VA_ARGS__)
#define log_warn(id, ...)  log_line(LOG_LEVEL_WARN, (id), __VA_ARGS__)
#define log_info(id, ...)  log_line(LOG_LEVEL_INFO, (id), __VA_ARGS__)
#define log_debug(id, ...) log_line(LOG_LEVEL_DEBUG, (id), __VA_ARGS__)

void log_line(enum log_level level, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
