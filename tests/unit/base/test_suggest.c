/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <string.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

static const char *closest(const char *typed)
{
	static const char *const words[] = {"run", "ps", "kill", "explain", "authorities", "info"};
	struct suggest s = suggest_for(typed, strlen(typed));

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		suggest_offer(&s, words[i]);
	return s.best;
}

START_TEST(a_typing_error_finds_its_word)
{
	ck_assert_str_eq(closest("rnu"), "run");
	ck_assert_str_eq(closest("kil"), "kill");
	ck_assert_str_eq(closest("authorties"), "authorities");
	ck_assert_str_eq(closest("explian"), "explain");
}
END_TEST

START_TEST(another_word_finds_nothing)
{
	ck_assert_pstr_eq(closest("frobnicate"), NULL);
	ck_assert_pstr_eq(closest("x"), NULL);
	ck_assert_pstr_eq(closest("a-word-that-is-much-longer-than-any-of-the-known-ones"), NULL);
}
END_TEST

SUITE("base/suggest", NULL, NULL, a_typing_error_finds_its_word, another_word_finds_nothing)
