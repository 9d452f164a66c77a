/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "tests/support/suite.h"

static const char when[] = "2026-11-23T21:46:42Z";

START_TEST(text_is_quoted_as_go_does)
{
	static const struct {
		const char *sentence, *line;
	} cases[] = {
		{"container does not exist",
		 "time=\"2026-11-23T21:46:42Z\" level=error msg=\"container does not exist\""},
		{"exec: \"x\\y\": no",
		 "time=\"2026-11-23T21:46:42Z\" level=error msg=\"exec: \\\"x\\\\y\\\": no\""},
		{"a\nb\tc\x1b\x7f",
		 "time=\"2026-11-23T21:46:42Z\" level=error msg=\"a\\nb\\tc\\x1b\\x7f\""},
		{"\xc3\xa9", "time=\"2026-11-23T21:46:42Z\" level=error msg=\"\xc3\xa9\""},
		{"", "time=\"2026-11-23T21:46:42Z\" level=error msg=\"\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *line =
			output_format_line(OUTPUT_TEXT, OUTPUT_ERROR, when, cases[i].sentence);

		ck_assert_pstr_eq(line, cases[i].line);
	}
}
END_TEST

START_TEST(json_has_the_keys_that_the_shim_reads)
{
	cleanup_free char *line =
		output_format_line(OUTPUT_JSON, OUTPUT_WARNING, when, "a \"b\"\n");

	ck_assert_pstr_eq(line, "{\"level\":\"warning\",\"msg\":\"a \\\"b\\\"\\n\","
				"\"time\":\"2026-11-23T21:46:42Z\"}");
}
END_TEST

START_TEST(bytes_that_are_no_text_do_not_cost_the_line)
{
	cleanup_free char *line = output_format_line(OUTPUT_JSON, OUTPUT_ERROR, when, "a\xff");
	cleanup_json json_t *j = NULL;

	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(json_parse(line, strlen(line), &j, NULL), 0);
}
END_TEST

START_TEST(an_unknown_format_is_refused)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(output_setup(NULL, "xml", false, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "invalid log-format: xml");
	ck_ok(output_setup(NULL, NULL, false, &e), e);
}
END_TEST

START_TEST(lines_are_appended_to_the_file)
{
	static const char *const prefixes[] = {"", "file:"};
	char path[] = "/tmp/anchor-log-XXXXXX", log[64];
	cleanup_close int fd = mkstemp(path);
	cleanup_buf struct buf text = BUF(4096);
	struct err e = ERR_NONE;

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		snprintf(log, sizeof(log), "%s%s", prefixes[i], path);
		ck_ok(output_setup(log, "json", false, &e), e);
		output_warning("number %zu", i);
		output_debug("never seen");
	}
	ck_ok(output_setup(NULL, NULL, false, &e), e);
	unlink(path);
	ck_ok(io_read_all(fd, &text, &e), e);
	ck_assert_ptr_nonnull(strstr(text.data, "\"msg\":\"number 0\""));
	ck_assert_ptr_nonnull(strstr(text.data, "\"msg\":\"number 1\""));
	ck_assert_ptr_null(strstr(text.data, "never"));
}
END_TEST

SUITE("runc/output", NULL, NULL, text_is_quoted_as_go_does, json_has_the_keys_that_the_shim_reads,
      bytes_that_are_no_text_do_not_cost_the_line, an_unknown_format_is_refused,
      lines_are_appended_to_the_file)
