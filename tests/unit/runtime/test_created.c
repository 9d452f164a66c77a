/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.md, "Create" and "Start": a process that waits to be started. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "tests/unit/runtime/box.h"

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
	tree_fifo(&box.tree, "start");
	tree_fifo(&box.tree, "result");
}

static void teardown(void)
{
	box_wipe(&box);
}

static int create(struct runtime_process *ret, struct err *e)
{
	int r;

	box.how.start = open(tree_at(&box.tree, "start"), O_RDWR | O_CLOEXEC);
	box.how.result = open(tree_at(&box.tree, "result"), O_RDWR | O_CLOEXEC);
	r = box_start(&box, ret, e);
	fd_close(box.how.start);
	fd_close(box.how.result);
	return r;
}

static int start(struct err *e)
{
	return runtime_start(tree_at(&box.tree, "start"), tree_at(&box.tree, "result"), e);
}

START_TEST(create_must_not_run_the_program_and_start_must)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	box_command(&box, "exit", "42", NULL);
	ck_ok(create(&process, &e), e);
	usleep(50000);
	ck_assert_int_eq(waitpid(process.pid, NULL, WNOHANG), 0);
	ck_ok(start(&e), e);
	box_ended(&box, &process);
	ck_assert_int_eq(box.exit.code, 42);
}
END_TEST

START_TEST(start_of_a_container_that_is_not_created_must_generate_an_error)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	ck_assert_int_eq(start(&e), -ESRCH);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_str_eq(e.msg, "no process waits to be started");

	e = ERR_NONE;
	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	ck_ok(start(&e), e);
	ck_assert_int_eq(start(&e), -ESRCH); /* it runs */
	box_end(&process);
}
END_TEST

START_TEST(start_of_a_created_container_that_was_killed_must_generate_an_error)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	box_end(&process);
	ck_assert_int_eq(start(&e), -ESRCH);
}
END_TEST

START_TEST(what_can_be_known_of_the_program_is_told_by_create)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	ck_assert_int_eq(strv_add(&box.spec.process.args, "/none", NULL), 0);
	ck_assert_int_eq(create(&process, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_COMMAND_NOT_FOUND);
	ck_assert_str_eq(e.msg, "starting the container: execute '/none': command not found");
	e = ERR_NONE;
	tree_file(&box.tree, "root/text", "text");
	strv_done(&box.spec.process.args);
	ck_assert_int_eq(strv_add(&box.spec.process.args, "/text", NULL), 0);
	ck_assert_int_eq(create(&process, &e), -EACCES);
	ck_assert_int_eq(e.kind, ERR_NOT_EXECUTABLE);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}
END_TEST

START_TEST(what_only_execve_finds_is_told_by_start)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	tree_file(&box.tree, "root/format", "no program");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/format"), 0755), 0);
	ck_assert_int_eq(strv_add(&box.spec.process.args, "/format", NULL), 0);
	ck_ok(create(&process, &e), e);
	ck_assert_int_eq(start(&e), -ENOEXEC);
	ck_assert_str_eq(e.msg, "execute '/format': exec format error");
	box_ended(&box, &process);
	ck_assert_int_eq(box.exit.code, 1);
	ck_assert_str_eq(box_said(&box), "exec /format: Exec format error\n");
}
END_TEST

START_TEST(a_program_that_goes_away_after_create_is_told_by_start)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	ck_assert_int_eq(
		rename(tree_at(&box.tree, "root/inside"), tree_at(&box.tree, "root/elsewhere")), 0);
	ck_assert_int_eq(start(&e), -ENOEXEC);
	ck_assert_int_eq(e.kind, ERR_NOT_EXECUTABLE);
	box_ended(&box, &process);
}
END_TEST

/* Who starts would take it for the end of the wait. */
START_TEST(a_process_that_is_killed_while_it_is_started_is_an_error_too)
{
	struct runtime_process process;
	struct hook hook = {.path = strdup("/inside"), .args = STRV(4), .env = STRV(1)};
	struct err e = ERR_NONE;
	pid_t killer;

	ck_ok(strv_split(&hook.args, "inside tree", ' ', &e), e);
	ck_ok(hook_list_add(&box.spec.hooks.of[HOOK_START_CONTAINER], &hook, &e), e);
	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	killer = fork();
	if (killer == 0) {
		usleep(200000);
		kill(process.pid, SIGKILL);
		_exit(0);
	}
	ck_assert_int_eq(start(&e), -ESRCH);
	ck_assert_str_eq(e.msg, "the process has died before it was started");
	ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
	box_ended(&box, &process);
}
END_TEST

START_TEST(start_container_hooks_run_at_the_start_and_their_failure_is_told_by_it)
{
	struct runtime_process process;
	struct hook hook = {.path = strdup("/inside"), .args = STRV(4), .env = STRV(1)};
	struct err e = ERR_NONE;

	ck_ok(strv_split(&hook.args, "inside exit 1", ' ', &e), e);
	ck_ok(hook_list_add(&box.spec.hooks.of[HOOK_START_CONTAINER], &hook, &e), e);
	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	ck_assert_int_eq(start(&e), -ECHILD);
	ck_assert_str_eq(e.msg, "startContainer hook '/inside': it failed");
	box_ended(&box, &process);
}
END_TEST

START_TEST(a_created_process_is_in_its_namespaces_and_root)
{
	struct runtime_process process;
	struct err e = ERR_NONE;
	char path[64];
	struct stat own, its;

	box_command(&box, "wait", NULL);
	ck_ok(create(&process, &e), e);
	snprintf(path, sizeof(path), "/proc/%d/root/", process.pid);
	ck_assert_int_eq(stat(path, &its), 0);
	ck_assert_int_eq(stat(tree_at(&box.tree, "root"), &own), 0);
	ck_assert_uint_eq(its.st_ino, own.st_ino);
	box_end(&process);
}
END_TEST

START_TEST(many_are_created_and_started_in_any_order)
{
	struct runtime_process processes[8];
	char names[8][2][16];

	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		struct err e = ERR_NONE;

		snprintf(names[i][0], sizeof(names[i][0]), "start%zu", i);
		snprintf(names[i][1], sizeof(names[i][1]), "result%zu", i);
		tree_fifo(&box.tree, names[i][0]);
		tree_fifo(&box.tree, names[i][1]);
		box_command(&box, "exit", "7", NULL);
		box.how.start = open(tree_at(&box.tree, names[i][0]), O_RDWR | O_CLOEXEC);
		box.how.result = open(tree_at(&box.tree, names[i][1]), O_RDWR | O_CLOEXEC);
		ck_ok(box_start(&box, &processes[i], &e), e);
		fd_close(box.how.start);
		fd_close(box.how.result);
	}
	for (size_t i = ARRAY_SIZE(processes); i-- > 0;) {
		struct err e = ERR_NONE;

		ck_ok(runtime_start(tree_at(&box.tree, names[i][0]),
				    tree_at(&box.tree, names[i][1]), &e),
		      e);
		box_ended(&box, &processes[i]);
		ck_assert_int_eq(box.exit.code, 7);
	}
}
END_TEST

SUITE("runtime/created", setup, teardown, create_must_not_run_the_program_and_start_must,
      start_of_a_container_that_is_not_created_must_generate_an_error,
      start_of_a_created_container_that_was_killed_must_generate_an_error,
      what_can_be_known_of_the_program_is_told_by_create, what_only_execve_finds_is_told_by_start,
      a_program_that_goes_away_after_create_is_told_by_start,
      a_process_that_is_killed_while_it_is_started_is_an_error_too,
      start_container_hooks_run_at_the_start_and_their_failure_is_told_by_it,
      a_created_process_is_in_its_namespaces_and_root, many_are_created_and_started_in_any_order)
