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

static void expect_doubts(const char *family, const char *text)
{
	cleanup_strv struct strv doubts = STRV(64);
	cleanup_free char *found = NULL;
	struct err e = ERR_NONE;

	ck_ok(distro_doubts(v.fs, distro_family_get(family), &doubts, &e), e);
	for (size_t i = 0; i < doubts.n; i++) {
		char *longer = NULL;

		ck_assert_int_gt(asprintf(&longer, "%s%s; ", found ? found : "", doubts.v[i]), 0);
		free(found);
		found = longer;
	}
	ck_assert_str_eq(found ? found : "", text);
}

START_TEST(each_distribution_is_told_by_its_os_release)
{
	static const struct {
		const char *text;
		const char *family;
	} rows[] = {
		{"ID=alpine\nVERSION_ID=3.20.3\n", "alpine"},
		{"ID=wolfi\nNAME=\"Wolfi\"\n", "alpine"},
		{"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "rhel"},
		{"ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n", "rhel"},
		{"ID=\"ol\"\nVERSION_ID=\"9.4\"\n", "rhel"},
		{"ID=azurelinux\n", "rhel"},
		{"ID=\"openEuler\"\n", "rhel"},
		{"ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "suse"},
		{"ID=\"sles\"\nID_LIKE=\"suse\"\n", "suse"},
		{"ID=arch\n", "arch"},
		{"ID=blackarch\nID_LIKE=arch\n", "arch"},
		{"ID=gentoo\n", "gentoo"},
		{"ID=\"void\"\n", "void"},
		{"ID=photon\n", "photon"},
		{"ID=nixos\n", "nixos"},
		{"PRETTY_NAME=\"Distroless\"\nID=\"debian\"\n", "debian"},
		{"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "debian"},
		{"ID=slackware\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_file(&v.t, "r/etc/os-release", rows[i].text);
		expect(rows[i].family, "os-release ID");
	}
}
END_TEST

START_TEST(marks_come_before_layout_and_both_in_the_order_of_the_table)
{
	tree_dir(&v.t, "r/nix/store");
	expect("nixos", "file /nix/store");
	tree_dir(&v.t, "r/etc/pki/ca-trust/extracted");
	expect("rhel", "file /etc/pki/ca-trust/extracted");
	tree_file(&v.t, "r/etc/arch-release", "");
	expect("arch", "file /etc/arch-release");
	tree_file(&v.t, "r/etc/alpine-release", "3.20.3\n");
	expect("alpine", "file /etc/alpine-release");
	tree_file(&v.t, "r/etc/os-release", "ID=gentoo\n");
	expect("gentoo", "os-release ID=gentoo");
	expect_doubts("gentoo", "file /etc/alpine-release says alpine; "
				"file /etc/pki/ca-trust/extracted says rhel; "
				"file /etc/arch-release says arch; "
				"file /nix/store says nixos; ");
}
END_TEST

START_TEST(a_mark_may_be_a_link_inside_the_image)
{
	tree_file(&v.t, "r/usr/lib/fedora-release", "Fedora\n");
	tree_link(&v.t, "r/etc/fedora-release", "../usr/lib/fedora-release");
	tree_link(&v.t, "r/etc/redhat-release", "fedora-release");
	expect("rhel", "file /etc/redhat-release");
	expect_doubts("rhel", "");
}
END_TEST

START_TEST(every_family_is_complete)
{
	for (const struct distro_family *const *f = distro_families; *f; f++) {
		ck_assert_ptr_eq(distro_family_get((*f)->name), *f);
		ck_assert_ptr_nonnull((*f)->ids[0]);
		ck_assert_int_eq((*f)->bundle[0], '/');
		ck_assert_int_eq((*f)->hashed_dir[0], '/');
		if ((*f)->tool) {
			ck_assert_int_eq((*f)->tool[0][0], '/');
			ck_assert_ptr_nonnull((*f)->outputs[0]);
			ck_assert_ptr_nonnull((*f)->dropin_dir);
		}
		if ((*f)->dropin_dir) {
			ck_assert_int_eq((*f)->dropin_dir[0], '/');
			ck_assert_int_eq((*f)->dropin_suffix[0], '.');
			ck_assert_ptr_nonnull((*f)->source_dirs[0]);
		}
	}
	ck_assert_ptr_null(distro_family_get("of nobody"));
}
END_TEST

SUITE("distro/detect", setup, teardown, the_id_decides, a_derivative_says_what_it_is_like,
      the_second_place_of_os_release_counts_where_the_first_is_missing,
      a_link_is_followed_inside_the_image_only, a_mark_decides_where_os_release_is_silent,
      a_mark_that_is_no_file_is_none, an_empty_image_is_unknown,
      a_hostile_os_release_does_not_block, an_oversized_os_release_is_an_error_that_names_it,
      a_long_word_does_not_overflow_the_evidence, each_distribution_is_told_by_its_os_release,
      marks_come_before_layout_and_both_in_the_order_of_the_table,
      a_mark_may_be_a_link_inside_the_image, every_family_is_complete)
