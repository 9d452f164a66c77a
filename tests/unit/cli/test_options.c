/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>

#include "tests/support/suite.h"

struct settings {
	bool flag;
	const char *name;
	const char *maybe;
	struct strv many;
};

/* clang-format off */
static const struct option options[] = {
	{"flag", 'f', OPTION_FLAG, NULL, "a flag", option_flag, offsetof(struct settings, flag)},
	{"name", 'n', OPTION_VALUE, "NAME", "a name", option_string,
	 offsetof(struct settings, name)},
	{"maybe", '\0', OPTION_MAY_VALUE, "FILE", "a file, or none", option_string,
	 offsetof(struct settings, maybe)},
	{"many", 'm', OPTION_VALUE, "WORD", "more than once", option_append,
	 offsetof(struct settings, many)},
};
/* clang-format on */

static struct settings s;
static struct strv args;
static struct err e;

static void setup(void)
{
	s = (struct settings){.maybe = "untouched", .many = STRV(4)};
	args = STRV(8);
	e = ERR_NONE;
}

static void teardown(void)
{
	strv_done(&s.many);
	strv_done(&args);
}

static int parse(enum option_order order, const char *const *argv)
{
	return options_parse(OPTION_TABLE(options), order, (char *const *)argv, &s, &args, &e);
}

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(every_form_of_an_option_is_understood)
{
	ck_ok(parse(OPTION_ANYWHERE, ARGV("--flag", "--name=a=b", "-m", "x", "-my", "--many", "z")),
	      e);
	ck_assert(s.flag);
	ck_assert_str_eq(s.name, "a=b");
	ck_assert_uint_eq(s.many.n, 3);
	ck_assert_str_eq(s.many.v[1], "y");
	ck_assert_uint_eq(args.n, 0);
}
END_TEST

START_TEST(an_optional_value_comes_with_an_equals_sign_only)
{
	ck_ok(parse(OPTION_ANYWHERE, ARGV("--maybe", "word")), e);
	ck_assert_ptr_null(s.maybe);
	ck_assert_str_eq(args.v[0], "word");
	ck_ok(parse(OPTION_ANYWHERE, ARGV("--maybe=file")), e);
	ck_assert_str_eq(s.maybe, "file");
}
END_TEST

START_TEST(a_command_ends_the_options)
{
	ck_ok(parse(OPTION_STOP_AT_COMMAND, ARGV("-f", "ls", "--name", "-l")), e);
	ck_assert_uint_eq(args.n, 3);
	ck_assert_str_eq(args.v[1], "--name");
	ck_assert_ptr_null(s.name);
}
END_TEST

START_TEST(two_dashes_end_the_options_and_one_dash_is_an_argument)
{
	ck_ok(parse(OPTION_ANYWHERE, ARGV("-", "--", "--flag", "--")), e);
	ck_assert(!s.flag);
	ck_assert_uint_eq(args.n, 3);
	ck_assert_str_eq(args.v[0], "-");
	ck_assert_str_eq(args.v[2], "--");
}
END_TEST

START_TEST(options_may_follow_arguments_where_there_is_no_command)
{
	ck_ok(parse(OPTION_ANYWHERE, ARGV("id", "--name", "x")), e);
	ck_assert_str_eq(s.name, "x");
	ck_assert_uint_eq(args.n, 1);
}
END_TEST

START_TEST(a_mistake_is_named)
{
	static const struct {
		const char *argv[3];
		const char *msg;
	} cases[] = {
		{{"--flga"}, "unknown option --flga; did you mean --flag?"},
		{{"--zzzzzzzz"}, "unknown option --zzzzzzzz; --help lists what there is"},
		{{"-x"}, "unknown option -x; --help lists what there is"},
		{{"--name"}, "--name needs a value: --name NAME"},
		{{"--flag=yes"}, "--flag takes no value"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(parse(OPTION_ANYWHERE, cases[i].argv), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_str_eq(e.msg, cases[i].msg);
		e = ERR_NONE;
	}
}
END_TEST

START_TEST(more_words_than_a_list_may_hold_are_refused)
{
	ck_assert_int_eq(parse(OPTION_ANYWHERE, ARGV("-m1", "-m2", "-m3", "-m4", "-m5")), -E2BIG);
}
END_TEST

SUITE("cli/options", setup, teardown, every_form_of_an_option_is_understood,
      an_optional_value_comes_with_an_equals_sign_only, a_command_ends_the_options,
      two_dashes_end_the_options_and_one_dash_is_an_argument,
      options_may_follow_arguments_where_there_is_no_command, a_mistake_is_named,
      more_words_than_a_list_may_hold_are_refused)
