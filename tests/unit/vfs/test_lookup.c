/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/unit/vfs/view.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
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

START_TEST(the_root_has_a_stat)
{
	struct vfs_stat st;

	tree_dir(&v.t, "r");
	open_bind();
	st = view_stat(&v, "/");
	ck_assert_int_eq(st.type, VFS_DIR);
	ck_assert(st.writable && st.in_top && !st.below && !st.mountpoint);
}
END_TEST

START_TEST(a_stat_is_that_of_the_backing_file)
{
	struct vfs_stat ours;
	struct stat st;

	tree_file(&v.t, "r/file", "12345");
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/file"), 04750), 0);
	open_bind();
	ours = view_stat(&v, "/file");
	ck_assert_int_eq(stat(tree_at(&v.t, "r/file"), &st), 0);

	ck_assert_uint_eq(ours.mode, 04750);
	ck_assert_int_eq(ours.size, 5);
	ck_assert_uint_eq(ours.ino, st.st_ino);
	ck_assert_uint_eq(ours.dev, st.st_dev);
	ck_assert_uint_eq(ours.nlink, 1);
	ck_assert_int_eq(ours.ctime.tv_nsec, st.st_ctim.tv_nsec);
}
END_TEST

START_TEST(what_hangs_on_no_directory_is_absent)
{
	tree_file(&v.t, "r/file", "");
	tree_file(&v.t, "r/dir/x", "");
	tree_link(&v.t, "r/link", "dir");
	open_bind();
	ck_assert_int_eq(view_stat(&v, "/none").type, VFS_ABSENT);
	ck_assert_int_eq(view_stat(&v, "/none/x").type, VFS_ABSENT);
	ck_assert_int_eq(view_stat(&v, "/file/x").type, VFS_ABSENT);
	ck_assert_int_eq(view_stat(&v, "/link/x").type, VFS_ABSENT);
	ck_assert_int_eq(view_stat(&v, "/link").type, VFS_LINK);
	ck_assert_int_eq(vfs_open(v.fs, "/link/x", NULL), -ENOENT);
	ck_assert_int_eq(vfs_open(v.fs, "/link", NULL), -EINVAL);
}
END_TEST

static const char *const wild[] = {"", "x", "/x/", "//x", "/./x", "/dir/../dir/x", "/.."};

START_TEST(paths_that_are_not_canonical_are_refused)
{
	tree_file(&v.t, "r/dir/x", "");
	tree_file(&v.t, "outside", "");
	open_bind();
	for (size_t i = 0; i < ARRAY_SIZE(wild); i++) {
		struct err e = ERR_NONE;
		struct vfs_stat st;

		ck_assert_int_eq(vfs_lstat(v.fs, wild[i], &st, &e), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_int_eq(vfs_open(v.fs, wild[i], NULL), -EINVAL);
	}
	ck_assert_int_eq(vfs_open(v.fs, "/../outside", NULL), -EINVAL);
}
END_TEST

static void make_socket(const char *host)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(name.sun_path, host, sizeof(name.sun_path) - 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
}

START_TEST(nothing_but_regular_files_is_opened)
{
	tree_fifo(&v.t, "r/fifo");
	tree_dir(&v.t, "r/dir");
	make_socket(tree_at(&v.t, "r/socket"));
	ck_assert_int_eq(mknod(tree_at(&v.t, "r/null"), S_IFCHR | 0666, makedev(1, 3)), 0);
	ck_assert_int_eq(mknod(tree_at(&v.t, "r/zero"), S_IFCHR | 0666, makedev(0, 0)), 0);
	open_bind();
	alarm(10); /* a FIFO without a writer would block for ever */
	for (const char *path = "/fifo\0/socket\0/null\0/zero\0"; *path; path += strlen(path) + 1) {
		cleanup_buf struct buf b = BUF(10);
		struct err e = ERR_NONE;

		ck_assert_int_eq(view_stat(&v, path).type, VFS_SPECIAL);
		ck_assert_int_eq(vfs_open(v.fs, path, &e), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_int_eq(vfs_read_file(v.fs, path, &b, NULL), -EINVAL);
	}
	ck_assert_int_eq(vfs_open(v.fs, "/dir", NULL), -EINVAL);
	alarm(0);
}
END_TEST

START_TEST(a_file_longer_than_the_buffer_is_refused)
{
	cleanup_buf struct buf b = BUF(4);
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "12345");
	open_bind();
	ck_assert_int_eq(vfs_read_file(v.fs, "/file", &b, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(a_link_is_read_and_nothing_else)
{
	char target[LIMIT_PATH] = "untouched";

	tree_file(&v.t, "r/file", "");
	tree_link(&v.t, "r/link", "../\xff/x");
	open_bind();
	ck_assert_int_eq(vfs_readlink(v.fs, "/file", target, NULL), -EINVAL);
	ck_assert_int_eq(vfs_readlink(v.fs, "/none", target, NULL), -ENOENT);
	ck_assert_str_eq(target, "untouched");
	ck_assert_int_eq(vfs_readlink(v.fs, "/link", target, NULL), 0);
	ck_assert_str_eq(target, "../\xff/x");
}
END_TEST

START_TEST(a_hostile_name_is_escaped_in_messages)
{
	struct err e = ERR_NONE;

	tree_dir(&v.t, "r");
	open_bind();
	ck_assert_int_eq(vfs_open(v.fs, "/\x1b[2J\n", &e), -ENOENT);
	ck_assert_str_eq(e.msg, "opening '/%1B[2J%0A': '/%1B[2J%0A' does not exist");
}
END_TEST

static const struct {
	const char *path;
	int r;
} existence[] = {
	{"/file", 1},      {"/link", 1},        {"/dir/", 1}, {"/none", 0},
	{"/dangling", 0},  {"/file/x", 0},      {"/fifo", 1}, {"/proc", 0},
	{"/proc/self", 0}, {"/dir/../file", 1}, {"file", 1},  {"/loop", -ELOOP},
};

START_TEST(what_exists_is_told_links_followed)
{
	tree_file(&v.t, "r/file", "");
	tree_dir(&v.t, "r/dir");
	tree_fifo(&v.t, "r/fifo");
	tree_link(&v.t, "r/link", "/file");
	tree_link(&v.t, "r/dangling", "none");
	tree_link(&v.t, "r/loop", "loop");
	view_mount(&v, "proc", "proc", "/proc", "");
	open_bind();
	for (size_t i = 0; i < ARRAY_SIZE(existence); i++) {
		struct err e = ERR_NONE;

		ck_assert_msg(vfs_exists(v.fs, existence[i].path, &e) == existence[i].r, "'%s'",
			      existence[i].path);
		ck_assert_int_eq(e.code < 0, existence[i].r < 0);
	}
}
END_TEST

static const struct {
	const char *path;
	const char *text;
} places[] = {
	{"/top", "overlay upper '@/u'"},    {"/one", "overlay lower 1 '@/l1'"},
	{"/two", "overlay lower 2 '@/l2'"}, {"/none", "overlay upper '@/u'"},
	{"/mnt/x", "bind '@/b'"},           {"/proc/x", "proc on '/proc'"},
};

START_TEST(a_stat_follows_links_and_an_lstat_does_not)
{
	struct vfs_stat st;

	tree_file(&v.t, "r/d/file", "12345");
	tree_link(&v.t, "r/link", "/d/../d/./file");
	tree_link(&v.t, "r/dangling", "nothing/here");
	tree_link(&v.t, "r/loop", "loop");
	open_bind();
	ck_assert_int_eq(vfs_stat(v.fs, "//link", &st, NULL), 0);
	ck_assert_int_eq(st.type, VFS_FILE);
	ck_assert_int_eq(st.size, 5);
	ck_assert_int_eq(view_stat(&v, "/link").type, VFS_LINK);
	ck_assert_int_eq(vfs_stat(v.fs, "/dangling", &st, NULL), 0);
	ck_assert_int_eq(st.type, VFS_ABSENT);
	ck_assert_int_eq(vfs_stat(v.fs, "/loop", &st, NULL), -ELOOP);
	ck_assert_int_eq(vfs_stat(v.fs, "/d/file/x", &st, NULL), -ENOTDIR);
}
END_TEST

START_TEST(a_place_is_described_for_people)
{
	tree_file(&v.t, "l1/one", "");
	tree_file(&v.t, "l2/two", "");
	tree_file(&v.t, "u/top", "");
	tree_file(&v.t, "b/x", "");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w");
	view_mount(&v, "bind", "@/b", "/mnt", "");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_free char *want = view_expand(&v, places[i].text);
		char text[256];

		ck_assert_int_eq(vfs_describe(v.fs, places[i].path, text, sizeof(text), NULL), 0);
		ck_assert_str_eq(text, want);
	}
}
END_TEST

SUITE("vfs/lookup", setup, teardown, the_root_has_a_stat, a_stat_is_that_of_the_backing_file,
      what_hangs_on_no_directory_is_absent, paths_that_are_not_canonical_are_refused,
      nothing_but_regular_files_is_opened, a_file_longer_than_the_buffer_is_refused,
      a_link_is_read_and_nothing_else, a_hostile_name_is_escaped_in_messages,
      what_exists_is_told_links_followed, a_stat_follows_links_and_an_lstat_does_not,
      a_place_is_described_for_people)
