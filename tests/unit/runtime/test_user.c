/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/user.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree tree;
static struct vfs *fs;

static void open_fs(void)
{
	struct mount_specs rootfs = {0}, mounts = {0};
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&rootfs, "bind", tree.path, "/", "bind", &e), e);
	ck_ok(vfs_new(&rootfs, &mounts, &fs, &e), e);
	mount_specs_done(&rootfs);
}

static void setup(void)
{
	suite_need_root();
	tree_init(&tree);
}

static void teardown(void)
{
	fs = vfs_free(fs);
	tree_done(&tree);
}

static void usual_files(void)
{
	tree_file(&tree, "etc/passwd",
		  "root:x:0:0:root:/root:/bin/sh\n"
		  "broken line\n"
		  "worker:x:1000:100:A, b:/home/worker:/bin/sh\n"
		  "4000:x:1:1::/four:/bin/sh\n"
		  "homeless:x:1002:1002");
	tree_file(&tree, "etc/group",
		  "root:x:0:\n"
		  "wheel:x:10:root,worker\n"
		  "workers:x:100:worker\n"
		  "docker:x:999:x,worker\n"
		  "late:x:50:workers\n");
	open_fs();
}

static const struct {
	const char *user;
	uid_t uid;
	gid_t gid;
	const char *home;
	gid_t groups[3]; /* up to the first 0 */
} cases[] = {
	{"", 0, 0, "/root", {10}},
	{"root", 0, 0, "/root", {10}},
	{"0", 0, 0, "/root", {10}},
	{"worker", 1000, 100, "/home/worker", {10, 999}}, /* not twice in its own group */
	{"1000", 1000, 100, "/home/worker", {10, 999}},
	{"worker:wheel", 1000, 10, "/home/worker", {0}}, /* a group given: no others */
	{"worker:7", 1000, 7, "/home/worker", {0}},
	{"1000:7", 1000, 7, "/home/worker", {0}},
	{"4000", 4000, 0, "/", {0}}, /* digits are a number, never a name */
	{"55:66", 55, 66, "/", {0}},
	{":wheel", 0, 10, "/root", {0}},
	{"homeless", 1002, 1002, "/", {0}},
};

START_TEST(users_are_found_by_name_and_by_number)
{
	usual_files();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_user user = {0};
		struct err e = ERR_NONE;
		char home[LIMIT_PATH];
		size_t n = 0;

		ck_ok(runtime_user_lookup(fs, cases[i].user, &user, home, &e), e);
		while (n < 3 && cases[i].groups[n])
			n++;
		ck_assert_msg(user.uid == cases[i].uid && user.gid == cases[i].gid &&
				      user.n_groups == n && strcmp(home, cases[i].home) == 0,
			      "case '%s': %u %u %s %zu groups", cases[i].user, user.uid, user.gid,
			      home, user.n_groups);
		for (size_t k = 0; k < n; k++)
			ck_assert_uint_eq(user.groups[k], cases[i].groups[k]);
		free(user.groups);
	}
}
END_TEST

START_TEST(an_image_without_files_knows_root_and_numbers)
{
	static const char *const words[] = {"", "root", "0", "root:root", "1:2", "7"};

	open_fs();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct container_user user = {0};
		struct err e = ERR_NONE;

		ck_ok(runtime_user_lookup(fs, words[i], &user, NULL, &e), e);
		free(user.groups);
	}
}
END_TEST

static const struct {
	const char *user;
	int r;
	const char *msg;
} failures[] = {
	{"nobody", -ENOENT,
	 "user 'nobody': the image's /etc/passwd has no user 'nobody': add it to the image or give "
	 "a number"},
	{"worker:none", -ENOENT,
	 "user 'worker:none': the image's /etc/group has no group 'none': add it to the image or "
	 "give a number"},
	{"a:b:c", -EINVAL, "user 'a:b:c': a user is 'name', 'uid', 'name:group' or 'uid:gid'"},
	{"worker:", -EINVAL, "user 'worker:': a user is 'name', 'uid', 'name:group' or 'uid:gid'"},
	{"4294967295", -ENOENT, /* means "no change" to the kernel */
	 "user '4294967295': the image's /etc/passwd has no user '4294967295': add it to the image "
	 "or give a number"},
};

START_TEST(what_cannot_be_found_is_named)
{
	usual_files();
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct container_user user = {.uid = 77};
		struct err e = ERR_NONE;

		ck_assert_int_eq(runtime_user_lookup(fs, failures[i].user, &user, NULL, &e),
				 failures[i].r);
		ck_assert_str_eq(e.msg, failures[i].msg);
		ck_assert_uint_eq(user.uid, 77);
		ck_assert_ptr_null(user.groups);
	}
}
END_TEST

START_TEST(a_passwd_file_that_would_block_is_no_obstacle_to_numbers)
{
	struct container_user user = {0};
	struct err e = ERR_NONE;

	tree_fifo(&tree, "etc/passwd");
	open_fs();
	ck_assert_int_lt(runtime_user_lookup(fs, "worker", &user, NULL, &e), 0);
	e = ERR_NONE;
	ck_ok(runtime_user_lookup(fs, "5:6", &user, NULL, &e), e);
	ck_assert_uint_eq(user.uid, 5);
}
END_TEST

START_TEST(links_to_the_files_stay_in_the_image)
{
	struct container_user user = {0};
	struct err e = ERR_NONE;

	tree_file(&tree, "real/passwd", "only:x:12:13::/:\n");
	tree_link(&tree, "etc/passwd", "/real/passwd");
	open_fs();
	ck_ok(runtime_user_lookup(fs, "only", &user, NULL, &e), e);
	ck_assert_uint_eq(user.uid, 12);
	free(user.groups);
}
END_TEST

SUITE("runtime/user", setup, teardown, users_are_found_by_name_and_by_number,
      an_image_without_files_knows_root_and_numbers, what_cannot_be_found_is_named,
      a_passwd_file_that_would_block_is_no_obstacle_to_numbers,
      links_to_the_files_stay_in_the_image)
