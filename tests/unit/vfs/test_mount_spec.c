/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mount_spec.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "tests/support/suite.h"

START_TEST(options_split_at_commas_that_no_backslash_keeps)
{
	struct mount_specs s = {0};
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&s, "overlay", NULL, "/", ",ro,,upperdir=/a\\,b,x\\", &e), e);
	ck_assert_uint_eq(s.v[0].options.n, 3);
	ck_assert_str_eq(s.v[0].options.v[0], "ro");
	ck_assert_str_eq(s.v[0].options.v[1], "upperdir=/a\\,b");
	ck_assert_str_eq(s.v[0].options.v[2], "x\\");
	ck_assert_str_eq(s.v[0].source, "");
	mount_specs_done(&s);
}
END_TEST

START_TEST(state_files_keep_every_byte)
{
	struct mount_specs a = {0};
	struct mount_specs b = {0};
	cleanup_json json_t *j = NULL;
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&a, "bind", "/odd \xff\n%41", "/d\x01", "ro,x=\xfe", &e), e);
	ck_ok(mount_specs_add(&a, "proc", "proc", "/proc", "", &e), e);
	j = mount_specs_to_json(&a);
	ck_assert_ptr_nonnull(j);
	ck_ok(mount_specs_from_json(j, &b, &e), e);

	ck_assert_uint_eq(b.n, 2);
	ck_assert_str_eq(b.v[0].source, "/odd \xff\n%41");
	ck_assert_str_eq(b.v[0].destination, "/d\x01");
	ck_assert_uint_eq(b.v[0].options.n, 2);
	ck_assert_str_eq(b.v[0].options.v[1], "x=\xfe");
	ck_assert_str_eq(b.v[1].type, "proc");
	mount_specs_done(&a);
	mount_specs_done(&b);
}
END_TEST

static const char *const broken[] = {
	"{}",
	"[{}]",
	"[1]",
	"[{\"type\":\"x\",\"source\":\"%zz\",\"destination\":\"/\",\"options\":[]}]",
	"[{\"type\":\"x\",\"source\":\"\",\"destination\":\"/\",\"options\":[1]}]",
	"[{\"type\":\"x\",\"source\":\"\",\"destination\":\"/\"}]",
};

START_TEST(a_broken_state_file_is_refused_and_leaves_the_output_alone)
{
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct mount_specs s = {.n = 7};
		cleanup_json json_t *j = json_loads(broken[i], 0, NULL);

		ck_assert_ptr_nonnull(j);
		ck_assert_int_eq(mount_specs_from_json(j, &s, NULL), -EINVAL);
		ck_assert_uint_eq(s.n, 7);
	}
}
END_TEST

START_TEST(extending_copies)
{
	struct mount_specs a = {0};
	struct mount_specs b = {0};
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&a, "bind", "/x", "/y", "ro", &e), e);
	ck_ok(mount_specs_extend(&b, &a, &e), e);
	ck_ok(mount_specs_extend(&b, &a, &e), e);
	mount_specs_done(&a);
	ck_assert_uint_eq(b.n, 2);
	ck_assert_str_eq(b.v[1].destination, "/y");
	ck_assert_str_eq(b.v[1].options.v[0], "ro");
	mount_specs_done(&b);
}
END_TEST

START_TEST(mounts_options_and_strings_are_limited)
{
	struct mount_specs s = {0};
	char *text = malloc(LIMIT_STRING + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', LIMIT_STRING);
	text[LIMIT_STRING] = '\0';
	ck_assert_int_eq(mount_specs_add(&s, "bind", text, "/", "", NULL), -E2BIG);
	memset(text, ',', LIMIT_STRING / 2);
	for (size_t i = 0; i < 2 * (LIMIT_MOUNT_OPTIONS + 1); i += 2)
		text[i] = 'x';
	text[2 * (LIMIT_MOUNT_OPTIONS + 1)] = '\0';
	ck_assert_int_eq(mount_specs_add(&s, "bind", "/", "/", text, NULL), -E2BIG);
	ck_assert_uint_eq(s.n, 0);
	for (int i = 0; i < LIMIT_MOUNTS; i++)
		ck_assert_int_eq(mount_specs_add(&s, "bind", "/", "/", "", NULL), 0);
	ck_assert_int_eq(mount_specs_add(&s, "bind", "/", "/", "", NULL), -E2BIG);
	mount_specs_done(&s);
	free(text);
}
END_TEST

SUITE("vfs/mount_spec", NULL, NULL, options_split_at_commas_that_no_backslash_keeps,
      state_files_keep_every_byte, a_broken_state_file_is_refused_and_leaves_the_output_alone,
      extending_copies, mounts_options_and_strings_are_limited)
