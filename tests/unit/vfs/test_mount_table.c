/* SPDX-License-Identifier: Apache-2.0 */
/* Which mount shows at a path: order, shadows, destinations. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/vfs/nosys.h"
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

START_TEST(a_later_mount_hides_earlier_ones_at_and_below_it)
{
	tree_dir(&v.t, "r/a/b");
	tree_dir(&v.t, "one/b");
	tree_file(&v.t, "one/from-one", "");
	tree_file(&v.t, "two/from-two", "");
	tree_file(&v.t, "three/b/from-three", "");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/one", "/a", "");
	view_mount(&v, "bind", "@/two", "/a/b", "");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/a"), "b from-one");
	ck_assert_str_eq(view_list(&v, "/a/b"), "from-two");
	ck_assert(view_stat(&v, "/a/b").mountpoint);

	view_mount(&v, "bind", "@/three", "/a", "");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/a/b"), "from-three");
	ck_assert(!view_stat(&v, "/a/b").mountpoint);
}
END_TEST

START_TEST(the_last_rootfs_is_on_top)
{
	tree_file(&v.t, "r1/one", "");
	tree_file(&v.t, "r2/two", "");
	view_rootfs(&v, "bind", "@/r1", "");
	view_rootfs(&v, "bind", "@/r2", "");
	view_open(&v);

	ck_assert_str_eq(view_list(&v, "/"), "two");
	ck_assert(!view_stat(&v, "/").mountpoint);
}
END_TEST

START_TEST(a_destination_is_resolved_when_its_turn_comes)
{
	tree_link(&v.t, "r/var/run", "../run");
	tree_dir(&v.t, "r/run");
	tree_link(&v.t, "one/link", "/var");
	tree_file(&v.t, "two/file", "two");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/one", "/var/run", "");
	view_mount(&v, "bind", "@/two", "run/link/deep/../new", ""); /* through the mount before */
	view_open(&v);

	ck_assert(view_stat(&v, "/run").mountpoint);
	ck_assert_str_eq(view_read(&v, "/var/new/file"), "two");
}
END_TEST

START_TEST(a_destination_that_does_not_exist_works_all_the_same)
{
	tree_dir(&v.t, "r/etc");
	tree_file(&v.t, "one/file", "one");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/one", "/etc/new", "");
	view_mount(&v, "bind", "@/one", "/x/y", "");
	view_open(&v);

	ck_assert_str_eq(view_list(&v, "/etc"), "new");
	ck_assert_str_eq(view_read(&v, "/etc/new/file"), "one");
	ck_assert_str_eq(view_read(&v, "/x/y/file"), "one");
	ck_assert_str_eq(view_resolve(&v, "/x/y/file"), "/x/y/file");
	ck_assert_int_eq(view_stat(&v, "/x").type, VFS_ABSENT);
}
END_TEST

START_TEST(a_file_can_be_bound)
{
	struct vfs_stat st;

	tree_file(&v.t, "r/etc/hosts", "image");
	tree_file(&v.t, "hosts", "host");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/hosts", "/etc/hosts", "");
	view_open(&v);
	st = view_stat(&v, "/etc/hosts");

	ck_assert_int_eq(st.type, VFS_FILE);
	ck_assert(st.mountpoint);
	ck_assert_str_eq(view_read(&v, "/etc/hosts"), "host");
	ck_assert_int_eq(view_stat(&v, "/etc/hosts/x").type, VFS_ABSENT);
	ck_assert_int_eq(vfs_resolve(v.fs, "/etc/hosts/x", true, (char[LIMIT_PATH]){0}, NULL),
			 -ENOTDIR);
}
END_TEST

START_TEST(a_special_file_system_is_unreachable)
{
	char text[128];

	tree_file(&v.t, "r/dev/null", "");
	tree_file(&v.t, "shm/file", "text");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "tmpfs", "tmpfs", "/dev", "size=64k,mode=755");
	view_mount(&v, "bind", "@/shm", "/dev/shm", "");
	view_open(&v);

	ck_assert_int_eq(view_stat(&v, "/dev").type, VFS_UNREACHABLE);
	ck_assert(view_stat(&v, "/dev").mountpoint);
	ck_assert(!view_stat(&v, "/dev/null").writable);
	ck_assert_int_eq(view_stat(&v, "/dev/null").type, VFS_UNREACHABLE);
	ck_assert_str_eq(view_read(&v, "/dev/shm/file"), "text");
	ck_assert_int_eq(vfs_describe(v.fs, "/dev/null", text, sizeof(text), NULL), 0);
	ck_assert_str_eq(text, "tmpfs on '/dev'");
}
END_TEST

START_TEST(mounts_below_a_source_show_with_rbind_only)
{
	tree_file(&v.t, "r/d/under", "");
	ck_assert_int_eq(mount("tmpfs", tree_at(&v.t, "r/d"), "tmpfs", 0, NULL), 0);
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
	ck_assert_str_eq(view_list(&v, "/d"), "");

	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "bind", "@/r", "bind");
	view_open(&v);
	if (nosys_has_open_tree()) /* else it is refused; see test_layer.c */
		ck_assert_str_eq(view_list(&v, "/d"), "under");
	v.fs = vfs_free(v.fs);
	ck_assert_int_eq(umount(tree_at(&v.t, "r/d")), 0);
}
END_TEST

START_TEST(reading_leaves_access_times_alone)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
	struct stat st;

	tree_file(&v.t, "r/file", "text");
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_at(&v.t, "r/file"), old, 0), 0);
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	ck_assert_str_eq(view_read(&v, "/file"), "text");
	ck_assert_int_eq(stat(tree_at(&v.t, "r/file"), &st), 0);
	ck_assert_int_eq(st.st_atim.tv_sec, 1000);
}
END_TEST

static const struct {
	const char *type;
	const char *source;
	const char *options;
	int r;
} failing[] = {
	{"bind", "@/missing", "", -ENOENT},
	{"bind", "relative", "", -EINVAL},
	{"overlay", "", "lowerdir=@/missing", -ENOENT},
	{"overlay", "", "lowerdir=@/file:@/r", -ENOTDIR},
	{"overlay", "", "lowerdir=@/r,verity=on", -EOPNOTSUPP},
};

START_TEST(what_can_not_be_opened_is_an_error_that_names_it)
{
	tree_dir(&v.t, "r");
	tree_file(&v.t, "file", "");
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		struct err e = ERR_NONE;

		view_rootfs(&v, failing[i].type, failing[i].source, failing[i].options);
		ck_assert_int_eq(view_try(&v, &e), failing[i].r);
		ck_assert_int_eq(e.code, failing[i].r);
		mount_specs_done(&v.rootfs);
	}
	ck_assert_int_eq(view_try(&v, NULL), -EINVAL); /* no rootfs at all */
}
END_TEST

START_TEST(the_number_of_mounts_is_limited)
{
	tree_dir(&v.t, "r");
	for (int i = 0; i < LIMIT_VIEW_MOUNTS - LIMIT_MOUNTS; i++)
		view_rootfs(&v, "bind", "@/r", "");
	for (int i = 0; i < LIMIT_MOUNTS; i++)
		view_mount(&v, "tmpfs", "", "/x", "");
	view_open(&v);
	view_rootfs(&v, "bind", "@/r", "");
	ck_assert_int_eq(view_try(&v, NULL), -E2BIG);
}
END_TEST

START_TEST(more_layers_than_descriptors_are_refused)
{
	cleanup_buf struct buf options = BUF(1 << 20);
	struct err e = ERR_NONE;
	struct rlimit limit;

	for (int i = 0; i < LIMIT_LAYERS; i++) {
		char rel[32];

		snprintf(rel, sizeof(rel), "l%d/a/b/c", i);
		tree_dir(&v.t, rel);
		buf_addf(&options, NULL, i ? ":@/l%d" : "lowerdir=@/l%d", i);
	}
	view_rootfs(&v, "overlay", "", options.data);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(view_try(&v, &e), -EMFILE);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(who_can_not_read_trusted_attributes_gets_no_wrong_answer)
{
	struct err e = ERR_NONE;
	struct vfs_stat st;

	tree_file(&v.t, "l1/d/secret", "x");
	tree_dir(&v.t, "u/d");
	tree_dir(&v.t, "w");
	tree_opaque(&v.t, "u/d");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1,upperdir=@/u,workdir=@/w");
	nosys_drop_capability(CAP_SYS_ADMIN);
	if (view_try(&v, &e) < 0) { /* a refusal is right */
		ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
		return;
	}
	if (vfs_lstat(v.fs, "/d/secret", &st, NULL) == 0)
		ck_assert_int_eq(st.type, VFS_ABSENT);
}
END_TEST

SUITE("vfs/mount_table", setup, teardown, a_later_mount_hides_earlier_ones_at_and_below_it,
      the_last_rootfs_is_on_top, a_destination_is_resolved_when_its_turn_comes,
      a_destination_that_does_not_exist_works_all_the_same, a_file_can_be_bound,
      a_special_file_system_is_unreachable, mounts_below_a_source_show_with_rbind_only,
      reading_leaves_access_times_alone, what_can_not_be_opened_is_an_error_that_names_it,
      the_number_of_mounts_is_limited, more_layers_than_descriptors_are_refused,
      who_can_not_read_trusted_attributes_gets_no_wrong_answer)
