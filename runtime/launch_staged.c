/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A staged launch: the plan is packed into a memory file, and runtime/init/ is executed with it. It
 * tells by a pipe how the container's process is called, and what went wrong; that the pipe ends
 * means that the process waits, or has been executed.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child_stage.h"
#include "runtime/init_image.h"
#include "runtime/launch_parts.h"

/* ---- what it needs --------------------------------------------------------------------- */

/* As they are numbered in the program. */
static void number_fds(struct runtime_plan *plan, struct stage *s)
{
	unsigned next = s->first + 1;

	for (int i = 0; i < ORDER_FD_MAX; i++)
		plan->orders.fds[i] = s->fds[i] >= 0 ? (int)next++ : -1;
	snprintf(s->number, sizeof(s->number), "%u", s->first);
}

enum { USUAL_ORDERS = 32 << 10 }; /* bytes: most plans take a third of it */

static int pack(const struct orders *o, int fd, struct err *e)
{
	cleanup_free void *room = NULL;
	size_t used = 0;
	int r = -E2BIG;

	for (size_t size = USUAL_ORDERS; r == -E2BIG && size <= LIMIT_ORDERS; size *= 2) {
		free(room);
		room = malloc(size);
		r = room ? orders_pack(o, room, size, &used) : -ENOMEM;
	}
	if (r == -E2BIG)
		return err_set(e, r, ERR_LIMIT, "the plan takes more than %d bytes", LIMIT_ORDERS);
	return r < 0 ? err_oom(e) : io_write_all(fd, room, used, e);
}

/* Who is sent something has to be there. */
static int check_sockets(const struct runtime_plan *plan, const struct launch *how, struct err *e)
{
	if (plan->has_terminal && how->console_socket < 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "a terminal is wanted, but there is no console socket");
	if (!plan->listener_path || how->listener_socket >= 0)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID,
		       "the seccomp policy notifies '%s', which is not connected",
		       plan->listener_path);
}

/* Our own are for hooks only that name none: in a container nobody has to see them. */
static bool names_no_variables(const struct orders *o)
{
	for (size_t i = 0; i < ORDER_HOOKS; i++)
		for (size_t k = 0; k < o->hooks[i].n; k++)
			if (!o->hooks[i].v[k].env || !o->hooks[i].v[k].env[0])
				return true;
	return false;
}

/*
 * A plain container needs no outside process: the program is executed in its namespaces at once.
 * Until then it shares our memory, so nobody else may be in its pid namespace.
 */
static bool can_be_alone(const struct orders *o)
{
	for (size_t i = 0; i < ORDER_HOOKS; i++)
		if (o->hooks[i].n > 0)
			return false;
	return o->outside.n == 0 && !o->uid_map && !o->listener_state &&
	       o->clone_flags & CLONE_NEWPID;
}

static int prepare(struct runtime_plan *plan, const struct launch *how, struct stage *s, int report,
		   struct err *e)
{
	int r = check_sockets(plan, how, e);

	if (r < 0)
		return r;
	*s = (struct stage){
		.program = init_image_fd(e),
		.stdio = {how->stdio[0], how->stdio[1], how->stdio[2]},
		.fds = {report, how->cgroup_fd, how->target, how->console_socket,
			how->listener_socket, how->start, how->result,
			how->gate ? how->gate[0] : -EBADF},
		.first = STAGE_STREAMS + how->n_preserved,
	};
	if (s->program < 0)
		return s->program;
	plan->orders.host_env = names_no_variables(&plan->orders) ? environ : NULL;
	plan->orders.directory = how->directory;
	plan->orders.state = how->state ? how->state : "{\"id\":\"\"";
	plan->orders.listener_state = plan->listener_path ? how->listener_state : NULL;
	plan->orders.n_preserved = how->n_preserved;
	plan->orders.is_alone = can_be_alone(&plan->orders);
	if (plan->orders.is_alone)
		s->fds[ORDER_FD_CGROUP] = -EBADF; /* it is born there */
	number_fds(plan, s);
	s->orders = sys_memory_file("orders");
	return s->orders < 0 ? err_sys(e, "making room for the plan")
			     : pack(&plan->orders, s->orders, e);
}

/* ---- what it tells --------------------------------------------------------------------- */

static bool read_report(int fd, struct child_report *ret)
{
	ssize_t n;

	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*ret);
}

/* Until the end of the pipe. The first failure is the cause of the others. Was anything said? */
static bool hear(int fd, pid_t *ret_pid, struct child_report *ret_failure)
{
	struct child_report report;
	bool heard = false;

	while (read_report(fd, &report)) {
		heard = true;
		report.path[sizeof(report.path) - 1] = '\0';
		report.detail[sizeof(report.detail) - 1] = '\0';
		if (report.code == 0)
			*ret_pid = report.pid;
		else if (ret_failure->code == 0)
			*ret_failure = report;
	}
	return heard;
}

static void wait_end(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_end(pid);
}

/*
 * There was a file when it was looked up, so that execve() finds none is about what it needs: the
 * interpreter of a script, or the loader of a program.
 */
static int failed(const struct child_report *failure, struct err *e)
{
	if (failure->kind == OP_EXEC && failure->code == -ENOENT)
		return err_set(
			e, -ENOEXEC, ERR_NOT_EXECUTABLE,
			"execute '%s': no such file or directory: its interpreter is missing",
			failure->path);
	return launch_error(failure, e);
}

static int conclude(const struct launch *how, pid_t pid, const struct child_report *failure,
		    struct runtime_process *ret, struct err *e)
{
	int pidfd;

	if (failure->code < 0) {
		if (pid > 0)
			end_process(pid);
		return failure->kind == OP_KIND_MAX
			       ? launch_clone_error(how->cgroup_fd, -failure->code, e)
			       : failed(failure, e);
	}
	if (pid <= 0)
		return err_set(e, -ECHILD, ERR_INTERNAL,
			       "the program that sets containers up has died");
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		int r = err_sys(e, "pidfd_open");

		end_process(pid);
		return r;
	}
	*ret = (struct runtime_process){.pid = pid, .pidfd = pidfd};
	return 0;
}

static int not_executed(int code, struct err *e)
{
	errno = -code;
	return err_sys(e, "executing the program that sets containers up");
}

/* The outside process tells which one it has made, and ends. */
static int run_outside(struct stage *s, int report, const struct launch *how,
		       struct runtime_process *ret, struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
	};
	struct child_report failure = {.code = 0};
	pid_t pid = launch_clone(&args, child_stage, s);
	pid_t inside = 0;

	if (pid < 0)
		return err_sys(e, "starting a process");
	s->report = fd_close(s->report); /* so that it ends with the others */
	hear(report, &inside, &failure);
	wait_end(pid);
	return s->code < 0 ? not_executed(s->code, e) : conclude(how, inside, &failure, ret, e);
}

static int run_alone(struct stage *s, int report, uint64_t clone_flags, const struct launch *how,
		     struct runtime_process *ret, struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND | clone_flags |
			 (how->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.exit_signal = SIGCHLD,
		.cgroup = how->cgroup_fd >= 0 ? (uint64_t)how->cgroup_fd : 0,
	};
	struct child_report failure = {.code = 0};
	pid_t pid = launch_clone(&args, child_stage, s);
	pid_t ignored;
	bool heard;

	if (pid < 0)
		return launch_clone_error(how->cgroup_fd, errno, e);
	s->report = fd_close(s->report);
	heard = hear(report, &ignored, &failure);
	if (s->code < 0 || !heard)
		end_process(pid);
	if (s->code < 0)
		return not_executed(s->code, e);
	return conclude(how, heard ? pid : 0, &failure, ret, e);
}

int launch_staged(struct runtime_plan *plan, const struct launch *how, struct runtime_process *ret,
		  struct err *e)
{
	struct stage s = {.orders = -EBADF};
	cleanup_close int report = -EBADF;
	int orders, ends[2];
	int r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "making a pipe");
	report = ends[0];
	r = prepare(plan, how, &s, ends[1], e);
	orders = s.orders; /* the child, in our memory, changes it */
	s.report = ends[1];
	if (r == 0)
		r = plan->orders.is_alone
			    ? run_alone(&s, report, plan->orders.clone_flags, how, ret, e)
			    : run_outside(&s, report, how, ret, e);
	fd_close(s.report); /* open still where nothing was started */
	fd_close(orders);
	return r;
}

void runtime_prepare_staged(void)
{
	init_image_fd(NULL);
}

/* ---- start ----------------------------------------------------------------------------- */

static int nobody(struct err *e)
{
	return err_set(e, -ESRCH, ERR_PRECONDITION, "no process waits to be started");
}

/* The result ends when it has been executed. A report comes before, another if it can't be. */
static int hear_result(int fd, struct err *e)
{
	struct child_report failure = {.code = 0};
	pid_t ignored;

	if (fcntl(fd, F_SETFL, 0) < 0)
		return err_sys(e, "waiting for the start");
	if (!hear(fd, &ignored, &failure))
		return err_set(e, -ESRCH, ERR_PRECONDITION,
			       "the process has died before it was started");
	return failure.code < 0 ? failed(&failure, e) : 0;
}

int runtime_start(const char *start, const char *result, struct err *e)
{
	cleanup_close int from = open(result, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int to = open(start, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	const char go = RUNTIME_LEAVE;

	if (from < 0)
		return err_sys(e, "opening '%s'", result);
	if (to < 0)
		return errno == ENXIO ? nobody(e) : err_sys(e, "opening '%s'", start);
	if (write(to, &go, 1) != 1)
		return err_sys(e, "starting");
	return hear_result(from, e);
}
