/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree t;
static int dirfd_;

static void setup(void)
{
	tree_init(&t);
	dirfd_ = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd_, 0);
}

static void teardown(void)
{
	dirfd_ = fd_close(dirfd_);
	tree_done(&t);
}

START_TEST(a_file_is_read_whole_or_not_at_all)
{
	cleanup_buf struct buf exact = BUF(5);
	cleanup_buf struct buf small = BUF(4);
	cleanup_buf struct buf none = BUF(0);
	struct err e = ERR_NONE;

	tree_file(&t, "file", "hello");
	tree_file(&t, "empty", "");
	ck_ok(io_read_file_at(dirfd_, "file", &exact, &e), e);
	ck_assert_str_eq(exact.data, "hello");
	ck_assert_int_eq(io_read_file_at(dirfd_, "file", &small, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_ok(io_read_file_at(dirfd_, "empty", &none, &e), e);
	ck_assert_int_eq(io_read_file_at(dirfd_, "missing", &small, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
	ck_assert_int_eq(io_read_file_at(dirfd_, ".", &small, &e), -EISDIR);
}
END_TEST

START_TEST(a_fifo_does_not_block)
{
	cleanup_buf struct buf b = BUF(4);

	tree_fifo(&t, "fifo");
	io_read_file_at(dirfd_, "fifo", &b, NULL);
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

START_TEST(a_pipe_is_read_to_its_end)
{
	cleanup_buf struct buf b = BUF(1 << 20);
	struct err e = ERR_NONE;
	char bytes[40000];
	int fds[2];

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_ok(io_write_all(fds[1], bytes, sizeof(bytes), &e), e);
	close(fds[1]);
	ck_ok(io_read_all(fds[0], &b, &e), e);
	close(fds[0]);
	ck_assert_uint_eq(b.n, sizeof(bytes));
}
END_TEST

START_TEST(a_written_file_replaces_what_was_there_and_leaves_nothing_else)
{
	cleanup_buf struct buf b = BUF(100);
	struct err e = ERR_NONE;
	struct stat st;

	tree_file(&t, "outside", "canary");
	tree_link(&t, "file", "outside");
	ck_ok(io_write_file_at(dirfd_, "file", "a\0b", 3, 0600, &e), e);
	ck_ok(io_write_file_at(dirfd_, "file", "ab", 2, 0600, &e), e);
	ck_assert_int_eq(fstatat(dirfd_, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_ok(io_read_file_at(dirfd_, "outside", &b, &e), e);
	ck_assert_str_eq(b.data, "canary");
}
END_TEST

START_TEST(a_file_that_can_not_take_the_name_leaves_no_temporary_one)
{
	struct err e = ERR_NONE;

	tree_dir(&t, "dir");
	ck_assert_int_eq(io_write_file_at(dirfd_, "dir", "x", 1, 0600, &e), -EISDIR);
}
END_TEST

START_TEST(a_copy_is_bounded)
{
	cleanup_close int from = -EBADF;
	cleanup_close int to = -EBADF;
	struct err e = ERR_NONE;
	struct stat st;

	tree_file(&t, "from", "hello");
	tree_file(&t, "to", "");
	from = openat(dirfd_, "from", O_RDONLY | O_CLOEXEC);
	to = openat(dirfd_, "to", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(io_copy(from, to, 4, &e), -EFBIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_ok(io_copy(from, to, 5, &e), e);
	ck_assert_int_eq(fstat(to, &st), 0);
	ck_assert_int_eq(st.st_size, 5);
}
END_TEST

START_TEST(directories_are_made_all_the_way)
{
	struct err e = ERR_NONE;
	struct stat st;

	for (int i = 0; i < 2; i++)
		ck_ok(io_mkdir_p(tree_at(&t, "a/b//c"), 0700, &e), e);
	ck_assert_int_eq(stat(tree_at(&t, "a/b/c"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	tree_file(&t, "file", "");
	ck_assert_int_eq(io_mkdir_p(tree_at(&t, "file/x"), 0700, &e), -ENOTDIR);
	ck_assert_int_eq(io_mkdir_p("", 0700, &e), -ENAMETOOLONG);
	ck_ok(io_remove_tree_at(dirfd_, "a", &e), e);
}
END_TEST

START_TEST(a_tree_goes_without_following_its_links)
{
	struct err e = ERR_NONE;
	struct stat st;

	tree_file(&t, "canary/file", "tweet");
	ck_ok(io_mkdir_p(tree_at(&t, "tree/a/b"), 0755, &e), e);
	ck_assert_int_eq(symlink("../../canary", tree_at(&t, "tree/a/link")), 0);
	ck_assert_int_eq(symlink("../canary/file", tree_at(&t, "tree/file")), 0);
	ck_assert_int_eq(mkfifo(tree_at(&t, "tree/a/b/fifo"), 0), 0);
	ck_ok(io_remove_tree_at(dirfd_, "tree", &e), e);
	ck_ok(io_remove_tree_at(dirfd_, "tree", &e), e);
	ck_assert_int_eq(lstat(tree_at(&t, "tree"), &st), -1);
	ck_assert_int_eq(lstat(tree_at(&t, "canary/file"), &st), 0);
	tree_link(&t, "link", "canary");
	ck_assert_int_lt(io_remove_tree_at(dirfd_, "link", &e), 0);
	ck_assert_int_eq(lstat(tree_at(&t, "canary/file"), &st), 0);
}
END_TEST

START_TEST(a_tree_of_any_depth_goes)
{
	cleanup_close int fd = openat(dirfd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = ERR_NONE;

	tree_dir(&t, "deep");
	tree_file(&t, "deep/.deep-0/file", "the names of another's clean-up");
	tree_file(&t, "deep/.deep-1", "");
	strv_done(&t.made);
	for (int i = 0; i < 3000; i++) {
		int below;

		ck_assert(mkdirat(fd, "deep", 0755) == 0 || i == 0);
		below = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(below, 0);
		close(fd);
		fd = below;
	}
	ck_ok(io_remove_tree_at(dirfd_, "deep", &e), e);
}
END_TEST

SUITE("base/io", setup, teardown, a_file_is_read_whole_or_not_at_all, a_fifo_does_not_block,
      a_pipe_is_read_to_its_end, a_written_file_replaces_what_was_there_and_leaves_nothing_else,
      a_file_that_can_not_take_the_name_leaves_no_temporary_one, a_copy_is_bounded,
      directories_are_made_all_the_way, a_tree_goes_without_following_its_links,
      a_tree_of_any_depth_goes)
