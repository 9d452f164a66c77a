/* SPDX-License-Identifier: Apache-2.0 */
#include "base/statmount.h"

#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/suite.h"

static char dir[] = "/tmp/anchord-test-XXXXXX";
static struct mount_info info;

/* In a mount namespace of its own, which goes with the process of the test. */
static bool mount_tmpfs(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", dir, "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(mkdir("b", 0755), 0);
	if (statmount_read(dir, &info) != -ENOSYS)
		return true;
	fprintf(stderr, "skipped: no statmount(2)\n");
	return false;
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

START_TEST(a_mount_point_says_what_is_mounted_there)
{
	if (!mount_tmpfs())
		return;
	ck_assert_int_eq(statmount_read(dir, &info), 0);
	ck_assert_uint_eq(info.magic, TMPFS_MAGIC);
	ck_assert_str_eq(info.root, "/");
}
END_TEST

START_TEST(a_bind_mount_says_where_it_begins)
{
	if (!mount_tmpfs())
		return;
	ck_assert_int_eq(mount("a", "b", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(statmount_read("b", &info), 0);
	ck_assert_uint_eq(info.magic, TMPFS_MAGIC);
	ck_assert_str_eq(info.root, "/a");
	ck_assert_int_eq(umount("b"), 0);
}
END_TEST

START_TEST(a_beginning_that_is_too_long_is_refused)
{
	static char name[MOUNT_ROOT];

	if (!mount_tmpfs())
		return;
	memset(name, 'x', MOUNT_ROOT - 8); /* the kernel wants a byte or two */
	ck_assert_int_eq(mkdir(name, 0755), 0);
	ck_assert_int_eq(mount(name, "b", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(statmount_read("b", &info), 0);
	ck_assert_str_eq(info.root + 1, name);
	ck_assert_int_eq(umount("b"), 0);
	ck_assert_int_eq(chdir(name), 0);
	ck_assert_int_eq(mkdir("yyyyyyyy", 0755), 0);
	ck_assert_int_eq(mount("yyyyyyyy", "../b", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(statmount_read("../b", &info), -EOVERFLOW);
	ck_assert_int_eq(umount("../b"), 0);
}
END_TEST

START_TEST(what_is_no_mount_point_is_refused)
{
	if (!mount_tmpfs())
		return;
	ck_assert_int_eq(statmount_read("a", &info), -EINVAL);
	ck_assert_int_eq(statmount_read("missing", &info), -ENOENT);
}
END_TEST

SUITE("base/statmount", suite_need_root, teardown, a_mount_point_says_what_is_mounted_there,
      a_bind_mount_says_where_it_begins, a_beginning_that_is_too_long_is_refused,
      what_is_no_mount_point_is_refused)
