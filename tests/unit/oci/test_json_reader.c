/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/json_reader.h"

#include <errno.h>
#include <string.h>

#include "oci/values.h"
#include "tests/unit/oci/documents.h"

struct pair {
	uint32_t first;
	uint32_t second;
};

static int read_pair(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("first", oci_read_uint32, offsetof(struct pair, first), .max = 9,
			   .is_required = true),
		OCI_MEMBER("second", oci_read_uint32, offsetof(struct pair, second)),
	};

	return oci_read_table(at, members, to, e);
}

static int read_pairs(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, /* max= */ 3, read_pair, to, e);
}

static int read_map(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, /* max= */ 3, read_pairs, to, e);
}

/* Read a map of lists of pairs; every pair goes to the same place. */
static int read_text(const char *text, struct pair *ret, struct err *e)
{
	cleanup_free char *json = document_quoted(text);
	cleanup_json json_t *j = json_loads(json, 0, NULL);
	const struct oci_surroundings surroundings = {.bundle = "/bundle"};

	ck_assert_ptr_nonnull(j);
	return read_map(&(struct oci_node){.value = j, .surroundings = &surroundings}, ret, e);
}

START_TEST(members_go_where_the_table_says)
{
	struct pair p = {.second = 7};
	struct err e = ERR_NONE;

	ck_ok(read_text("{'a': [{'first': 1, 'second': null, 'third': {}}]}", &p, &e), e);
	ck_assert_uint_eq(p.first, 1);
	ck_assert_uint_eq(p.second, 7);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
	int code;
} errors[] = {
	{"{'a': [{'first': 1}, {'first': 10}]}", "a[1].first: 10 is above 9", -EINVAL},
	{"{'a': [], 'b': [{}]}", "b[0].first: missing", -EINVAL},
	{"{'a': [{'first': null}]}", "a[0].first: missing", -EINVAL},
	{"{'a': [[]]}", "a[0]: expected an object, found a list", -EINVAL},
	{"{'a': 1}", "a: expected a list, found a number", -EINVAL},
	{"{'a': [null]}", "a[0]: expected an object, found null", -EINVAL},
	{"{'a': [{}, {}, {}, {}]}", "a: more than 3 items", -E2BIG},
	{"{'a': [], 'b': [], 'c': [], 'd': []}", "more than 3 members", -E2BIG},
	{"{'a\\n\\u007f': 1}", "a??: expected a list, found a number", -EINVAL},
	/* a long name doesn't push out what is wrong */
	{"{'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn': [7]}",
	 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn[0]: expected an object, found a number",
	 -EINVAL},
};

START_TEST(an_error_begins_with_the_path_of_what_is_wrong)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct pair p;
		struct err e = ERR_NONE;

		ck_assert_int_eq(read_text(errors[i].text, &p, &e), errors[i].code);
		ck_assert_str_eq(e.msg, errors[i].message);
	}
}
END_TEST

START_TEST(a_path_that_is_too_long_loses_its_end)
{
	struct oci_node nodes[300];
	struct err e = ERR_NONE;

	nodes[0] = (struct oci_node){.parent = NULL};
	for (size_t i = 1; i < ARRAY_SIZE(nodes); i++)
		nodes[i] = (struct oci_node){.parent = &nodes[i - 1], .key = "deep"};
	ck_assert_int_eq(oci_invalid(&nodes[ARRAY_SIZE(nodes) - 1], &e, "wrong"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "deep.deep.deep"));
	ck_assert_str_eq(e.msg + strlen(e.msg) - strlen(": wrong"), ": wrong");
}
END_TEST

START_TEST(warnings_beyond_the_last_are_dropped)
{
	cleanup_strv struct strv warnings = STRV(1);
	const struct oci_surroundings surroundings = {.warnings = &warnings};
	const struct oci_node document = {.surroundings = &surroundings};
	const struct oci_node member = {
		.parent = &document, .key = "a", .surroundings = &surroundings};
	struct err e = ERR_NONE;

	ck_ok(oci_warn(&member, &e, "number %d", 1), e);
	ck_ok(oci_warn(&member, &e, "number %d", 2), e);
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert_str_eq(warnings.v[0], "a: number 1");
}
END_TEST

SUITE("oci/json_reader", NULL, NULL, members_go_where_the_table_says,
      an_error_begins_with_the_path_of_what_is_wrong, a_path_that_is_too_long_loses_its_end,
      warnings_beyond_the_last_are_dropped)
