/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/options.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

struct settings {
	const char *bundle;
	bool force;
	unsigned n;
	struct option_number number;
	struct strv env;
};

#define FIELD(name) offsetof(struct settings, name)

static const struct option rows[] = {
	{"bundle", "b", "DIR", "", option_string, FIELD(bundle)},
	{"force", "f", NULL, "", option_flag, FIELD(force)},
	{"preserve-fds", NULL, "N", "", option_unsigned, FIELD(n)},
	{"limit", NULL, "N", "", option_number, FIELD(number)},
	{"env", "e", "NAME=VALUE", "", option_append, FIELD(env)},
};

static struct settings s;
static struct strv args;

static void setup(void)
{
	s = (struct settings){.bundle = NULL};
	args = STRV(16);
}

static void teardown(void)
{
	options_done(OPTION_TABLE(rows), &s);
	strv_done(&args);
}

static int parse(enum option_order order, const char *const *argv, struct err *e)
{
	return options_parse(OPTION_TABLE(rows), order, (char *const *)(uintptr_t)argv, &s, &args,
			     e);
}

START_TEST(one_dash_is_as_good_as_two_and_letters_are_names)
{
	static const char *const forms[][3] = {
		{"--bundle", "/b"}, {"-bundle", "/b"}, {"--bundle=/b"}, {"-bundle=/b"},
		{"-b", "/b"},       {"--b", "/b"},     {"-b=/b"},
	};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		s.bundle = NULL;
		ck_ok(parse(OPTION_ANYWHERE, forms[i], &e), e);
		ck_assert_pstr_eq(s.bundle, "/b");
	}
}
END_TEST

START_TEST(a_flag_may_be_told_its_value)
{
	static const char *const no[] = {"--force", "--force=false", NULL};
	static const char *const bad[] = {"--force=maybe", NULL};
	struct err e = ERR_NONE;

	s.force = true;
	ck_ok(parse(OPTION_ANYWHERE, no, &e), e);
	ck_assert(!s.force);
	ck_assert_int_eq(parse(OPTION_ANYWHERE, bad, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "invalid value \"maybe\" for flag -force: parse error");
}
END_TEST

START_TEST(options_stand_between_arguments_unless_those_are_a_command)
{
	static const char *const argv[] = {"id", "-f", "x", NULL};
	struct err e = ERR_NONE;

	ck_ok(parse(OPTION_ANYWHERE, argv, &e), e);
	ck_assert(s.force);
	ck_assert_uint_eq(args.n, 2);
	teardown();
	setup();
	ck_ok(parse(OPTION_STOP_AT_ARGS, argv, &e), e);
	ck_assert(!s.force);
	ck_assert_uint_eq(args.n, 3);
	ck_assert_str_eq(args.v[1], "-f");
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	static const char *const argv[] = {"-f", "--", "-b", "--", NULL};
	struct err e = ERR_NONE;

	ck_ok(parse(OPTION_ANYWHERE, argv, &e), e);
	ck_assert(s.force);
	ck_assert_uint_eq(args.n, 2);
	ck_assert_str_eq(args.v[0], "-b");
	ck_assert_str_eq(args.v[1], "--");
}
END_TEST

START_TEST(an_option_that_may_be_repeated_is_a_list)
{
	static const char *const argv[] = {"-e", "A=1", "--env=B=2", "-", NULL};
	struct err e = ERR_NONE;

	ck_ok(parse(OPTION_ANYWHERE, argv, &e), e);
	ck_assert_uint_eq(s.env.n, 2);
	ck_assert_str_eq(s.env.v[1], "B=2");
	ck_assert_str_eq(args.v[0], "-");
}
END_TEST

START_TEST(what_is_wrong_is_said_as_runc_says_it)
{
	static const struct {
		const char *argv[3];
		const char *message;
	} cases[] = {
		{{"--nope"}, "flag provided but not defined: -nope"},
		{{"-nope=1"}, "flag provided but not defined: -nope"},
		{{"--bundle"}, "flag needs an argument: -bundle"},
		{{"-b"}, "flag needs an argument: -b"},
		{{"--preserve-fds", "x"},
		 "invalid value \"x\" for flag -preserve-fds: parse error"},
		{{"--preserve-fds=-1"}, "invalid value \"-1\" for flag -preserve-fds: parse error"},
		{{"--preserve-fds=4294967296"},
		 "invalid value \"4294967296\" for flag -preserve-fds: parse error"},
		{{"--limit="}, "invalid value \"\" for flag -limit: parse error"},
		{{"--limit=99999999999999999999"},
		 "invalid value \"99999999999999999999\" for flag -limit: parse error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(parse(OPTION_ANYWHERE, cases[i].argv, &e), -EINVAL);
		ck_assert_str_eq(e.msg, cases[i].message);
	}
}
END_TEST

START_TEST(numbers_know_whether_they_were_given)
{
	static const char *const argv[] = {"--limit", "-1", "--preserve-fds=3", NULL};
	struct err e = ERR_NONE;

	ck_assert(!s.number.is_set);
	ck_ok(parse(OPTION_ANYWHERE, argv, &e), e);
	ck_assert(s.number.is_set);
	ck_assert_int_eq(s.number.value, -1);
	ck_assert_uint_eq(s.n, 3);
}
END_TEST

SUITE("runc/options", setup, teardown, one_dash_is_as_good_as_two_and_letters_are_names,
      a_flag_may_be_told_its_value, options_stand_between_arguments_unless_those_are_a_command,
      two_dashes_end_the_options, an_option_that_may_be_repeated_is_a_list,
      what_is_wrong_is_said_as_runc_says_it, numbers_know_whether_they_were_given)
