/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/overlay_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

/* The options of a rootfs, joined by spaces. */
static const char *options_of(const struct mount_specs *specs)
{
	static char text[4096];

	text[0] = '\0';
	for (size_t i = 0; i < specs->v[0].options.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 specs->v[0].options.v[i]);
	return text;
}

static const struct {
	const char *options;
	size_t n_below;
	const char *wanted;
} specs[] = {
	{"lowerdir=/a,upperdir=/u,workdir=/w", 1, "upperdir=/u workdir=/w lowerdir=/x\\:y:/a"},
	{"lowerdir=/a:/b,upperdir=/u,workdir=/w", 1,
	 "upperdir=/u workdir=/w lowerdir=/a:/x\\:y:/b"},
	{"lowerdir=/a\\:1:/b\\\\,upperdir=/u,workdir=/w", 2,
	 "upperdir=/u workdir=/w lowerdir=/x\\:y:/a\\:1:/b\\\\"},
	{"lowerdir=/a:/b,upperdir=/u,workdir=/w", 0,
	 "upperdir=/u workdir=/w lowerdir=/a:/b:/x\\:y"},
	{"volatile,lowerdir+=/a:1,lowerdir+=/b,upperdir=/u,workdir=/w", 1,
	 "volatile upperdir=/u workdir=/w lowerdir+=/a:1 lowerdir+=/x:y lowerdir+=/b"},
	{"lowerdir=/a,upperdir=/u,workdir=/w", 2, NULL},
};

START_TEST(a_lower_is_added_above_those_that_it_is_for)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		cleanup_mount_specs struct mount_specs from = {.n = 0};
		cleanup_mount_specs struct mount_specs to = {.n = 0};
		struct err e = ERR_NONE;
		int r;

		ck_ok(mount_specs_add(&from, "overlay", "", "/", specs[i].options, &e), e);
		r = overlay_spec_add_lower(&from, "/x:y", specs[i].n_below, &to, &e);
		if (!specs[i].wanted) {
			ck_assert_int_eq(r, -EINVAL);
			ck_assert_int_eq(e.kind, ERR_INVALID);
			continue;
		}
		ck_ok(r, e);
		ck_assert_str_eq(options_of(&to), specs[i].wanted);
	}
}
END_TEST

START_TEST(an_upper_takes_the_place_of_another)
{
	cleanup_mount_specs struct mount_specs from = {.n = 0};
	cleanup_mount_specs struct mount_specs to = {.n = 0};
	struct err e = ERR_NONE;
	size_t n;

	ck_ok(mount_specs_add(&from, "overlay", "", "/",
			      "lowerdir=/a:/b:/c,upperdir=/u,workdir=/w,xino=off", &e),
	      e);
	ck_ok(overlay_spec_count_lowers(&from, &n, &e), e);
	ck_assert_uint_eq(n, 3);
	ck_ok(overlay_spec_over(&from, "/new\\", "/work", &to, &e), e);
	ck_assert_str_eq(options_of(&to),
			 "lowerdir=/a:/b:/c xino=off upperdir=/new\\\\ workdir=/work");
}
END_TEST

START_TEST(a_bind_has_no_layers)
{
	cleanup_mount_specs struct mount_specs from = {.n = 0};
	cleanup_mount_specs struct mount_specs to = {.n = 0};
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&from, "bind", "/a", "/", "rbind", &e), e);
	ck_assert_int_eq(overlay_spec_add_lower(&from, "/x", 0, &to, &e), -EINVAL);
}
END_TEST

static bool same(const char *a, const char *b)
{
	cleanup_mount_specs struct mount_specs x = {.n = 0};
	cleanup_mount_specs struct mount_specs y = {.n = 0};
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&x, "overlay", "", "/", a, &e), e);
	ck_ok(mount_specs_add(&y, "overlay", "", "/", b, &e), e);
	return overlay_spec_same_lowers(&x, &y);
}

START_TEST(lower_directories_are_compared_in_order)
{
	ck_assert(same("lowerdir=/a:/b,upperdir=/u,workdir=/w",
		       "lowerdir+=/a,lowerdir+=/b,upperdir=/v,workdir=/x,ro"));
	ck_assert(!same("lowerdir=/a:/b", "lowerdir=/b:/a"));
	ck_assert(!same("lowerdir=/a:/b", "lowerdir=/a"));
}
END_TEST

SUITE("vfs/overlay_spec", NULL, NULL, a_lower_is_added_above_those_that_it_is_for,
      an_upper_takes_the_place_of_another, a_bind_has_no_layers,
      lower_directories_are_compared_in_order)
