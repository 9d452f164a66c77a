/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

START_TEST(every_kind_of_hook_is_read_in_order)
{
	cleanup_oci_config struct oci_config c;
	const struct hook_list *of = c.container.hooks.of;

	document_must_read("{'hooks': {"
			   " 'prestart': [{'path': '/a', 'args': ['a', 'x'], 'env': ['K=v'],"
			   "  'timeout': 5}, {'path': '/b'}],"
			   " 'createRuntime': [{'path': '/c'}], 'createContainer': [],"
			   " 'startContainer': [{'path': '/d'}], 'poststart': [{'path': '/e'}],"
			   " 'poststop': [{'path': '/f'}]}}",
			   &c);
	ck_assert_uint_eq(of[HOOK_PRESTART].n, 2);
	ck_assert_str_eq(of[HOOK_PRESTART].v[0].path, "/a");
	ck_assert_uint_eq(of[HOOK_PRESTART].v[0].args.n, 2);
	ck_assert_str_eq(of[HOOK_PRESTART].v[0].args.v[1], "x");
	ck_assert_str_eq(of[HOOK_PRESTART].v[0].env.v[0], "K=v");
	ck_assert_uint_eq(of[HOOK_PRESTART].v[0].timeout_usec, 5000000);
	ck_assert_str_eq(of[HOOK_PRESTART].v[1].path, "/b");
	ck_assert_uint_eq(of[HOOK_PRESTART].v[1].args.n, 0);
	ck_assert_uint_eq(of[HOOK_PRESTART].v[1].timeout_usec, 0);
	ck_assert_str_eq(of[HOOK_CREATE_RUNTIME].v[0].path, "/c");
	ck_assert_uint_eq(of[HOOK_CREATE_CONTAINER].n, 0);
	ck_assert_str_eq(of[HOOK_START_CONTAINER].v[0].path, "/d");
	ck_assert_str_eq(of[HOOK_POSTSTART].v[0].path, "/e");
	ck_assert_str_eq(of[HOOK_POSTSTOP].v[0].path, "/f");
}
END_TEST

static const struct document_error errors[] = {
	{"{'hooks': []}", "hooks: expected an object, found a list", 0},
	{"{'hooks': {'poststop': {}}}", "hooks.poststop: expected a list, found an object", 0},
	{"{'hooks': {'poststop': [{}]}}", "hooks.poststop[0].path: missing", 0},
	{"{'hooks': {'poststop': [{'path': 'x'}]}}",
	 "hooks.poststop[0].path: 'x' is not an absolute path", 0},
	{"{'hooks': {'poststop': [{'path': '/x', 'timeout': 0}]}}",
	 "hooks.poststop[0].timeout: 0 is not between 1 and 2147483647", 0},
	{"{'hooks': {'poststop': [{'path': '/x', 'env': ['A']}]}}",
	 "hooks.poststop[0].env[0]: 'A' is not NAME=VALUE", 0},
};

START_TEST(a_wrong_hook_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/hooks", NULL, NULL, every_kind_of_hook_is_read_in_order, a_wrong_hook_is_named)
