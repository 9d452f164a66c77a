/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/known_tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "distro/families.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct tree tree;
static struct known_tools known;

static void setup(void)
{
	tree_init(&tree);
}

static void teardown(void)
{
	known_tools_done(&known);
	tree_done(&tree);
}

static int load(const char *text, struct err *e)
{
	tree_file(&tree, "/known", text);
	return known_tools_load(tree_at(&tree, "/known"), &known, e);
}

START_TEST(a_tool_is_found_by_its_digest_in_its_family)
{
	struct err e = ERR_NONE;

	ck_ok(load("# comment\n\n" A " rhel G3 # Rocky 10\r\n\t" B "\tsuse  S1-java\n", &e), e);
	ck_assert_str_eq(known_tools_find(&known, distro_family_get("rhel"), A), "G3");
	ck_assert_str_eq(known_tools_find(&known, distro_family_get("suse"), B), "S1-java");
	ck_assert_ptr_null(known_tools_find(&known, distro_family_get("suse"), A));
	ck_assert_ptr_null(known_tools_find(&known, distro_family_get("rhel"), B));
}
END_TEST

START_TEST(an_empty_list_knows_nothing)
{
	struct err e = ERR_NONE;

	ck_ok(load("", &e), e);
	ck_assert_ptr_null(known_tools_find(&known, distro_family_get("rhel"), A));
}
END_TEST

START_TEST(mistakes_are_told_with_file_and_line)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{"\n" A " rhel\n", "known:2: there are 2 words and not three"},
		{A " rhel G3 x\n", "known:1: there are 4 words and not three"},
		{"abc rhel G3\n", "known:1: 'abc' is not a SHA-256 digest"},
		{"A" A " rhel G3\n", "is not a SHA-256 digest"},
		{"G"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa rhel G3\n",
		 "is not a SHA-256 digest"},
		{A " redhat G3\n", "'redhat' is not a family"},
		{A " rhel S1\n",
		 "'S1' is not a generation of 'rhel': G1, G1@1718214849, G1-, G2, G3"},
		{A " alpine A1\n", "no tool of 'alpine' can be known"},
		{A " rhel G3\n" A " rhel G2\n", "known:2: the digest is there twice"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(load(cases[i].text, &e), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_msg(strstr(e.msg, cases[i].words), "%zu: %s", i, e.msg);
		ck_assert_uint_eq(known.n, 0);
	}
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(known_tools_load(tree_at(&tree, "/none"), &known, &e), -ENOENT);
	ck_assert_msg(strstr(e.msg, "reading the list of known tools"), "%s", e.msg);
}
END_TEST

START_TEST(more_tools_than_the_bound_are_refused)
{
	cleanup_free char *text = malloc(1025 * 80);
	struct err e = ERR_NONE;
	size_t at = 0;

	for (unsigned i = 0; i < 1025; i++)
		at += (size_t)sprintf(text + at, "%064x rhel G1\n", i);
	ck_assert_int_eq(load(text, &e), -E2BIG);
	ck_assert_msg(strstr(e.msg, "known:1025: more than 1024 tools"), "%s", e.msg);
}
END_TEST

SUITE("cacerts/known_tools", setup, teardown, a_tool_is_found_by_its_digest_in_its_family,
      an_empty_list_knows_nothing, mistakes_are_told_with_file_and_line, a_missing_file_is_an_error,
      more_tools_than_the_bound_are_refused)
