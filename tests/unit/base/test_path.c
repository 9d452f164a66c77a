/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/support/suite.h"

START_TEST(a_path_becomes_canonical)
{
	static const char *const rows[][2] = {
		{"", "/"},
		{"/", "/"},
		{"//", "/"},
		{".", "/"},
		{"..", "/"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"a", "/a"},
		{"/a/", "/a"},
		{"/a//b", "/a/b"},
		{"/a/./b", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/b/..", "/a"},
		{"/a/..", "/"},
		{"/...", "/..."},
		{"/..a/.b", "/..a/.b"},
		{"/a/b/../../c/.", "/c"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[64];
		struct err e = ERR_NONE;

		ck_ok(path_canonical(rows[i][0], path, sizeof(path), &e), e);
		ck_assert_str_eq(path, rows[i][1]);
	}
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused)
{
	struct err e = ERR_NONE;
	char path[5];

	ck_ok(path_canonical("/a/b", path, sizeof(path), &e), e);
	ck_assert_int_eq(path_canonical("/a/bc", path, sizeof(path), &e), -ENAMETOOLONG);
	ck_assert_int_eq(e.kind, ERR_INVALID);
	ck_ok(path_canonical("/abc/../d", path, sizeof(path), &e), e);
	ck_ok(path_canonical("/", path, 2, &e), e);
	ck_ok(path_join("/a", "b", path, sizeof(path), &e), e);
	ck_assert_int_eq(path_join("/a", "bc", path, sizeof(path), &e), -ENAMETOOLONG);
}
END_TEST

START_TEST(parents_names_and_joins_fit_together)
{
	static const char *const rows[][3] = {
		{"/", "/", ""}, {"/a", "/", "a"}, {"/a/b", "/a", "b"}, {"/a/b/c", "/a/b", "c"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[16];

		path_parent(rows[i][0], text);
		ck_assert_str_eq(text, rows[i][1]);
		ck_assert_str_eq(path_name(rows[i][0]), rows[i][2]);
		if (i == 0)
			continue;
		ck_assert_int_eq(path_join(rows[i][1], rows[i][2], text, sizeof(text), NULL), 0);
		ck_assert_str_eq(text, rows[i][0]);
		path_parent(text, text); /* in place */
		ck_assert_str_eq(text, rows[i][1]);
	}
}
END_TEST

START_TEST(below_means_whole_components)
{
	ck_assert(path_is_below("/a", "/a"));
	ck_assert(path_is_below("/a/b", "/a"));
	ck_assert(path_is_below("/a", "/"));
	ck_assert(path_is_below("/", "/"));
	ck_assert(!path_is_below("/ab", "/a"));
	ck_assert(!path_is_below("/", "/a"));
	ck_assert(!path_is_below("/a", "/a/b"));
}
END_TEST

START_TEST(any_bytes_survive_escaping)
{
	char all[256];
	char text[3 * sizeof(all)];
	char back[sizeof(all)];
	struct err e = ERR_NONE;

	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	ck_ok(path_escape(all, text, sizeof(text), &e), e);
	for (const char *p = text; *p; p++)
		ck_assert(*p > ' ' && *p < 0x7f);
	ck_ok(path_unescape(text, back, sizeof(back), &e), e);
	ck_assert_str_eq(back, all);
	ck_ok(path_escape("/plain-1_2.x", text, sizeof(text), &e), e);
	ck_assert_str_eq(text, "/plain-1_2.x");
	ck_assert_int_eq(path_escape("%%", text, 6, &e), -ENAMETOOLONG);
	ck_assert_int_eq(path_unescape("abc", back, 3, &e), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_malformed_escape_is_refused)
{
	static const char *const rows[] = {"%",   "%4",  "%zz", "%4z", "a%00b",
					   "% 5", "%+5", "%-5", "%0x", "%x4"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[16];

		ck_assert_msg(path_unescape(rows[i], text, sizeof(text), NULL) == -EINVAL, "'%s'",
			      rows[i]);
	}
}
END_TEST

SUITE("base/path", NULL, NULL, a_path_becomes_canonical, a_path_that_does_not_fit_is_refused,
      parents_names_and_joins_fit_together, below_means_whole_components,
      any_bytes_survive_escaping, a_malformed_escape_is_refused)
