/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(any_bytes_survive)
{
	unsigned char bytes[256];
	size_t n;

	for (int i = 0; i < 256; i++)
		bytes[i] = (unsigned char)i;
	for (size_t len = 0; len <= sizeof(bytes); len += 51) {
		cleanup_free char *text = hex_encode(bytes, len);
		cleanup_free unsigned char *back = hex_decode(text, &n);

		ck_assert_uint_eq(n, len);
		ck_assert_ptr_nonnull(back);
		ck_assert_mem_eq(back, bytes, len);
	}
}
END_TEST

START_TEST(text_is_lower_case)
{
	cleanup_free char *text = hex_encode("\xab\x09", 2);

	ck_assert_str_eq(text, "ab09");
}
END_TEST

START_TEST(what_is_not_hexadecimal_is_refused)
{
	static const char *const rows[] = {"a", "abc", "zz", "0x00", " 00", "00 ", "a\n", "--"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = 7;

		ck_assert_msg(!hex_decode(rows[i], &n), "'%s'", rows[i]);
		ck_assert_uint_eq(n, 0);
	}
}
END_TEST

SUITE("base/hex", NULL, NULL, any_bytes_survive, text_is_lower_case,
      what_is_not_hexadecimal_is_refused)
