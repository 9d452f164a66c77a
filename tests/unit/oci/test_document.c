/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/oci/documents.h"

static int parse(const char *text, json_t **ret, struct err *e)
{
	cleanup_free char *json = document_quoted(text);

	return oci_document_parse(json, strlen(json), ret, e);
}

static const struct {
	const char *text; /* of member n */
	uint64_t value;   /* 0: no big number */
} numbers[] = {
	{"9223372036854775807", 0},
	{"9223372036854775808", UINT64_C(1) << 63},
	{"9999999999999999999", UINT64_C(9999999999999999999)},
	{"18446744069414584319", UINT64_C(0xfffffffeffffffff)}, /* no double has all its bits */
	{"18446744073709551615", UINT64_MAX},
	{"-1", 0},
	{"'18446744073709551615'", 0},
	{"9223372036854775808.5", 0},
	{"9223372036854775808e1", 0},
};

START_TEST(numbers_of_64_bits_keep_every_bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		cleanup_json json_t *j = NULL;
		struct err e = ERR_NONE;
		uint64_t value = 0;
		char text[80];

		snprintf(text, sizeof(text), "{'n':%s}", numbers[i].text);
		ck_ok(parse(text, &j, &e), e);
		ck_assert_int_eq(oci_big_number(json_object_get(j, "n"), &value),
				 numbers[i].value != 0);
		ck_assert_uint_eq(value, numbers[i].value);
	}
}
END_TEST

START_TEST(digits_in_strings_stay_as_they_are)
{
	cleanup_json json_t *j = NULL;
	struct err e = ERR_NONE;

	ck_ok(parse("{'a\\\\': 'x\\' 18446744073709551615', '9223372036854775808': 1}", &j, &e), e);
	ck_assert_str_eq(json_string_value(json_object_get(j, "a\\")), "x\" 18446744073709551615");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "9223372036854775808")), 1);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} broken[] = {
	{"{'a': 18446744073709551615,\n 'b': x}",
	 "not JSON: line 2 column 7: invalid token near 'x'"},
	{"{'a': [18446744073709551615, x]}", "not JSON: line 1 column 30: invalid token near 'x'"},
	{"{'a': 1, 'a': 2}", "not JSON: line 1 column 12: duplicate object key near '\"a\"'"},
	{"{'a': 'x\\u0000'}",
	 "not JSON: line 1 column 15: \\u0000 is not allowed without JSON_ALLOW_NUL "
	 "near '\"x\\u0000\"'"},
	{"{'a': 18446744073709551616}",
	 "not JSON: line 1 column 26: too big integer near '18446744073709551616'"},
	{"{'a': \x1b[31m}", "not JSON: line 1 column 7: invalid token near '?'"},
	{"", "not JSON: line 1 column 0: '[' or '{' expected near end of file"},
	{"[]", "the document is not a JSON object"},
};

START_TEST(what_is_no_json_is_refused_with_its_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		json_t *j = NULL;
		struct err e = ERR_NONE;

		ck_assert_int_eq(parse(broken[i].text, &j, &e), -EINVAL);
		ck_assert_str_eq(e.msg, broken[i].message);
		ck_assert_ptr_null(j);
	}
}
END_TEST

START_TEST(a_document_that_is_too_long_is_refused_before_it_is_parsed)
{
	cleanup_free char *text = calloc(1, LIMIT_OCI_CONFIG + 1);
	json_t *j = NULL;
	struct err e = ERR_NONE;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(oci_document_parse(text, LIMIT_OCI_CONFIG + 1, &j, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "the document has more than 4194304 bytes");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(nesting_without_end_is_refused)
{
	enum { DEPTH = 100000 };
	cleanup_free char *text = malloc(DEPTH);
	json_t *j = NULL;

	ck_assert_ptr_nonnull(text);
	memset(text, '[', DEPTH);
	ck_assert_int_eq(oci_document_parse(text, DEPTH, &j, NULL), -EINVAL);
}
END_TEST

SUITE("oci/document", NULL, NULL, numbers_of_64_bits_keep_every_bit,
      digits_in_strings_stay_as_they_are, what_is_no_json_is_refused_with_its_place,
      a_document_that_is_too_long_is_refused_before_it_is_parsed, nesting_without_end_is_refused)
