/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
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

START_TEST(names_are_sorted_by_bytes_and_merged)
{
	tree_file(&v.t, "l1/b", "");
	tree_file(&v.t, "l1/B", "");
	tree_file(&v.t, "l2/b", "");
	tree_file(&v.t, "l2/\xff", "");
	tree_file(&v.t, "l2/.hidden", "");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/"), ".hidden B b \xff");
}
END_TEST

START_TEST(a_character_device_in_a_bind_is_no_whiteout)
{
	tree_whiteout(&v.t, "r/device");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/"), "device");
	ck_assert_int_eq(view_stat(&v, "/device").type, VFS_SPECIAL);
}
END_TEST

START_TEST(a_mount_shows_even_over_a_whiteout)
{
	tree_dir(&v.t, "l2/d/m");
	tree_whiteout(&v.t, "l1/d/m");
	tree_file(&v.t, "b/x", "");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2");
	view_mount(&v, "bind", "@/b", "/d/m", "");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/d"), "m");
	ck_assert_str_eq(view_list(&v, "/d/m"), "x");
}
END_TEST

START_TEST(more_names_than_asked_for_are_refused)
{
	struct strv names = STRV(2);
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/a", "");
	tree_file(&v.t, "r/b", "");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_int_eq(vfs_list(v.fs, "/", &names, &e), 0);
	tree_file(&v.t, "r/c", "");
	ck_assert_int_eq(vfs_list(v.fs, "/", &names, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(names.n, 2); /* untouched */
	strv_done(&names);
}
END_TEST

/* A directory with @n files. */
static void fill(const char *rel, int n)
{
	cleanup_close int fd = -EBADF;
	char name[32];

	tree_dir(&v.t, rel);
	fd = open(tree_at(&v.t, rel), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ck_assert_int_eq(mknodat(fd, name, S_IFREG | 0644, 0), 0);
	}
}

START_TEST(names_that_layers_share_count_once_towards_the_limit)
{
	enum { N = 40000 };
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	struct err e = ERR_NONE;

	_Static_assert(N < LIMIT_DIR_ENTRIES && 2 * N > LIMIT_DIR_ENTRIES, "together they exceed");
	fill("l1/d", N);
	fill("l2/d", N);
	view_open_overlay(&v);
	ck_ok(vfs_list(v.fs, "/d", &names, &e), e);
	ck_assert_uint_eq(names.n, N);
}
END_TEST

START_TEST(a_directory_above_the_limit_is_not_taken_for_empty)
{
	fill("l1/d", LIMIT_DIR_ENTRIES + 1);
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_remove(v.fs, "/d", NULL), -ENOTEMPTY);
}
END_TEST

START_TEST(only_directories_are_listed)
{
	struct strv names = STRV(2);

	tree_file(&v.t, "r/file", "");
	tree_dir(&v.t, "r/dir");
	tree_link(&v.t, "r/link", "dir");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);
	ck_assert_int_eq(vfs_list(v.fs, "/file", &names, NULL), -EINVAL);
	ck_assert_int_eq(vfs_list(v.fs, "/link", &names, NULL), -EINVAL);
	ck_assert_int_eq(vfs_list(v.fs, "/none", &names, NULL), -ENOENT);
	ck_assert_int_eq(vfs_list(v.fs, "/proc", &names, NULL), -EINVAL);
	ck_assert_int_eq(vfs_list(v.fs, "/dir", &names, NULL), 0);
	ck_assert_uint_eq(names.n, 0);
}
END_TEST

START_TEST(the_tops_own_entries_are_counted_with_whiteouts)
{
	size_t n;

	tree_file(&v.t, "l1/d/lower", "");
	tree_dir(&v.t, "l1/lower-only");
	tree_file(&v.t, "u/d/own", "");
	tree_whiteout(&v.t, "u/d/gone");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1,upperdir=@/u,workdir=@/w");
	view_open(&v);
	ck_assert_int_eq(vfs_count_top(v.fs, "/d", &n, NULL), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(vfs_count_top(v.fs, "/lower-only", &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(vfs_count_top(v.fs, "/none", &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

SUITE("vfs/list", setup, teardown, names_are_sorted_by_bytes_and_merged,
      a_character_device_in_a_bind_is_no_whiteout, a_mount_shows_even_over_a_whiteout,
      more_names_than_asked_for_are_refused, names_that_layers_share_count_once_towards_the_limit,
      a_directory_above_the_limit_is_not_taken_for_empty, only_directories_are_listed,
      the_tops_own_entries_are_counted_with_whiteouts)
