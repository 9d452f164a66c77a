/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "daemon/stdio.h"
#include "tests/support/tree.h"

static struct tree tree;
static int self; /* pidfd of this process, as the caller */

static void setup(void)
{
	tree_init(&tree);
	self = pidfd_open(getpid(), 0);
	ck_assert_int_ge(self, 0);
}

static void teardown(void)
{
	fd_close(self);
	tree_done(&tree);
}

static int opened(const char *word, int which)
{
	struct err e = ERR_NONE;
	int fd = -1;

	ck_ok(stdio_open(word, which, self, &fd, &e), e);
	return fd;
}

START_TEST(nothing_is_nothing)
{
	ck_assert_int_eq(opened("", 0), -EBADF);
}
END_TEST

START_TEST(a_number_is_the_very_same_open_file)
{
	char word[32];
	char text[8] = "";
	int ends[2];
	cleanup_close int fd = -EBADF;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	snprintf(word, sizeof(word), "fd:%d", ends[1]);
	fd = opened(word, 1);
	ck_assert_int_ne(fd, ends[1]);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	ck_assert_int_eq(read(ends[0], text, 5), 5);
	ck_assert_str_eq(text, "hello");
	fd_close(ends[0]);
	fd_close(ends[1]);
}
END_TEST

START_TEST(an_output_fifo_without_a_reader_is_kept_open_for_one)
{
	cleanup_close int out = -EBADF;
	cleanup_close int reader = -EBADF;
	char text[8] = "";

	tree_fifo(&tree, "/out");
	out = opened(tree_at(&tree, "/out"), 1);
	ck_assert_int_eq(fcntl(out, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
	ck_assert_int_eq(write(out, "early", 5), 5);
	reader = open(tree_at(&tree, "/out"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(read(reader, text, 5), 5);
	ck_assert_str_eq(text, "early");
}
END_TEST

START_TEST(an_output_fifo_with_a_reader_is_for_writing_only)
{
	cleanup_close int out = -EBADF;
	cleanup_close int reader = -EBADF;

	tree_fifo(&tree, "/out");
	reader = open(tree_at(&tree, "/out"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	out = opened(tree_at(&tree, "/out"), 2);
	ck_assert_int_eq(fcntl(out, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
}
END_TEST

START_TEST(an_input_fifo_never_blocks_the_opener)
{
	cleanup_close int in = -EBADF;
	char byte;

	tree_fifo(&tree, "/in");
	in = opened(tree_at(&tree, "/in"), 0);
	ck_assert_int_eq(fcntl(in, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
	ck_assert_int_eq(read(in, &byte, 1), 0); /* no writer: end of file */
}
END_TEST

START_TEST(a_file_is_read_or_appended_to)
{
	cleanup_close int in = -EBADF;
	cleanup_close int out = -EBADF;
	char text[16] = "";

	tree_file(&tree, "/f", "abc");
	out = opened(tree_at(&tree, "/f"), 1);
	ck_assert_int_eq(write(out, "def", 3), 3);
	in = opened(tree_at(&tree, "/f"), 0);
	ck_assert_int_eq(read(in, text, sizeof(text) - 1), 6);
	ck_assert_str_eq(text, "abcdef");
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const struct {
		const char *word;
		int r;
		const char *text;
	} cases[] = {
		{"relative", -EINVAL, "stdin: use"},
		{"fd:", -EINVAL, "number"},
		{"fd:-1", -EINVAL, "number"},
		{"fd:1x", -EINVAL, "number"},
		{"fd:9999999999", -EINVAL, "number"},
		{"fd:99999", -EBADF, "descriptor 99999"},
		{"/dev/zero", -EINVAL, "neither a FIFO nor a regular file"},
		{"/tmp", -EINVAL, "neither a FIFO nor a regular file"},
		{"/nowhere/at/all", -ENOENT, "stdin: '/nowhere/at/all'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;
		int fd = -1;

		ck_assert_int_eq(stdio_open(cases[i].word, 0, self, &fd, &e), cases[i].r);
		ck_assert_msg(strstr(e.msg, cases[i].text) != NULL, "%s", e.msg);
		ck_assert_int_eq(fd, -1);
	}
}
END_TEST

START_TEST(a_caller_that_is_gone_has_no_descriptors)
{
	struct err e = ERR_NONE;
	int fd = -1;

	ck_assert_int_eq(stdio_open("fd:1", 1, -EBADF, &fd, &e), -ESRCH);
	ck_assert_ptr_nonnull(strstr(e.msg, "gone"));
}
END_TEST

SUITE("daemon/stdio", setup, teardown, nothing_is_nothing, a_number_is_the_very_same_open_file,
      an_output_fifo_without_a_reader_is_kept_open_for_one,
      an_output_fifo_with_a_reader_is_for_writing_only, an_input_fifo_never_blocks_the_opener,
      a_file_is_read_or_appended_to, anything_else_is_refused,
      a_caller_that_is_gone_has_no_descriptors)
