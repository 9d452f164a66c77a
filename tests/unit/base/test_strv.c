/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <errno.h>

#include "tests/support/suite.h"

START_TEST(a_list_ends_with_null_at_any_length)
{
	cleanup_strv struct strv s = STRV(100);
	struct err e = ERR_NONE;

	ck_assert_ptr_null(strv_get(&s)[0]);
	for (size_t i = 0; i < 100; i++) {
		ck_ok(strv_add(&s, "word", &e), e);
		ck_assert_uint_eq(s.n, i + 1);
		ck_assert_ptr_null(strv_get(&s)[s.n]);
	}
	ck_assert_int_eq(strv_add(&s, "word", &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(s.n, 100);
}
END_TEST

START_TEST(the_list_owns_copies)
{
	cleanup_strv struct strv s = STRV(10);
	cleanup_strv struct strv more = STRV(10);
	char word[] = "one";

	ck_assert_int_eq(strv_add(&s, word, NULL), 0);
	word[0] = 'X';
	ck_assert_str_eq(s.v[0], "one");
	ck_assert_int_eq(strv_extend(&more, &s, NULL), 0);
	ck_assert_int_eq(strv_extend(&more, &s, NULL), 0);
	ck_assert_uint_eq(more.n, 2);
	ck_assert_ptr_ne(more.v[0], s.v[0]);
	strv_done(&s);
	strv_done(&s);
	ck_assert_str_eq(more.v[1], "one");
}
END_TEST

START_TEST(a_text_is_split_into_all_pieces)
{
	static const struct {
		const char *text;
		size_t n;
		const char *first;
		const char *last;
	} rows[] = {{"", 1, "", ""},  {"a", 1, "a", "a"}, {"a,b", 2, "a", "b"},
		    {",", 2, "", ""}, {"a,", 2, "a", ""}, {",,b", 3, "", "b"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_strv struct strv s = STRV(10);

		ck_assert_int_eq(strv_split(&s, rows[i].text, ',', NULL), 0);
		ck_assert_msg(s.n == rows[i].n, "'%s'", rows[i].text);
		ck_assert_str_eq(s.v[0], rows[i].first);
		ck_assert_str_eq(s.v[s.n - 1], rows[i].last);
	}
}
END_TEST

START_TEST(splitting_stops_at_the_limit)
{
	cleanup_strv struct strv s = STRV(2);

	ck_assert_int_eq(strv_split(&s, "a:b:c", ':', NULL), -E2BIG);
}
END_TEST

START_TEST(values_are_found_by_their_whole_key)
{
	cleanup_strv struct strv s = STRV(10);

	strv_split(&s, "key,keys=1,key=2,key=3,empty=", ',', NULL);
	ck_assert_str_eq(strv_value(&s, "key"), "2");
	ck_assert_str_eq(strv_value(&s, "empty"), "");
	ck_assert_ptr_null(strv_value(&s, "ke"));
	ck_assert_ptr_null(strv_value(&s, "missing"));
	ck_assert(strv_has(&s, "key"));
	ck_assert(!strv_has(&s, "keys"));
}
END_TEST

SUITE("base/strv", NULL, NULL, a_list_ends_with_null_at_any_length, the_list_owns_copies,
      a_text_is_split_into_all_pieces, splitting_stops_at_the_limit,
      values_are_found_by_their_whole_key)
