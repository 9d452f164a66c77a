/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/options.h"
#include "tests/support/tree.h"

static struct tree tree;
static struct options o;

static void setup(void)
{
	tree_init(&tree);
}

static void teardown(void)
{
	options_done(&o);
	tree_done(&tree);
}

/* Load with the words after the program's name. */
#define LOAD(e, ...)                                                                               \
	options_load(&o, (char *const *)(const char *const[]){"anchord", __VA_ARGS__, NULL}, (e))

static const char *config(const char *text)
{
	static char option[400];

	tree_file(&tree, "/conf", text);
	snprintf(option, sizeof(option), "--config=%s", tree_at(&tree, "/conf"));
	return option;
}

START_TEST(the_line_wins_over_the_file_and_the_file_over_the_defaults)
{
	struct err e = ERR_NONE;
	const char *file = config("# a comment\n\n  socket = /from/file # another\n"
				  "run-dir=/from/file\n");

	ck_ok(LOAD(&e, "--run-dir", "/from/line", file, "--cgroup=/c"), e);
	ck_assert_str_eq(o.socket, "/from/file");
	ck_assert_str_eq(o.run_dir, "/from/line");
	ck_assert_str_eq(o.state_dir, "/var/lib/anchord");
	ck_assert_str_eq(o.authorities, "/etc/anchord/authorities.d");
	ck_assert_str_eq(o.cgroup, "/c");
}
END_TEST

START_TEST(mistakes_in_the_file_are_told_with_their_line)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"\n\nsokcet = /x\n", ":3: unknown key 'sokcet': did you mean 'socket'?"},
		{"socket /x\n", ":1: 'socket /x' is not 'key = value'"},
		{"socket = x\n", ":1: socket: 'x' is not an absolute path"},
		{"config = /x", ":1: unknown key 'config'"},
		{"help = yes", ":1: unknown key 'help'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(LOAD(&e, config(cases[i].text)), -EINVAL);
		ck_assert_msg(strstr(e.msg, cases[i].message) != NULL, "%s", e.msg);
		options_done(&o);
	}
}
END_TEST

START_TEST(mistakes_on_the_line_are_told)
{
	static const struct {
		const char *word;
		const char *message;
	} cases[] = {
		{"--autorities=/x", "unknown option 'autorities': did you mean 'authorities'?"},
		{"--socket", "--socket needs a PATH"},
		{"--help=1", "--help takes no value"},
		{"serve", "unexpected argument 'serve'"},
		{"", "unexpected argument ''"},
		{"--", "unknown option ''"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(LOAD(&e, cases[i].word), -EINVAL);
		ck_assert_msg(strstr(e.msg, cases[i].message) != NULL, "%s", e.msg);
		options_done(&o);
	}
}
END_TEST

START_TEST(a_file_that_is_named_must_exist)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(LOAD(&e, "--config=/nowhere/conf"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nowhere/conf"));
}
END_TEST

START_TEST(the_log_format_follows_the_journal)
{
	enum log_format format;
	struct err e = ERR_NONE;

	ck_ok(LOAD(&e, "--help"), e);
	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(options_log_format(&o, &format, &e), 0);
	ck_assert_int_eq(format, LOG_TEXT);
	setenv("JOURNAL_STREAM", "8:1", 1);
	ck_assert_int_eq(options_log_format(&o, &format, &e), 0);
	ck_assert_int_eq(format, LOG_JOURNALD);
	ck_ok(LOAD(&e, "--log-format", "json", "--help"), e);
	ck_assert_int_eq(options_log_format(&o, &format, &e), 0);
	ck_assert_int_eq(format, LOG_JSON);
}
END_TEST

START_TEST(help_names_every_setting_and_its_default)
{
	static const char *const words[] = {"--config FILE", "--log-format FORMAT", "--version",
					    "(/run/anchord/anchord.sock)"};
	cleanup_free char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	options_print_help(f);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		ck_assert_msg(strstr(text, words[i]) != NULL, "%s", words[i]);
}
END_TEST

SUITE("daemon/options", setup, teardown, the_line_wins_over_the_file_and_the_file_over_the_defaults,
      mistakes_in_the_file_are_told_with_their_line, mistakes_on_the_line_are_told,
      a_file_that_is_named_must_exist, the_log_format_follows_the_journal,
      help_names_every_setting_and_its_default)
