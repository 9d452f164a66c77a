/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "tests/support/suite.h"

enum { PIPE_SIZE = 65536 };

/* What one line looks like on standard error; "" when it is not written. */
static char *line_of(enum log_format format, enum log_level highest, enum log_level level,
		     const char *text)
{
	cleanup_close int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	struct buf b = BUF(PIPE_SIZE);
	struct err e = ERR_NONE;
	int fds[2];

	buf_add(&b, "", 0, NULL);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	log_setup(format, highest);
	log_line(level, "the-id", "%s", text);
	dup2(saved, STDERR_FILENO);
	ck_ok(io_read_all(fds[0], &b, &e), e);
	close(fds[0]);
	return buf_take(&b);
}

START_TEST(formats_are_known_by_name)
{
	enum log_format format = LOG_FORMAT_MAX;
	struct err e = ERR_NONE;

	ck_ok(log_format_parse("json", &format, &e), e);
	ck_assert_int_eq(format, LOG_JSON);
	ck_ok(log_format_parse("text", &format, &e), e);
	ck_ok(log_format_parse("journald", &format, &e), e);
	ck_assert_int_eq(format, LOG_JOURNALD);
	ck_assert_int_eq(log_format_parse("xml", &format, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "xml"));
	ck_assert_int_eq(format, LOG_JOURNALD);
}
END_TEST

START_TEST(a_line_has_level_id_and_sentence)
{
	cleanup_free char *text = line_of(LOG_TEXT, LOG_LEVEL_INFO, LOG_LEVEL_WARN, "a sentence");
	cleanup_free char *journald =
		line_of(LOG_JOURNALD, LOG_LEVEL_INFO, LOG_LEVEL_ERROR, "a sentence");

	ck_assert_str_eq(text, "anchord: warn: the-id: a sentence\n");
	ck_assert_str_eq(journald, "<3>the-id: a sentence\n");
}
END_TEST

START_TEST(json_is_one_object_a_line)
{
	cleanup_free char *text =
		line_of(LOG_JSON, LOG_LEVEL_DEBUG, LOG_LEVEL_DEBUG, "\"quoted\" \\ ");
	cleanup_json json_t *j = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(json_get_string(j, "level"), "debug");
	ck_assert_str_eq(json_get_string(j, "id"), "the-id");
	ck_assert_str_eq(json_get_string(j, "msg"), "\"quoted\" \\ ");
	ck_assert_ptr_nonnull(json_get_string(j, "time"));
}
END_TEST

START_TEST(what_is_above_the_highest_level_is_not_written)
{
	cleanup_free char *quiet = line_of(LOG_TEXT, LOG_LEVEL_WARN, LOG_LEVEL_INFO, "x");
	cleanup_free char *loud = line_of(LOG_TEXT, LOG_LEVEL_WARN, LOG_LEVEL_WARN, "x");

	ck_assert_str_eq(quiet, "");
	ck_assert_str_ne(loud, "");
}
END_TEST

START_TEST(a_line_stays_one_line_and_drives_no_terminal)
{
	for (int format = 0; format < LOG_FORMAT_MAX; format++) {
		cleanup_free char *text = line_of((enum log_format)format, LOG_LEVEL_INFO,
						  LOG_LEVEL_INFO, "a\nb\r\x1b[31mc");

		ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
		ck_assert_ptr_null(strchr(text, '\x1b'));
		ck_assert_ptr_null(strchr(text, '\r'));
	}
}
END_TEST

START_TEST(a_message_survives_any_bytes_and_any_length)
{
	cleanup_free char *hostile =
		line_of(LOG_JSON, LOG_LEVEL_INFO, LOG_LEVEL_INFO, "name \xff\xfe end");
	cleanup_json json_t *j = json_loads(hostile, 0, NULL);
	char text[10000];

	ck_assert_ptr_nonnull(j);
	ck_assert_msg(json_get_string(j, "msg") != NULL, "%s", hostile);
	memset(text, '"', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int format = 0; format < LOG_FORMAT_MAX; format++) {
		cleanup_free char *line =
			line_of((enum log_format)format, LOG_LEVEL_INFO, LOG_LEVEL_INFO, text);
		cleanup_json json_t *parsed = json_loads(line, 0, NULL);

		ck_assert_msg(line[strlen(line) - 1] == '\n', "format %d", format);
		ck_assert_msg(format != LOG_JSON || parsed, "format %d", format);
	}
}
END_TEST

SUITE("base/log", NULL, NULL, formats_are_known_by_name, a_line_has_level_id_and_sentence,
      json_is_one_object_a_line, what_is_above_the_highest_level_is_not_written,
      a_line_stays_one_line_and_drives_no_terminal, a_message_survives_any_bytes_and_any_length)
