/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(a_buf_grows_up_to_its_maximum_and_no_further)
{
	cleanup_buf struct buf b = BUF(1000);
	struct err e = ERR_NONE;

	for (int i = 0; i < 1000; i++) {
		ck_ok(buf_add(&b, "x", 1, &e), e);
		ck_assert_uint_eq(strlen(b.data), b.n);
	}
	ck_assert_int_eq(buf_add(&b, "x", 1, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_int_eq(buf_addf(&b, &e, "%d", 1), -E2BIG);
	ck_assert_int_eq(buf_add(&b, "x", SIZE_MAX, &e), -E2BIG);
	ck_ok(buf_add(&b, "", 0, &e), e);
	ck_assert_uint_eq(b.n, 1000);
}
END_TEST

START_TEST(bytes_may_be_zero_and_text_is_terminated)
{
	cleanup_buf struct buf b = BUF(100);
	struct err e = ERR_NONE;

	ck_ok(buf_add(&b, "a\0b", 3, &e), e);
	ck_ok(buf_addf(&b, &e, "%s-%d", "c", 7), e);
	ck_assert_uint_eq(b.n, 6);
	ck_assert_mem_eq(b.data, "a\0bc-7", 7);
}
END_TEST

START_TEST(what_was_taken_is_no_longer_there)
{
	struct buf b = BUF(100);
	char *text;

	ck_assert_ptr_null(buf_take(&b));
	buf_addf(&b, NULL, "text");
	text = buf_take(&b);
	ck_assert_str_eq(text, "text");
	free(text);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.max, 100);
	buf_addf(&b, NULL, "again");
	buf_done(&b);
	ck_assert_ptr_null(b.data);
	buf_done(&b);
}
END_TEST

START_TEST(a_cleared_buf_is_empty_text)
{
	cleanup_buf struct buf b = BUF(4);

	buf_clear(&b);
	buf_addf(&b, NULL, "1234");
	buf_clear(&b);
	ck_assert_str_eq(b.data, "");
	ck_assert_int_eq(buf_addf(&b, NULL, "5678"), 0);
	ck_assert_str_eq(b.data, "5678");
}
END_TEST

SUITE("base/buf", NULL, NULL, a_buf_grows_up_to_its_maximum_and_no_further,
      bytes_may_be_zero_and_text_is_terminated, what_was_taken_is_no_longer_there,
      a_cleared_buf_is_empty_text)
