/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(what_is_not_json_is_refused_with_its_place)
{
	static const char *const rows[] = {"",         "{",           "{\"a\":1,\"a\":2}", "{a:1}",
					   "[1,]",     "\"\xff\"",    "[\"a\\u0000\"]",    "[1] x",
					   "{\"a\":}", "[1e99999999]"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = ERR_NONE;
		json_t *j = NULL;

		ck_assert_msg(json_parse(rows[i], strlen(rows[i]), &j, &e) == -EINVAL, "%s",
			      rows[i]);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_ptr_nonnull(strstr(e.msg, "line"));
		ck_assert_ptr_null(j);
	}
	ck_assert_int_eq(json_parse(NULL, 0, &(json_t *){NULL}, NULL), -EINVAL);
}
END_TEST

START_TEST(deep_nesting_is_refused_and_not_followed)
{
	cleanup_free char *text = malloc(1 << 20);

	memset(text, '[', 1 << 20);
	ck_assert_int_eq(json_parse(text, 1 << 20, &(json_t *){NULL}, NULL), -EINVAL);
}
END_TEST

START_TEST(a_document_is_one_line_in_its_order)
{
	static const char text[] = "{\"b\": [1, true],\n \"a\": {\"x\": \"\\n\"}}";
	cleanup_json json_t *j = NULL;
	cleanup_free char *line = NULL;
	struct err e = ERR_NONE;

	ck_ok(json_parse(text, strlen(text), &j, &e), e);
	line = json_line(j);
	ck_assert_str_eq(line, "{\"b\":[1,true],\"a\":{\"x\":\"\\n\"}}");
}
END_TEST

START_TEST(a_member_of_another_type_counts_as_missing)
{
	cleanup_json json_t *j = json_loads("{\"s\":\"x\",\"n\":7,\"t\":true,\"z\":null}", 0, NULL);

	ck_assert_str_eq(json_get_string(j, "s"), "x");
	ck_assert_ptr_null(json_get_string(j, "n"));
	ck_assert_ptr_null(json_get_string(j, "missing"));
	ck_assert_ptr_null(json_get_string(NULL, "s"));
	ck_assert_int_eq(json_get_int(j, "n", 3), 7);
	ck_assert_int_eq(json_get_int(j, "s", 3), 3);
	ck_assert_int_eq(json_get_int(NULL, "n", 3), 3);
	ck_assert(json_get_bool(j, "t"));
	ck_assert(!json_get_bool(j, "n") && !json_get_bool(j, "z") && !json_get_bool(NULL, "t"));
}
END_TEST

START_TEST(any_path_can_be_carried)
{
	cleanup_json json_t *j = json_path("/\xff \n%");

	ck_assert_str_eq(json_string_value(j), "/%FF%20%0A%25");
}
END_TEST

SUITE("base/json", NULL, NULL, what_is_not_json_is_refused_with_its_place,
      deep_nesting_is_refused_and_not_followed, a_document_is_one_line_in_its_order,
      a_member_of_another_type_counts_as_missing, any_path_can_be_carried)
