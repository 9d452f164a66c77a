/* SPDX-License-Identifier: Apache-2.0 */
/* Process 1 is the runtime's: it reaps, forwards signals, and ends with the command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/runtime/box.h"
#include "tests/unit/runtime/console.h"
#include "tests/unit/runtime/policy.h"

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
	box.spec.has_init = true;
}

static void teardown(void)
{
	box_wipe(&box);
}

START_TEST(the_command_is_process_2)
{
	ck_assert_str_eq(box_says(&box, "identity", NULL),
			 "pid 2 ppid 1 sid 1 host anchord umask 022");
}
END_TEST

START_TEST(it_ends_with_the_status_of_the_command)
{
	box_says(&box, "exit", "42", NULL);
	ck_assert_int_eq(box.exit.code, 42);
	ck_assert_int_eq(box.exit.signal, 0);
	box_says(&box, "kill", "4", NULL);
	ck_assert_int_eq(box.exit.code, 128 + SIGILL);
}
END_TEST

START_TEST(what_others_leave_behind_is_reaped)
{
	ck_assert_str_eq(box_says(&box, "orphan", NULL), "reaped");
	box.spec.has_init = false;
	ck_assert_str_eq(box_says(&box, "orphan", NULL), "there");
}
END_TEST

START_TEST(signals_are_forwarded_also_those_that_nobody_asks_for)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGQUIT, SIGWINCH};
	struct runtime_process process;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		char number[16], wanted[32];

		snprintf(number, sizeof(number), "%d", signals[i]);
		snprintf(wanted, sizeof(wanted), "ready\ngot %02d\n", signals[i]);
		box_runs(&box, &process, "trap", number, NULL);
		ck_assert_int_eq(pidfd_send_signal(process.pidfd, signals[i], NULL, 0), 0);
		box_ended(&box, &process);
		ck_assert_int_eq(box.exit.code, 9);
		ck_assert_str_eq(box_said(&box), wanted);
	}
	box_runs(&box, &process, "wait", NULL);
	ck_assert_int_eq(pidfd_send_signal(process.pidfd, SIGTERM, NULL, 0), 0);
	box_ended(&box, &process);
	ck_assert_int_eq(box.exit.code, 128 + SIGTERM);
}
END_TEST

/* It may come at any time. */
START_TEST(a_signal_right_after_the_start_is_not_lost)
{
	for (int i = 0; i < 50; i++) {
		struct runtime_process process;
		struct err e = ERR_NONE;

		box_command(&box, "tree", NULL);
		ck_ok(box_start(&box, &process, &e), e);
		ck_assert_int_eq(pidfd_send_signal(process.pidfd, SIGTERM, NULL, 0), 0);
		box_ended(&box, &process);
		ck_assert_int_eq(box.exit.code, 128 + SIGTERM);
	}
}
END_TEST

START_TEST(a_command_that_cannot_be_run_is_an_error_as_without)
{
	tree_file(&box.tree, "root/format", "no program");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/format"), 0755), 0);
	ck_assert_int_eq(strv_add(&box.spec.process.args, "/format", NULL), 0);
	box_refused(&box, -ENOEXEC, "starting the container: execute '/format': exec format error");
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}
END_TEST

START_TEST(the_command_has_its_user_and_no_descriptor_more)
{
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "ids", NULL), "1000,1000,1000 1000,1000,1000");
	ck_assert_str_eq(box_says(&box, "fds", NULL), "0 1 2 ");
	ck_assert_str_eq(box_says(&box, "signals", NULL), "");
}
END_TEST

START_TEST(with_a_terminal_the_command_is_in_its_foreground)
{
	struct console console;
	struct runtime_process process;
	struct err e = ERR_NONE;

	console_init(&console, &box);
	box_command(&box, "tty", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	console_receive(&console);
	ck_assert_str_eq(console_read(&console),
			 "111 /dev/pts/0 24x80 controlling foreground owner 0 console yes");
	box_ended(&box, &process);
	ck_assert_int_eq(box.exit.code, 0);
	console_done(&console);
}
END_TEST

START_TEST(a_key_of_the_terminal_interrupts_the_command)
{
	struct console console;
	struct runtime_process process;
	struct err e = ERR_NONE;

	console_init(&console, &box);
	box_command(&box, "trap", "2", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	console_receive(&console);
	ck_assert_str_eq(console_wait(&console, "ready"), "ready");
	ck_assert_int_eq(write(console.master, "\003", 1), 1);
	box_ended(&box, &process);
	ck_assert_int_eq(box.exit.code, 9);
	console_done(&console);
}
END_TEST

/* As older profiles do, so that libc falls back from it. */
START_TEST(a_policy_may_not_know_clone3)
{
	struct seccomp_policy *p = policy(SECCOMP_RET_ALLOW);
	struct hook hook = {.path = strdup("/inside"), .args = STRV(4), .env = STRV(1)};
	struct err e = ERR_NONE;

	policy_call(p, "clone3", SECCOMP_RET_ERRNO | ENOSYS);
	box.spec.seccomp = p;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "identity", NULL), "pid 2 ppid 1 "));
	ck_ok(strv_split(&hook.args, "inside exit 0", ' ', &e), e);
	ck_ok(hook_list_add(&box.spec.hooks.of[HOOK_START_CONTAINER], &hook, &e), e);
	box_says(&box, "exit", "42", NULL);
	ck_assert_int_eq(box.exit.code, 42);
	ck_ok(strv_split(&box.spec.hooks.of[HOOK_START_CONTAINER].v[0].args, "1", ' ', &e), e);
	box.spec.hooks.of[HOOK_START_CONTAINER].v[0].args.v[2][0] = '7';
	box_command(&box, "exit", "0", NULL);
	box_refused(&box, -ECHILD,
		    "starting the container: startContainer hook '/inside': it failed");
}
END_TEST

START_TEST(at_a_gate_it_waits_for_leave_as_without)
{
	static const struct {
		char byte;
		int r, code;
	} cases[] = {{RUNTIME_LEAVE, 0, 42}, {'n', -ECANCELED, -1}};

	box_command(&box, "exit", "42", NULL);
	box.spec.is_gated = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;
		int gate[2];

		ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
		ck_assert_int_eq((int)write(gate[1], &cases[i].byte, 1), 1);
		box.how.gate = gate;
		box.exit.code = -1;
		ck_assert_int_eq(box_run(&box, &e), cases[i].r);
		ck_assert_int_eq(box.exit.code, cases[i].code);
		close(gate[0]);
		close(gate[1]);
	}
	box.how.gate = NULL;
}
END_TEST

/* Without a namespace of processes nothing else would end it. */
START_TEST(the_command_ends_with_its_init)
{
	struct runtime_process process;
	int pid, children;
	char path[64], text[16] = "";

	box.spec.namespaces[NAMESPACE_PID].mode = NAMESPACE_HOST;
	box_runs(&box, &process, "wait", NULL);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", process.pid, process.pid);
	children = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt((int)read(children, text, sizeof(text) - 1), 0);
	close(children);
	pid = atoi(text);
	box_end(&process);
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++)
		usleep(5000);
	ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

START_TEST(the_container_ends_when_its_process_1_is_killed)
{
	struct runtime_process process;

	box_runs(&box, &process, "wait", NULL);
	box_end(&process);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}
END_TEST

SUITE("runtime/init", setup, teardown, the_command_is_process_2,
      it_ends_with_the_status_of_the_command, what_others_leave_behind_is_reaped,
      signals_are_forwarded_also_those_that_nobody_asks_for,
      a_signal_right_after_the_start_is_not_lost,
      a_command_that_cannot_be_run_is_an_error_as_without,
      the_command_has_its_user_and_no_descriptor_more,
      with_a_terminal_the_command_is_in_its_foreground,
      a_key_of_the_terminal_interrupts_the_command, a_policy_may_not_know_clone3,
      at_a_gate_it_waits_for_leave_as_without, the_command_ends_with_its_init,
      the_container_ends_when_its_process_1_is_killed)
