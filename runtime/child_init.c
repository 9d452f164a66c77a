/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INIT: this process stays as process 1 of the container, and its command becomes process 2.
 *
 * Process 1 inherits what others leave behind, and gets no signal that it doesn't ask for; most
 * programs know neither. So this one reaps, forwards what it is sent, and ends with the command.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

/* Reap all that has ended. Returns true when the command has, with its status. */
static bool reap(pid_t command, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == command) {
			*ret_status = status;
			ended = true;
		}
	return ended;
}

/* As a shell would show it: a process 1 can't kill itself. */
static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Signals are blocked, so none is lost between two looks. */
static int stay(pid_t command)
{
	sigset_t all;
	int status = 0;

	sigfillset(&all);
	while (!reap(command, &status)) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal > 0 && signal != SIGCHLD)
			kill(-command, signal);
	}
	return exit_code(status);
}

/* The command is the foreground process group, so that a terminal's keys are meant for it. */
static int lead(int has_terminal)
{
	sigset_t none;

	/* Where no namespace of processes does it: neither of the two outlives the other. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setpgid(0, 0) < 0)
		return -errno;
	if (has_terminal) {
		sigset_t stop;

		sigemptyset(&stop);
		sigaddset(&stop, SIGTTOU);
		sigprocmask(SIG_BLOCK, &stop, NULL);
		if (tcsetpgrp(0, getpgrp()) < 0)
			return -errno;
	}
	sigemptyset(&none);
	return child_result(sigprocmask(SIG_SETMASK, &none, NULL));
}

int child_init(struct child *c, const struct op *op)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	sigset_t all;
	pid_t pid;

	(void)op;
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return -errno;
	pid = sys_fork(&args);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		return lead(c->terminal >= 0);
	setpgid(pid, pid);      /* whoever of the two comes first: a signal finds the group */
	close_range(3, ~0u, 0); /* who launched waits for the command, not for us */
	_exit(stay(pid));
}
