/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "runtime/cgroup_ops.h"
#include "tests/unit/runtime/box.h"

enum { SECOND = 1000000 };

static struct cgroup_tree *tree;
static char base[64];

static void setup(void)
{
	struct err e = ERR_NONE;

	suite_need_root();
	snprintf(base, sizeof(base), "/anchord-test-%d", getpid());
	ck_ok(cgroup_tree_open(base, &tree, &e), e);
}

/* Where this process is, in the v2 hierarchy. */
static void assert_member(const char *wanted)
{
	struct buf text = BUF(65536);
	struct err e = ERR_NONE;
	char line[LIMIT_PATH];

	ck_ok(io_read_file_at(AT_FDCWD, "/proc/self/cgroup", &text, &e), e);
	snprintf(line, sizeof(line), "0::%s\n", wanted);
	ck_assert_msg(strstr(text.data, line) != NULL, "not in %s: %s", wanted, text.data);
	buf_done(&text);
}

static void teardown(void)
{
	struct err e = ERR_NONE;

	cgroup_tree_free(tree);
	/* The base is gone: opening it again has to make it again. */
	ck_ok(cgroup_tree_open(base, &tree, &e), e);
	cgroup_tree_free(tree);
}

START_TEST(the_daemon_sits_in_a_leaf_of_its_own)
{
	char path[128];

	ck_assert_str_eq(cgroup_tree_path(tree), base);
	snprintf(path, sizeof(path), "%s/daemon", base);
	assert_member(path);
}
END_TEST

START_TEST(leaves_are_made_listed_and_removed)
{
	struct strv ids = STRV(16);
	struct err e = ERR_NONE;
	int fd = cgroup_leaf_create(tree, "one", &e);

	ck_ok(fd, e);
	close(fd);
	ck_assert_int_eq(cgroup_leaf_create(tree, "one", &e), -EEXIST);
	ck_assert_int_eq(e.kind, ERR_EXISTS);
	ck_ok(cgroup_leaf_list(tree, &ids, &e), e);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_str_eq(ids.v[0], "one");
	strv_done(&ids);
	ck_ok(cgroup_leaf_destroy(tree, "one", SECOND, &e), e);
	ck_ok(cgroup_leaf_list(tree, &ids, &e), e);
	ck_assert_uint_eq(ids.n, 0);
}
END_TEST

START_TEST(destroying_a_missing_leaf_is_fine)
{
	struct err e = ERR_NONE;

	ck_ok(cgroup_leaf_destroy(tree, "none", SECOND, &e), e);
}
END_TEST

START_TEST(an_id_cannot_lead_out_of_the_base)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(cgroup_leaf_create(tree, "../x", &e), -EINVAL);
	ck_assert_int_eq(cgroup_leaf_create(tree, "", &e), -EINVAL);
	ck_assert_int_eq(e.kind, ERR_INVALID);
}
END_TEST

START_TEST(a_container_is_born_in_its_leaf_which_is_the_root_that_it_sees)
{
	struct err e = ERR_NONE;
	static struct box box;

	box_init(&box);
	box.how.cgroup_fd = cgroup_leaf_create(tree, "box", &e);
	ck_ok(box.how.cgroup_fd, e);
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/self/cgroup", NULL), "0::/\n"));
	ck_assert_str_eq(box_says(&box, "cat", "/sys/fs/cgroup/cgroup.procs", NULL), "1\n");
	ck_assert_str_eq(box_says(&box, "write", "/sys/fs/cgroup/cgroup.procs", NULL),
			 "/sys/fs/cgroup/cgroup.procs EROFS\n");
	close(box.how.cgroup_fd);
	ck_ok(cgroup_leaf_destroy(tree, "box", SECOND, &e), e);
	box_done(&box);
}
END_TEST

START_TEST(destroying_kills_a_tree_of_processes_and_the_cgroups_inside)
{
	struct runtime_process process;
	struct runtime_exit ended;
	struct err e = ERR_NONE;
	static struct box box;
	int fd;

	box_init(&box);
	box.how.cgroup_fd = fd = cgroup_leaf_create(tree, "box", &e);
	ck_ok(fd, e);
	box_command(&box, "tree", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	ck_assert_int_eq(mkdirat(fd, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(fd, "a/b", 0755), 0);
	ck_assert_int_eq(mkdirat(fd, "c", 0755), 0);
	close(fd);
	ck_ok(cgroup_leaf_destroy(tree, "box", 5 * SECOND, &e), e);
	ck_ok(runtime_reap(&process, &ended, &e), e);
	ck_assert_int_eq(ended.signal, SIGKILL);
	close(process.pidfd);
	box_done(&box);
}
END_TEST

SUITE("runtime/cgroup", setup, teardown, the_daemon_sits_in_a_leaf_of_its_own,
      leaves_are_made_listed_and_removed, destroying_a_missing_leaf_is_fine,
      an_id_cannot_lead_out_of_the_base,
      a_container_is_born_in_its_leaf_which_is_the_root_that_it_sees,
      destroying_kills_a_tree_of_processes_and_the_cgroups_inside)
