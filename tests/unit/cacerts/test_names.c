/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/names.h"

#include <errno.h>
#include <string.h>

#include "tests/support/suite.h"

static const struct authority one = {
	.fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	.subject_hash = 0x00ab12cd,
};

START_TEST(a_file_is_called_after_the_fingerprint)
{
	char path[64] = "untouched";
	struct err e = ERR_NONE;

	ck_ok(names_dropin(&one, "/usr/local", ".crt", path, sizeof(path), &e), e);
	ck_assert_str_eq(path, "/usr/local/anchord-0123456789abcdef.crt");
	ck_ok(names_dropin(&one, "/", ".pem", path, sizeof(path), &e), e);
	ck_assert_str_eq(path, "/anchord-0123456789abcdef.pem");
}
END_TEST

START_TEST(a_name_that_does_not_fit_is_refused)
{
	const size_t n = sizeof("/d/anchord-0123456789abcdef.crt");
	char path[64];
	struct err e = ERR_NONE;

	ck_ok(names_dropin(&one, "/d", ".crt", path, n, &e), e);
	ck_assert_int_eq(names_dropin(&one, "/d", ".crt", path, n - 1, &e), -ENAMETOOLONG);
}
END_TEST

START_TEST(only_names_of_this_authority_are_ours)
{
	static const struct {
		const char *name;
		bool ours;
	} rows[] = {
		{"anchord-0123456789abcdef.crt", true},
		{"anchord-0123456789abcdef.pem", true},
		{"../../x/anchord-0123456789abcdef.crt", true},
		{"anchord-0123456789abcdee.crt", false},
		{"anchord-0123456789abcde", false},
		{"anchord-", false},
		{"xanchord-0123456789abcdef.crt", false},
		{"anchord-0123456789abcdef.crt/other", false},
		{"", false},
		{"/", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_msg(names_is_ours(rows[i].name, &one) == rows[i].ours, "'%s'",
			      rows[i].name);
}
END_TEST

START_TEST(hash_links_are_the_hash_and_a_number)
{
	static const struct {
		const char *name;
		int number; /* -1: none */
	} rows[] = {
		{"00ab12cd.0", 0},    {"00ab12cd.17", 17},
		{"00ab12cd.", -1},    {"00ab12cd.r0", -1},
		{"00ab12cd.0x", -1},  {"00ab12cd", -1},
		{"ab12cd.0", -1},     {"00AB12CD.0", -1},
		{"00ab12ce.0", -1},   {"00ab12cd.-1", -1},
		{"00ab12cd. 1", -1},  {"00ab12cd.9999999999999", -1},
		{"00ab12cd.0.0", -1}, {"", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned number = 4711;
		bool is = names_is_hash_link(rows[i].name, &one, &number);

		ck_assert_msg(is == (rows[i].number >= 0), "'%s'", rows[i].name);
		ck_assert_uint_eq(number, is ? (unsigned)rows[i].number : 4711);
		ck_assert(names_is_hash_link(rows[i].name, &one, NULL) == is);
	}
}
END_TEST

SUITE("cacerts/names", NULL, NULL, a_file_is_called_after_the_fingerprint,
      a_name_that_does_not_fit_is_refused, only_names_of_this_authority_are_ours,
      hash_links_are_the_hash_and_a_number)
