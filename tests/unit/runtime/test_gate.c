/* SPDX-License-Identifier: Apache-2.0 */
/* A container that is set up, and waits for leave to run its command. */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runtime/box.h"

static struct box box;

static void setup(void)
{
	suite_need_root();
	box_init(&box);
}

static void teardown(void)
{
	box_done(&box);
}

START_TEST(at_a_gate_a_command_waits_for_leave)
{
	/* Leave, no leave, and a pipe that ends: its writer has died. */
	static const char *const bytes[] = {"y", "n", ""};

	box_says(&box, "exit", "42", NULL); /* sets the arguments */
	box.spec.is_gated = true;
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		struct err e = ERR_NONE;
		int gate[2];

		ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
		ck_assert_int_eq(write(gate[1], bytes[i], strlen(bytes[i])),
				 (ssize_t)strlen(bytes[i]));
		if (!*bytes[i])
			gate[1] = fd_close(gate[1]);
		box.how.gate = gate;
		box.exit.code = -1;
		ck_assert_int_eq(box_run(&box, &e), i == 0 ? 0 : -ECANCELED);
		ck_assert_int_eq(box.exit.code, i == 0 ? 42 : -1);
		fd_close(gate[0]);
		fd_close(gate[1]);
	}
	box.how.gate = NULL;
}
END_TEST

static void *launch_at_a_gate(void *arg)
{
	struct runtime_process process;

	(void)arg;
	box_start(&box, &process, NULL); /* nobody gives leave: it never returns */
	return NULL;
}

/* Starts two that wait, and dies. */
static void launch_two_and_die(void)
{
	int gates[2][2];
	pthread_t thread;

	for (int i = 0; i < 2; i++)
		if (pipe2(gates[i], O_CLOEXEC) < 0)
			_exit(1);
	for (int i = 0; i < 2; i++) {
		box.how.gate = gates[i];
		pthread_create(&thread, NULL, launch_at_a_gate, NULL);
		usleep(200000); /* it is at its gate */
	}
	kill(getpid(), SIGKILL);
}

/* A child has the descriptors of its parent: those that wait must not keep one another alive. */
START_TEST(children_at_gates_end_with_their_parent)
{
	struct pollfd ended = {.events = POLLIN};
	int out[2];
	char byte;
	pid_t parent;

	box_says(&box, "exit", "0", NULL); /* sets the arguments */
	box.spec.is_gated = true;
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		box.stdio[1] = box.stdio[2] = out[1]; /* it ends when the last child does */
		launch_two_and_die();
	}
	close(out[1]);
	ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
	ended.fd = out[0];
	ck_assert_int_eq(poll(&ended, 1, /* msec= */ 5000), 1);
	ck_assert_int_eq(read(out[0], &byte, 1), 0);
	close(out[0]);
}
END_TEST

SUITE("runtime/gate", setup, teardown, at_a_gate_a_command_waits_for_leave,
      children_at_gates_end_with_their_parent)
