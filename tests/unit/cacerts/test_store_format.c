/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows have in common; each format has a test of its own. */
#include "cacerts/store_format.h"

#include <string.h>

#include "base/limits.h"
#include "tests/support/suite.h"
#include "tests/unit/cacerts/vectors.h"

static struct authorities *set;

static void setup(void)
{
	set = vector_authorities();
}

static void teardown(void)
{
	authorities_unref(set);
}

/* clang-format off */
static const struct {
	const char *vector;
	const char *format;
	size_t n_ours;
	bool is_empty;
} files[] = {
	{"two.jks",        "jks",    0, false},
	{"two-ours.jks",   "jks",    1, false},
	{"empty.jks",      "jks",    0, true},
	{"other.jceks",    "jks",    0, false},
	{"plain.p12",      "pkcs12", 0, false},
	{"plain-ours.p12", "pkcs12", 1, false},
	{"mac-ours.p12",   "pkcs12", 1, false},
	{"none.p12",       "pkcs12", 0, true},
	{"other.pem",      "pem",    0, false},
	{"ours.pem",       "pem",    1, false},
	{"order-in",       "pem",    0, true},
};
/* clang-format on */

START_TEST(the_format_is_told_from_the_content)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_buf struct buf b = vector_read(files[i].vector);
		const struct store_format *f = store_format_of(b.data, b.n);
		struct err e = ERR_NONE;
		size_t n = 99;

		ck_assert_str_eq(f->name, files[i].format);
		ck_ok(f->count(b.data, b.n, set, &n, &e), e);
		ck_assert_msg(n == files[i].n_ours, "%s: %zu", files[i].vector, n);
		ck_assert_msg(f->is_empty(b.data, b.n) == files[i].is_empty, "%s", files[i].vector);
	}
}
END_TEST

START_TEST(in_any_format_what_was_added_can_be_taken_out_again)
{
	static const char *const names[] = {"two.jks", "plain.p12", "mac.p12", "other.pem"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_buf struct buf before = vector_read(names[i]);
		cleanup_buf struct buf more = BUF(LIMIT_STORE_FILE);
		cleanup_buf struct buf rest = BUF(LIMIT_STORE_FILE);
		const struct store_format *f = store_format_of(before.data, before.n);
		struct store_why why = {""};
		struct err e = ERR_NONE;
		const size_t one = 1;

		ck_assert_int_eq(f->add(before.data, before.n, set, 1, &more, &why, &e), 0);
		ck_assert_uint_gt(more.n, before.n);
		ck_assert_int_eq(f->strip(more.data, more.n, set, &one, &rest, &why, &e), 0);
		ck_assert_uint_eq(rest.n, before.n);
		ck_assert_mem_eq(rest.data, before.data, rest.n);
	}
}
END_TEST

START_TEST(a_file_that_would_become_too_large_is_an_error)
{
	static const char *const names[] = {"two.jks", "plain.p12", "other.pem"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_buf struct buf before = vector_read(names[i]);
		cleanup_buf struct buf more = BUF(before.n + 10);
		const struct store_format *f = store_format_of(before.data, before.n);
		struct store_why why = {""};
		struct err e = ERR_NONE;

		ck_assert_int_eq(f->add(before.data, before.n, set, 1, &more, &why, &e), -E2BIG);
	}
}
END_TEST

START_TEST(nothing_is_an_empty_text)
{
	const struct store_format *f = store_format_of(NULL, 0);
	size_t n = 99;

	ck_assert_str_eq(f->name, "pem");
	ck_assert(f->is_empty(NULL, 0));
	ck_assert_int_eq(f->count(NULL, 0, set, &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

SUITE("cacerts/store_format", setup, teardown, the_format_is_told_from_the_content,
      in_any_format_what_was_added_can_be_taken_out_again,
      a_file_that_would_become_too_large_is_an_error, nothing_is_an_empty_text)
