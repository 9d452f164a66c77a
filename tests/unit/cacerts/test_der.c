/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/der.h"

#include <string.h>

#include "tests/support/suite.h"

static void nothing(void)
{
}

#define ROW(text) (const unsigned char *)(text), sizeof(text) - 1

/* clang-format off */
static const struct {
	const unsigned char *p;
	size_t n;
	int n_content; /* -1: can't be taken */
	size_t n_left;
} values[] = {
	{ROW("\x30\x00"),                     0, 0},
	{ROW("\x30\x02" "ab" "rest"),         2, 4},
	{ROW("\x30"),                        -1, 1},
	{ROW(""),                            -1, 0},
	{ROW("\x30\x03" "ab"),               -1, 4}, /* cut */
	{ROW("\x30\x80\x00\x00"),            -1, 4}, /* indefinite */
	{ROW("\x30\x81\x02" "ab"),           -1, 5}, /* longer than need be */
	{ROW("\x30\x82\x00\x80" "ab"),       -1, 6},
	{ROW("\x30\x81"),                    -1, 2},
	{ROW("\x30\x84\xff\xff\xff\xff"),    -1, 6},
	{ROW("\x30\x85\x01\x00\x00\x00\x00"), -1, 7},
	{ROW("\x1f\x01" "a"),                -1, 3}, /* a tag of several bytes */
	{ROW("\x31\x01" "a"),                -1, 3}, /* another tag */
};

static const struct {
	const unsigned char *p;
	size_t n;
	bool ok;
	uint32_t value;
} numbers[] = {
	{ROW("\x00"),                 true, 0},
	{ROW("\x27\x10"),             true, 10000},
	{ROW("\x00\x80"),             true, 128},
	{ROW("\x00\xff\xff\xff\xff"), true, UINT32_MAX},
	{ROW("\x01\x00\x00\x00\x00"), false, 0},
	{ROW("\x00\x00\x00\x00\x00\x01"), false, 0},
	{ROW("\x80"),                 false, 0},
	{ROW(""),                     false, 0},
};
/* clang-format on */

START_TEST(only_the_shortest_definite_form_is_taken)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct der in = {values[i].p, values[i].n};
		struct der content = {0};
		bool ok = der_take(&in, DER_SEQUENCE, &content);

		ck_assert_msg(ok == (values[i].n_content >= 0), "%zu", i);
		ck_assert_msg(!ok || content.n == (size_t)values[i].n_content, "%zu", i);
		ck_assert_msg(in.n == values[i].n_left, "%zu: %zu", i, in.n);
	}
}
END_TEST

START_TEST(numbers_are_neither_negative_nor_too_large)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint32_t value = 0;

		ck_assert_msg(der_number((struct der){numbers[i].p, numbers[i].n}, &value) ==
				      numbers[i].ok,
			      "%zu", i);
		ck_assert_msg(!numbers[i].ok || value == numbers[i].value, "%zu", i);
	}
}
END_TEST

START_TEST(what_is_wrapped_can_be_taken)
{
	static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cleanup_free unsigned char *bytes = malloc(sizes[i] + 1);
		cleanup_buf struct buf b = BUF(2 << 20);
		struct der content;
		struct der in;

		memset(bytes, 'x', sizes[i] + 1);
		ck_assert_int_eq(buf_add(&b, "before", 6, NULL), 0);
		ck_assert_int_eq(der_add(&b, DER_SET, (struct der){bytes, sizes[i]}, NULL), 0);
		in = (struct der){(const unsigned char *)b.data + 6, b.n - 6};
		ck_assert(der_only(in, DER_SET, &content));
		ck_assert(der_equal(content, (struct der){bytes, sizes[i]}));
		ck_assert_mem_eq(b.data, "before", 6);
	}
}
END_TEST

SUITE("cacerts/der", nothing, nothing, only_the_shortest_definite_form_is_taken,
      numbers_are_neither_negative_nor_too_large, what_is_wrapped_can_be_taken)
