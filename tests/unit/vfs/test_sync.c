/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "tests/unit/vfs/interpose.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;
static dev_t synced[8];
static size_t n_synced;

static void note_sync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_lt(n_synced, ARRAY_SIZE(synced));
	synced[n_synced++] = st.st_dev;
}

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	n_synced = 0;
	interpose.before_sync = note_sync;
}

static void teardown(void)
{
	interpose_reset();
	view_done(&v);
}

/* Was the file system of tree path @rel synced? */
static bool is_synced(const char *rel)
{
	struct stat st;

	ck_assert_int_eq(stat(tree_at(&v.t, rel), &st), 0);
	for (size_t i = 0; i < n_synced; i++)
		if (synced[i] == st.st_dev)
			return true;
	return false;
}

static void sync_it(void)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_sync(v.fs, &e), e);
}

/* How much room files of the tree's file system take, in its blocks. */
static unsigned long used(void)
{
	struct statvfs fs;

	ck_assert_int_eq(statvfs(v.t.path, &fs), 0);
	return fs.f_blocks - fs.f_bfree;
}

START_TEST(what_is_removed_is_freed_when_it_is_flushed)
{
	static char bytes[1 << 20];
	struct vfs_unsynced rest = {0};
	struct err e = ERR_NONE;
	unsigned long before;
	unsigned long with;

	view_open_overlay(&v);
	before = used();
	ck_ok(vfs_put_file(v.fs, "/large", bytes, sizeof(bytes), &(struct vfs_meta){0}, &e), e);
	with = used();
	ck_assert_uint_gt(with, before);
	vfs_hold_removed(v.fs);
	ck_ok(vfs_drop(v.fs, "/large", &e), e);
	ck_assert_str_eq(view_list(&v, "/"), "");
	ck_assert_uint_eq(used(), with);
	ck_ok(vfs_unsynced_get(v.fs, &rest, &e), e);
	v.fs = vfs_free(v.fs);
	ck_assert_uint_eq(used(), with);
	ck_assert_uint_eq(n_synced, 0);
	ck_ok(vfs_unsynced_flush(&rest, &e), e);
	ck_assert_uint_eq(used(), before);
	ck_assert(is_synced("u"));
	vfs_unsynced_done(&rest);
}
END_TEST

START_TEST(each_top_is_synced_and_nothing_else)
{
	for (const char *rel = "r\0rw\0ro\0"; *rel; rel += strlen(rel) + 1) {
		tree_dir(&v.t, rel);
		oracle_tmpfs(&v, rel);
	}
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/rw", "/rw", "");
	view_mount(&v, "bind", "@/ro", "/ro", "ro");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);
	sync_it();
	ck_assert(is_synced("r"));
	ck_assert(is_synced("rw"));
	ck_assert(!is_synced("ro"));
	v.fs = vfs_free(v.fs);
	for (const char *rel = "r\0rw\0ro\0"; *rel; rel += strlen(rel) + 1)
		oracle_unmount(&v, rel);
}
END_TEST

START_TEST(a_mount_that_came_with_a_source_is_synced_once_it_was_written)
{
	tree_dir(&v.t, "r/sub");
	oracle_tmpfs(&v, "r/sub");
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
	view_put(&v, "/sub/file", "x");
	sync_it();
	ck_assert(is_synced("r/sub"));
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r/sub");
}
END_TEST

/* A view of a directory of an ext4 that was made with these options. */
static bool keeps_order_on(const char *options, const char *other)
{
	cleanup_close int fd = -EBADF;
	char command[512];
	bool kept;

	tree_dir(&v.t, "disk");
	snprintf(command, sizeof(command),
		 "cd %s && truncate -s 32M image && mkfs.ext4 -q %s image && "
		 "mount -o loop image disk && mkdir disk/r disk/journal",
		 v.t.path, options);
	ck_assert_int_eq(system(command), 0);
	view_rootfs(&v, "bind", "@/disk/r", "");
	view_open(&v);
	fd = open(tree_at(&v.t, other), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	kept = vfs_is_beside(v.fs, "/new", fd) && vfs_keeps_order(fd);
	v.fs = vfs_free(v.fs);
	fd = fd_close(fd);
	snprintf(command, sizeof(command), "cd %s && umount disk && rm image", v.t.path);
	ck_assert_int_eq(system(command), 0);
	return kept;
}

START_TEST(order_is_kept_by_the_journal_of_the_same_file_system)
{
	ck_assert(keeps_order_on("-O has_journal", "disk/journal"));
}
END_TEST

START_TEST(order_is_not_kept_without_a_journal)
{
	ck_assert(!keeps_order_on("-O ^has_journal", "disk/journal"));
}
END_TEST

START_TEST(order_is_not_kept_across_file_systems)
{
	tree_dir(&v.t, "elsewhere");
	ck_assert(!keeps_order_on("-O has_journal", "elsewhere"));
}
END_TEST

START_TEST(order_is_not_kept_where_there_is_no_top)
{
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "ro");
	view_open(&v);
	ck_assert(!vfs_is_beside(v.fs, "/new", AT_FDCWD));
}
END_TEST

SUITE("vfs/sync", setup, teardown, what_is_removed_is_freed_when_it_is_flushed,
      each_top_is_synced_and_nothing_else,
      a_mount_that_came_with_a_source_is_synced_once_it_was_written,
      order_is_kept_by_the_journal_of_the_same_file_system, order_is_not_kept_without_a_journal,
      order_is_not_kept_across_file_systems, order_is_not_kept_where_there_is_no_top)
