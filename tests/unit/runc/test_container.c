/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/process.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree root;

static void setup(void)
{
	tree_init(&root);
}

static void teardown(void)
{
	tree_done(&root);
}

/* Of a container whose process is @pid, with its lock. */
static void make(struct container *c, const char *id, pid_t pid)
{
	struct process_stat stat = {.start_time = 0};
	struct err e = ERR_NONE;

	ck_ok(container_create(root.path, id, c, &e), e);
	c->state.id = strdup(id);
	c->state.oci_version = strdup("1.0.0");
	c->state.bundle = strdup("/b");
	c->state.rootfs = strdup("/r");
	c->state.created = strdup("");
	c->state.pid = pid;
	if (pid > 0)
		ck_ok(process_stat_read(pid, &stat, &e), e);
	c->state.start_time = stat.start_time;
	ck_ok(container_save(c, &e), e);
}

START_TEST(ids_are_those_of_runc)
{
	static const char *const good[] = {"a", "A-b_c+d.e9", "...", "-", "..a"};
	static const char *const bad[] = {"",    ".",   "..",       "a/b", "../a",
					  "a b", "a\n", "\xc3\xa9", "a:b"};
	char most[NAME_MAX + 2];
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_ok(container_check_id(good[i], &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(container_check_id(bad[i], &e), -EINVAL);
	memset(most, 'x', sizeof(most));
	most[NAME_MAX + 1] = '\0';
	ck_assert_int_eq(container_check_id(most, &e), -EINVAL);
	most[NAME_MAX] = '\0';
	ck_ok(container_check_id(most, &e), e);
}
END_TEST

START_TEST(an_id_is_there_once)
{
	cleanup_container struct container c = CONTAINER, again = CONTAINER;
	struct err e = ERR_NONE;
	struct stat st;

	ck_ok(container_create(root.path, "x", &c, &e), e);
	ck_assert_int_eq(fstat(c.fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0711);
	ck_assert_int_eq(container_create(root.path, "x", &again, &e), -EEXIST);
	ck_assert_str_eq(e.msg, "container with given ID already exists");
	ck_ok(container_remove(&c, &e), e);
}
END_TEST

START_TEST(what_is_not_there_does_not_exist)
{
	cleanup_container struct container c = CONTAINER, d = CONTAINER, f = CONTAINER;
	struct err e = ERR_NONE;

	ck_assert_int_eq(container_open(root.path, "x", CONTAINER_LOOK, &c, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "container does not exist");
	ck_assert_int_eq(container_open("/nonexistent", "x", CONTAINER_LOOK, &d, &e), -ENOENT);
	ck_assert_int_eq(container_open(root.path, "..", CONTAINER_LOOK, &f, &e), -EINVAL);
}
END_TEST

START_TEST(a_directory_without_state_can_be_removed)
{
	cleanup_container struct container c = CONTAINER;
	struct err e = ERR_NONE;

	ck_assert_int_eq(mkdir(tree_at(&root, "x"), 0711), 0);
	ck_assert_int_eq(container_open(root.path, "x", CONTAINER_CHANGE, &c, &e), -ENODATA);
	ck_assert_str_eq(e.msg, "container does not exist");
	ck_ok(container_remove(&c, &e), e);
}
END_TEST

START_TEST(a_damaged_state_is_an_error_that_can_be_removed)
{
	cleanup_container struct container c = CONTAINER;
	struct err e = ERR_NONE;
	int fd;

	ck_assert_int_eq(mkdir(tree_at(&root, "x"), 0711), 0);
	fd = open(tree_at(&root, "x/state.json"), O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(write(fd, "{\"id\":", 6), 6);
	close(fd);
	ck_assert_int_eq(container_open(root.path, "x", CONTAINER_CHANGE, &c, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "state.json is damaged"));
	ck_ok(container_remove(&c, &e), e);
}
END_TEST

START_TEST(the_status_follows_the_process)
{
	cleanup_container struct container c = CONTAINER;
	enum container_status status = CONTAINER_STATUS_MAX;
	struct err e = ERR_NONE;
	int pidfd = -EBADF;

	make(&c, "x", getpid());
	ck_assert_int_eq(mkfifoat(c.fd, "exec.fifo", 0600), 0);
	ck_ok(container_status(&c, &status, &pidfd, &e), e);
	ck_assert_int_eq(status, CONTAINER_CREATED);
	ck_assert_int_ge(pidfd, 0);
	close(pidfd);
	ck_assert_int_eq(unlinkat(c.fd, "exec.fifo", 0), 0);
	ck_ok(container_status(&c, &status, NULL, &e), e);
	ck_assert_int_eq(status, CONTAINER_RUNNING);
	c.state.start_time++; /* the pid is another's by now */
	ck_ok(container_status(&c, &status, &pidfd, &e), e);
	ck_assert_int_eq(status, CONTAINER_STOPPED);
	ck_assert_int_eq(pidfd, -EBADF);
	c.state.pid = 0;
	ck_ok(container_status(&c, &status, NULL, &e), e);
	ck_assert_int_eq(status, CONTAINER_CREATING);
	ck_ok(container_remove(&c, &e), e);
}
END_TEST

START_TEST(who_changes_it_is_alone)
{
	cleanup_container struct container c = CONTAINER;
	struct err e = ERR_NONE;
	cleanup_close int other = -EBADF;

	make(&c, "x", 0);
	other = open(tree_at(&root, "x"), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	container_unlock(&c);
	ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), 0);
	ck_ok(container_remove(&c, &e), e);
}
END_TEST

START_TEST(who_waited_for_a_removed_one_is_told)
{
	cleanup_container struct container c = CONTAINER, d = CONTAINER;
	struct err e = ERR_NONE;

	make(&c, "x", 0);
	container_unlock(&c);
	ck_ok(container_open(root.path, "x", CONTAINER_LOOK, &d, &e), e);
	ck_ok(container_remove(&c, &e), e);
	ck_assert_int_eq(container_lock(&d, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "container does not exist");
}
END_TEST

SUITE("runc/container", setup, teardown, ids_are_those_of_runc, an_id_is_there_once,
      what_is_not_there_does_not_exist, a_directory_without_state_can_be_removed,
      a_damaged_state_is_an_error_that_can_be_removed, the_status_follows_the_process,
      who_changes_it_is_alone, who_waited_for_a_removed_one_is_told)
