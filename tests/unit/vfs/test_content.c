/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/unit/vfs/nosys.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_dir(&v.t, "a");
	tree_dir(&v.t, "b");
}

static void teardown(void)
{
	view_done(&v);
}

static int open_at(const char *rel, int how)
{
	int fd = open(tree_at(&v.t, rel), how | O_CLOEXEC, 0600);

	ck_assert_msg(fd >= 0, "%s: %m", rel);
	return fd;
}

static void write_at(int fd, off_t at, const char *text)
{
	ck_assert_int_eq(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
}

/* Text at the beginning, in the middle and before the end; all else is a hole. */
static void make_sparse(const char *rel, off_t size)
{
	cleanup_close int fd = open_at(rel, O_WRONLY | O_CREAT);

	write_at(fd, 0, "begin");
	write_at(fd, size / 2 + 4095, "middle");
	write_at(fd, size - 1 - (1 << 20), "end");
	ck_assert_int_eq(ftruncate(fd, size), 0);
}

static void copy(const char *from, const char *to)
{
	cleanup_close int in = open_at(from, O_PATH);
	cleanup_close int out = open_at(to, O_RDWR | O_CREAT | O_TRUNC);
	struct err e = ERR_NONE;

	ck_ok(vfs_content_copy(in, out, &e), e);
}

static void check_same(const char *a, const char *b)
{
	cleanup_free char *x = tree_manifest(&v.t, a);
	cleanup_free char *y = tree_manifest(&v.t, b);

	/* the checksum is the last word */
	ck_assert_str_eq(strrchr(x, ' '), strrchr(y, ' '));
}

static void check_copies(bool with_holes)
{
	enum { SIZE = 24 << 20 };
	struct stat st;

	make_sparse("a/sparse", SIZE);
	tree_file(&v.t, "a/empty", "");
	tree_file(&v.t, "a/short", "text");
	copy("a/sparse", "b/sparse");
	copy("a/empty", "b/empty");
	copy("a/short", "b/short");
	check_same("a/sparse", "b/sparse");
	check_same("a/short", "b/short");
	ck_assert_int_eq(stat(tree_at(&v.t, "b/sparse"), &st), 0);
	ck_assert_int_eq(st.st_size, SIZE);
	ck_assert(!with_holes || st.st_blocks < 256); /* holes stay holes */
}

START_TEST(content_and_holes_are_copied)
{
	check_copies(/* with_holes= */ true);
}
END_TEST

START_TEST(content_is_copied_from_one_file_system_to_another)
{
	ck_assert_int_eq(mount("ramfs", tree_at(&v.t, "a"), "ramfs", 0, NULL), 0);
	check_copies(/* with_holes= */ false); /* ramfs can't tell where they are */
	ck_assert_int_eq(umount(tree_at(&v.t, "a")), 0);
}
END_TEST

START_TEST(content_is_copied_by_hand_where_the_kernel_does_not)
{
	nosys_deny("copy_file_range", ENOSYS);
	check_copies(/* with_holes= */ true);
}
END_TEST

START_TEST(a_file_above_the_limit_is_refused_holes_or_not)
{
	cleanup_close int in = open_at("a/big", O_RDWR | O_CREAT);
	cleanup_close int out = open_at("b/big", O_RDWR | O_CREAT);
	struct err e = ERR_NONE;

	ck_assert_int_eq(ftruncate(in, LIMIT_COPY_UP), 0);
	ck_assert_int_eq(vfs_content_copy(in, out, &e), 0);
	ck_assert_int_eq(ftruncate(in, (off_t)LIMIT_COPY_UP + 1), 0);
	ck_assert_int_eq(vfs_content_copy(in, out, &e), -EFBIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(only_a_regular_file_has_content)
{
	cleanup_close int in = open_at("a", O_PATH);
	cleanup_close int out = open_at("b/x", O_RDWR | O_CREAT);

	ck_assert_int_eq(vfs_content_copy(in, out, NULL), -EINVAL);
}
END_TEST

SUITE("vfs/content", setup, teardown, content_and_holes_are_copied,
      content_is_copied_from_one_file_system_to_another,
      content_is_copied_by_hand_where_the_kernel_does_not,
      a_file_above_the_limit_is_refused_holes_or_not, only_a_regular_file_has_content)
