/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static void check_step(const struct vfs_trace_step *s, enum vfs_type type, const char *path,
		       const char *target, const char *mount, const char *layer)
{
	cleanup_free char *want = view_expand(&v, layer);

	ck_assert_int_eq(s->type, type);
	ck_assert_str_eq(s->path, path);
	ck_assert_pstr_eq(s->target, target);
	ck_assert_str_eq(s->mount, mount);
	ck_assert_str_eq(s->layer, want);
}

START_TEST(each_link_is_told_with_mount_and_layer_then_the_end)
{
	cleanup_vfs_trace struct vfs_trace t = {0};
	struct err e = ERR_NONE;

	tree_link(&v.t, "l1/etc", "usr/etc");
	tree_link(&v.t, "u/usr/etc/bundle", "/data/./bundle");
	tree_file(&v.t, "d/bundle", "");
	tree_dir(&v.t, "l1/data");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1,upperdir=@/u,workdir=@/w");
	view_mount(&v, "bind", "@/d", "/data", "");
	view_open(&v);
	ck_ok(vfs_trace(v.fs, "/etc/bundle", /* follow_last= */ true, &t, &e), e);
	ck_assert_uint_eq(t.n, 3);
	check_step(&t.v[0], VFS_LINK, "/etc", "usr/etc", "/", "overlay lower 1 '@/l1'");
	check_step(&t.v[1], VFS_LINK, "/usr/etc/bundle", "/data/./bundle", "/",
		   "overlay upper '@/u'");
	check_step(&t.v[2], VFS_FILE, "/data/bundle", NULL, "/data", "bind '@/d'");
}
END_TEST

START_TEST(the_end_may_be_missing_unreachable_or_the_link_itself)
{
	struct vfs_trace t = {0};
	struct err e = ERR_NONE;

	tree_link(&v.t, "r/link", "none/x");
	tree_link(&v.t, "r/self", "/proc/self");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);
	ck_ok(vfs_trace(v.fs, "/link", true, &t, &e), e);
	ck_assert_uint_eq(t.n, 2);
	check_step(&t.v[1], VFS_ABSENT, "/none/x", NULL, "/", "bind '@/r'");
	vfs_trace_done(&t);
	ck_ok(vfs_trace(v.fs, "/self", true, &t, &e), e);
	check_step(&t.v[1], VFS_UNREACHABLE, "/proc/self", NULL, "/proc", "proc on '/proc'");
	vfs_trace_done(&t);
	ck_ok(vfs_trace(v.fs, "/link", false, &t, &e), e);
	ck_assert_uint_eq(t.n, 1);
	check_step(&t.v[0], VFS_LINK, "/link", NULL, "/", "bind '@/r'");
	vfs_trace_done(&t);
}
END_TEST

START_TEST(a_metacopy_has_its_content_in_another_layer)
{
	static const char options[] = "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,"
				      "redirect_dir=on,metacopy=on";
	cleanup_vfs_trace struct vfs_trace t = {0};
	cleanup_free char *content = view_expand(&v, "overlay lower 2 '@/l2'");
	struct err e = ERR_NONE;

	tree_file(&v.t, "l2/d/file", "content");
	tree_link(&v.t, "l1/link", "d/moved");
	for (const char *rel = "u\0w\0"; *rel; rel += strlen(rel) + 1)
		tree_dir(&v.t, rel);
	oracle_mount(&v, options, "m"); /* the kernel makes the metacopy, and moves it */
	ck_assert_int_eq(chmod(tree_at(&v.t, "m/d/file"), 0600), 0);
	ck_assert_int_eq(rename(tree_at(&v.t, "m/d/file"), tree_at(&v.t, "m/d/moved")), 0);
	oracle_unmount(&v, "m");
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "u/d/moved"), "trusted.overlay.metacopy", NULL, 0),
			 0);
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);

	ck_ok(vfs_trace(v.fs, "/link", true, &t, &e), e);
	ck_assert_uint_eq(t.n, 2);
	check_step(&t.v[0], VFS_LINK, "/link", "d/moved", "/", "overlay lower 1 '@/l1'");
	ck_assert_ptr_null(t.v[0].content);
	check_step(&t.v[1], VFS_FILE, "/d/moved", NULL, "/", "overlay upper '@/u'");
	ck_assert_pstr_eq(t.v[1].content, content);

	vfs_trace_done(&t);
	ck_ok(vfs_trace(v.fs, "/d/file", true, &t, &e), e);
	check_step(&t.v[0], VFS_ABSENT, "/d/file", NULL, "/", "overlay upper '@/u'");
	ck_assert_ptr_null(t.v[0].content);
}
END_TEST

START_TEST(an_error_names_the_path_that_it_is_about)
{
	struct err e = ERR_NONE;
	struct vfs_trace t;

	tree_link(&v.t, "r/loop", "loop");
	tree_file(&v.t, "r/file", "");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_trace(v.fs, "/loop", true, &t, &e), -ELOOP);
	ck_assert_str_eq(e.msg, "resolving '/loop': more than 40 symbolic links");
	ck_assert_int_eq(vfs_trace(v.fs, "/file/x", true, &t, &e), -ENOTDIR);
	ck_assert_str_eq(e.msg, "resolving '/file/x': '/file' is not a directory");
}
END_TEST

START_TEST(forty_links_fit_and_a_loop_is_an_error)
{
	struct vfs_trace t = {.n = 7};
	char name[32];
	char target[32];

	tree_file(&v.t, "r/0", "");
	for (int i = 1; i <= LIMIT_SYMLINKS; i++) {
		snprintf(name, sizeof(name), "r/%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		tree_link(&v.t, name, target);
	}
	tree_link(&v.t, "r/loop", "loop");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_trace(v.fs, "/loop", true, &t, NULL), -ELOOP);
	ck_assert_uint_eq(t.n, 7);
	ck_assert_int_eq(vfs_trace(v.fs, "/40", true, &t, NULL), 0);
	ck_assert_uint_eq(t.n, LIMIT_SYMLINKS + 1);
	vfs_trace_done(&t);
}
END_TEST

SUITE("vfs/trace", setup, teardown, each_link_is_told_with_mount_and_layer_then_the_end,
      the_end_may_be_missing_unreachable_or_the_link_itself,
      a_metacopy_has_its_content_in_another_layer, an_error_names_the_path_that_it_is_about,
      forty_links_fit_and_a_loop_is_an_error)
