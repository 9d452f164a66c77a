/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "distro/distro.h"
#include "distro/families.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_dir(&v.t, "r/etc");
	tree_dir(&v.t, "r/usr/lib");
	view_rootfs(&v, "bind", "@/r", "rbind,ro");
	view_open(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static void expect(const char *family, const char *evidence)
{
	struct distro d = {.family = NULL};
	struct err e = ERR_NONE;
	int r;

	alarm(10); /* what blocks must not hang the suite */
	r = distro_detect(v.fs, &d, &e);
	alarm(0);
	ck_ok(r, e);
	ck_assert_int_eq(r, family ? 0 : DISTRO_UNKNOWN);
	ck_assert_int_eq(e.code, 0);
	if (!family) {
		ck_assert_ptr_null(d.family);
		return;
	}
	ck_assert_str_eq(d.family->name, family);
	ck_assert_msg(strstr(d.evidence, evidence) != NULL, "%s", d.evidence);
}

START_TEST(the_id_decides)
{
	tree_file(&v.t, "r/etc/os-release", "NAME=x\nID_LIKE=fedora\nID=ubuntu\n");
	expect("debian", "ID=ubuntu");
}
END_TEST

START_TEST(a_derivative_says_what_it_is_like)
{
	tree_file(&v.t, "r/etc/os-release", "ID=unheard-of\nID_LIKE=\"other debian\"\n");
	expect("debian", "ID_LIKE=debian");
}
END_TEST

START_TEST(the_second_place_of_os_release_counts_where_the_first_is_missing)
{
	tree_file(&v.t, "r/usr/lib/os-release", "ID=debian\n");
	expect("debian", "ID=debian");
	tree_file(&v.t, "r/etc/os-release", "ID=unheard-of\n");
	expect(NULL, NULL);
}
END_TEST

START_TEST(a_link_is_followed_inside_the_image_only)
{
	tree_link(&v.t, "r/etc/os-release", "../../../../usr/lib/os-release");
	expect(NULL, NULL);
	tree_file(&v.t, "r/usr/lib/os-release", "ID=debian\n");
	expect("debian", "ID=debian");
}
END_TEST

START_TEST(a_mark_decides_where_os_release_is_silent)
{
	tree_file(&v.t, "r/etc/debian_version", "12\n");
	expect("debian", "/etc/debian_version");
	tree_file(&v.t, "r/etc/os-release", "ID=unheard-of\n");
	expect("debian", "/etc/debian_version");
}
END_TEST

START_TEST(a_mark_that_is_no_file_is_none)
{
	tree_dir(&v.t, "r/etc/debian_version");
	expect(NULL, NULL);
}
END_TEST

START_TEST(an_empty_image_is_unknown)
{
	expect(NULL, NULL);
	tree_file(&v.t, "r/etc/os-release", "");
	expect(NULL, NULL);
}
END_TEST

START_TEST(a_hostile_os_release_does_not_block)
{
	tree_fifo(&v.t, "r/etc/os-release");
	expect(NULL, NULL);
	tree_link(&v.t, "r/usr/lib/os-release", "os-release");
	expect(NULL, NULL);
	tree_file(&v.t, "r/etc/debian_version", "12\n");
	expect("debian", "/etc/debian_version");
}
END_TEST

START_TEST(an_oversized_os_release_is_an_error_that_names_it)
{
	struct distro d = {.family = NULL};
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/etc/os-release", "ID=debian\n");
	ck_assert_int_eq(truncate(tree_at(&v.t, "r/etc/os-release"), LIMIT_OS_RELEASE + 1), 0);
	ck_assert_int_eq(distro_detect(v.fs, &d, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/etc/os-release"));
	ck_assert_ptr_null(d.family);
}
END_TEST

START_TEST(a_long_word_does_not_overflow_the_evidence)
{
	cleanup_buf struct buf text = BUF(LIMIT_OS_RELEASE);

	buf_addf(&text, NULL, "ID=%08000d\nID_LIKE=debian\n", 7);
	tree_file(&v.t, "r/etc/os-release", text.data);
	expect("debian", "ID_LIKE=debian");
}
END_TEST

START_TEST(every_family_is_complete)
{
	for (const struct distro_family *const *f = distro_families; *f; f++) {
		ck_assert_ptr_eq(distro_family_get((*f)->name), *f);
		ck_assert_ptr_nonnull((*f)->ids[0]);
		ck_assert_ptr_nonnull((*f)->tool[0]);
		ck_assert_ptr_nonnull((*f)->source_dirs[0]);
		ck_assert_ptr_nonnull((*f)->outputs[0]);
		ck_assert_int_eq((*f)->dropin_dir[0], '/');
		ck_assert_int_eq((*f)->bundle[0], '/');
		ck_assert_int_eq((*f)->hashed_dir[0], '/');
		ck_assert_int_eq((*f)->dropin_suffix[0], '.');
	}
	ck_assert_ptr_null(distro_family_get("of nobody"));
}
END_TEST

SUITE("distro/detect", setup, teardown, the_id_decides, a_derivative_says_what_it_is_like,
      the_second_place_of_os_release_counts_where_the_first_is_missing,
      a_link_is_followed_inside_the_image_only, a_mark_decides_where_os_release_is_silent,
      a_mark_that_is_no_file_is_none, an_empty_image_is_unknown,
      a_hostile_os_release_does_not_block, an_oversized_os_release_is_an_error_that_names_it,
      a_long_word_does_not_overflow_the_evidence, every_family_is_complete)
