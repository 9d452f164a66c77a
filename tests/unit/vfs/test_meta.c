/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/meta.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate(); /* a tmpfs has room for more attributes than the limit */
	view_init(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static void open_bind(void)
{
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
}

/* The names of the attributes of "/file", one after the other. */
static void expect_attributes(const char *wanted)
{
	cleanup_buf struct buf names = BUF(4096);
	struct vfs_xattrs x = {0};
	struct err e = ERR_NONE;

	ck_ok(vfs_get_xattrs(v.fs, "/file", &x, &e), e);
	for (size_t i = 0; i < x.n; i++)
		buf_addf(&names, NULL, "%s ", x.v[i].name);
	vfs_xattrs_done(&x);
	ck_assert_str_eq(names.data, wanted);
}

START_TEST(attributes_are_sorted_and_an_overlays_own_left_out)
{
	static const char *const set[] = {"user.b", "trusted.overlay.origin", "user.a",
					  "user.overlay.origin"};

	tree_file(&v.t, "r/file", "");
	tree_dir(&v.t, "l");
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		ck_assert_int_eq(setxattr(tree_at(&v.t, "r/file"), set[i], "x", 1, 0), 0);
	open_bind();
	expect_attributes("trusted.overlay.origin user.a user.b user.overlay.origin ");
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "overlay", "", "lowerdir=@/r:@/l");
	view_open(&v);
	expect_attributes("user.a user.b user.overlay.origin ");
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "overlay", "", "lowerdir=@/r:@/l,userxattr");
	view_open(&v);
	expect_attributes("trusted.overlay.origin user.a user.b ");
}
END_TEST

START_TEST(attributes_of_a_link_are_its_own)
{
	struct vfs_xattrs x = {0};

	tree_file(&v.t, "r/file", "");
	tree_link(&v.t, "r/link", "file");
	ck_assert_int_eq(lsetxattr(tree_at(&v.t, "r/link"), "trusted.l", "link", 4, 0), 0);
	ck_assert_int_eq(lsetxattr(tree_at(&v.t, "r/file"), "trusted.f", "file", 4, 0), 0);
	open_bind();
	ck_assert_int_eq(vfs_get_xattrs(v.fs, "/link", &x, NULL), 0);
	ck_assert_uint_eq(x.n, 1);
	ck_assert_str_eq(x.v[0].name, "trusted.l");
	vfs_xattrs_done(&x);
	ck_assert_int_eq(vfs_get_xattrs(v.fs, "/none", &x, NULL), -ENOENT);
}
END_TEST

START_TEST(the_attributes_of_a_link_are_set_on_the_link)
{
	static char name[] = "trusted.x";
	static char value[] = "v";
	struct vfs_xattr one = {.name = name, .value = value, .size = 1};
	const struct vfs_xattrs want = {.v = &one, .n = 1};
	const struct vfs_meta meta = {.fields = VFS_META_XATTRS, .xattrs = &want};

	tree_file(&v.t, "r/file", "");
	tree_link(&v.t, "r/link", "file");
	ck_assert_int_eq(lsetxattr(tree_at(&v.t, "r/link"), "trusted.old", "", 0, 0), 0);
	open_bind();
	ck_assert_int_eq(vfs_set_meta(v.fs, "/link", &meta, NULL), 0);
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "r/link"), name, NULL, 0), 1);
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "r/link"), "trusted.old", NULL, 0), -1);
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "r/file"), name, NULL, 0), -1);
}
END_TEST

START_TEST(more_attributes_than_the_limit_are_refused)
{
	struct vfs_xattrs x = {.n = 7};
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "");
	for (int i = 0; i <= LIMIT_XATTRS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "user.%d", i);
		ck_assert_int_eq(setxattr(tree_at(&v.t, "r/file"), name, "", 0, 0), 0);
	}
	open_bind();
	ck_assert_int_eq(vfs_get_xattrs(v.fs, "/file", &x, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(x.n, 7);
}
END_TEST

START_TEST(a_special_file_has_no_metadata_to_set)
{
	const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = 0600};

	tree_fifo(&v.t, "r/fifo");
	open_bind();
	ck_assert_int_eq(vfs_set_meta(v.fs, "/fifo", &meta, NULL), -EINVAL);
}
END_TEST

SUITE("vfs/meta", setup, teardown, attributes_are_sorted_and_an_overlays_own_left_out,
      attributes_of_a_link_are_its_own, the_attributes_of_a_link_are_set_on_the_link,
      more_attributes_than_the_limit_are_refused, a_special_file_has_no_metadata_to_set)
