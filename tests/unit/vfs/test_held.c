/* SPDX-License-Identifier: Apache-2.0 */
/* How one entry comes back: in place, with its content, while somebody uses it. */
#include "vfs/held.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/vfs/interpose.h"
#include "tests/unit/vfs/oracle.h"
#include "vfs/snapshot.h"

static const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = 0600};
static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	interpose_reset();
	view_done(&v);
}

static void append(const char *path, const char *text)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_append(v.fs, path, text, strlen(text), &e), e);
}

static void set_mode(const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_set_meta(v.fs, path, &meta, &e), e);
	ck_assert_uint_eq(view_stat(&v, path).mode, 0600);
}

START_TEST(a_hard_link_stays_one)
{
	struct vfs_snapshot *s;
	struct stat a;
	struct stat b;

	tree_file(&v.t, "u/a", "text");
	ck_assert_int_eq(link(tree_at(&v.t, "u/a"), tree_at(&v.t, "u/b")), 0);
	view_open_overlay(&v);
	s = view_snapshot(&v, "/a");
	view_put(&v, "/a", "something else");
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/a"), &a), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/b"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_uint_eq(a.st_nlink, 2);
}
END_TEST

START_TEST(a_sparse_file_comes_back_sparse)
{
	struct vfs_snapshot *s;
	struct stat st;

	tree_file(&v.t, "u/sparse", "begin");
	ck_assert_int_eq(truncate(tree_at(&v.t, "u/sparse"), 64 << 20), 0);
	view_open_overlay(&v);
	s = view_snapshot(&v, "/sparse");
	view_put(&v, "/sparse", "something else");
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/sparse"), &st), 0);
	ck_assert_int_eq(st.st_size, 64 << 20);
	ck_assert_int_lt(st.st_blocks, 1024);
}
END_TEST

START_TEST(a_bound_file_is_restored_in_place)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "r/etc/hosts", "");
	tree_file(&v.t, "hosts", "host");
	view_set_old_times(&v, "hosts");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/hosts", "/etc/hosts", "");
	view_open(&v);
	s = view_snapshot(&v, "/etc/hosts");
	append("/etc/hosts", "more");
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_str_eq(view_read(&v, "/etc/hosts"), "host");
	ck_assert_int_eq(view_stat(&v, "/etc/hosts").mtime.tv_sec, 2222);
}
END_TEST

START_TEST(a_copy_of_a_bound_file_costs_disk_not_memory)
{
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	struct vfs_snapshot *s;
	bool in_memory = false;

	tree_dir(&v.t, "r");
	tree_file(&v.t, "data", "x");
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_mount(&v, "bind", "@/data", "/file", "bind");
	view_open(&v);
	s = view_snapshot(&v, "/file");
	d = opendir("/proc/self/fd");
	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d))) {
		char text[256] = "";

		if (readlinkat(dirfd(d), entry->d_name, text, sizeof(text) - 1) > 0)
			in_memory |= strstr(text, "memfd:") != NULL;
	}
	vfs_snapshot_free(s);
	ck_assert(!in_memory);
}
END_TEST

/* A file system whose times stand still for a tick says nothing about what happens within. */
START_TEST(a_change_within_one_tick_is_undone)
{
	static const struct vfs_meta none = {0};
	struct err e = ERR_NONE;
	bool undone = true;

	tree_dir(&v.t, "r");
	ck_assert_int_eq(mount("ramfs", tree_at(&v.t, "r"), "ramfs", 0, NULL), 0);
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
	for (int i = 0; i < 200 && undone; i++) {
		struct vfs_snapshot *s;

		ck_ok(vfs_put_file(v.fs, "/file", "old", 3, &none, &e), e);
		s = view_snapshot(&v, "/file");
		append("/file", " and new");
		view_restore(s);
		undone = strcmp(view_read(&v, "/file"), "old") == 0;
	}
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r");
	ck_assert(undone);
}
END_TEST

/* The upper's file "program" is running when this returns. */
static pid_t start_program(void)
{
	char *const argv[] = {(char *)"sleep", (char *)"100", NULL};
	cleanup_buf struct buf b = BUF(64 << 20);
	cleanup_close int fd = -EBADF;
	const char *host;
	struct err e = ERR_NONE;
	pid_t pid;

	tree_file(&v.t, "u/program", "");
	host = tree_at(&v.t, "u/program");
	ck_assert_int_eq(chmod(host, 0755), 0);
	ck_ok(io_read_file_at(AT_FDCWD, "/bin/sleep", &b, &e), e);
	fd = open(host, O_WRONLY | O_CLOEXEC);
	ck_ok(io_write_all(fd, b.data, b.n, &e), e);
	fd = fd_close(fd);
	ck_assert_int_eq(posix_spawn(&pid, host, NULL, NULL, argv, environ), 0);
	return pid;
}

static void end_program(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(the_mode_of_a_running_program_is_restored)
{
	pid_t pid = start_program();
	struct vfs_snapshot *s;

	view_open_overlay(&v);
	s = view_snapshot(&v, "/program");
	set_mode("/program");
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_uint_eq(view_stat(&v, "/program").mode, 0755);
	end_program(pid);
}
END_TEST

/* As with busybox, which has many. */
START_TEST(another_name_of_a_running_program_is_restored)
{
	pid_t pid = start_program();
	struct vfs_snapshot *s;

	ck_assert_int_eq(link(tree_at(&v.t, "u/program"), tree_at(&v.t, "u/other")), 0);
	view_open_overlay(&v);
	s = view_snapshot(&v, "/other");
	view_put(&v, "/other", "something else");
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_uint_eq(view_stat(&v, "/other").ino, view_stat(&v, "/program").ino);
	end_program(pid);
}
END_TEST

static void die(void)
{
	kill(getpid(), SIGKILL);
}

/* A child restores, but not longer than until it has emptied a file. */
static void restore_and_die(struct vfs_snapshot *s)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		interpose.after_truncate = die;
		vfs_restore(s, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	vfs_snapshot_free(s);
}

static void check_size(const char *rel, off_t size)
{
	struct stat st;

	ck_assert_int_eq(stat(tree_at(&v.t, rel), &st), 0);
	ck_assert_int_eq(st.st_size, size);
}

START_TEST(a_killed_restore_of_a_mode_leaves_the_content)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "u/file", "precious");
	view_open_overlay(&v);
	s = view_snapshot(&v, "/file");
	set_mode("/file");
	restore_and_die(s);
	check_size("u/file", strlen("precious"));
}
END_TEST

START_TEST(a_killed_restore_of_one_name_leaves_the_content_of_the_other)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "u/file", "precious");
	ck_assert_int_eq(link(tree_at(&v.t, "u/file"), tree_at(&v.t, "u/untouched")), 0);
	view_open_overlay(&v);
	s = view_snapshot(&v, "/file");
	view_put(&v, "/file", "something else");
	restore_and_die(s);
	check_size("u/untouched", strlen("precious"));
}
END_TEST

SUITE("vfs/held", setup, teardown, a_hard_link_stays_one, a_sparse_file_comes_back_sparse,
      a_bound_file_is_restored_in_place, a_copy_of_a_bound_file_costs_disk_not_memory,
      a_change_within_one_tick_is_undone, the_mode_of_a_running_program_is_restored,
      another_name_of_a_running_program_is_restored, a_killed_restore_of_a_mode_leaves_the_content,
      a_killed_restore_of_one_name_leaves_the_content_of_the_other)
