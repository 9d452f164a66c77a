/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/seccomp.h"

/* clang-format off */
/* What execve() says of a command that isn't there or can't be run, in words of a shell. */
static const struct {
	int code;
	int r;
	enum err_kind kind;
	const char *words;
} exec_failures[] = {
	{ENOENT,    -ENOENT,  ERR_COMMAND_NOT_FOUND, "command not found"},
	{ENOTDIR,   -ENOENT,  ERR_COMMAND_NOT_FOUND, "command not found"},
	{EACCES,    -EACCES,  ERR_NOT_EXECUTABLE,    "permission denied"},
	{EPERM,     -EACCES,  ERR_NOT_EXECUTABLE,    "operation not permitted"},
	{ENOEXEC,   -ENOEXEC, ERR_NOT_EXECUTABLE,    "exec format error"},
	{EISDIR,    -EACCES,  ERR_NOT_EXECUTABLE,    "is a directory"},
	{ELIBBAD,   -ENOEXEC, ERR_NOT_EXECUTABLE,    "its interpreter has an unknown format"},
	{ETXTBSY,   -EACCES,  ERR_NOT_EXECUTABLE,    "text file busy"},
	{E2BIG,     -E2BIG,   ERR_INVALID,           "arguments and environment are too long"},
};
/* clang-format on */

static int exec_error(const struct child_report *report, struct err *e)
{
	const char *path = report->path ? report->path : report->op->path;

	for (size_t i = 0; i < ARRAY_SIZE(exec_failures); i++)
		if (exec_failures[i].code == -report->code)
			return err_set(e, exec_failures[i].r, exec_failures[i].kind,
				       "execute '%s': %s", path, exec_failures[i].words);
	errno = -report->code;
	return err_sys(e, "execute '%s'", path);
}

/* The child's report as an error of ours. */
static int step_error(const struct child_report *report, struct err *e)
{
	const char *path = report->path ? report->path : report->op->path;
	const char *words = op_words(report->op->kind);
	const char *detail = report->detail;
	bool missing = report->code == -ENOENT && path && path[0] == '/';

	if (report->op->kind == OP_EXEC)
		return exec_error(report, e);
	if (report->code == -EXDEV)
		return err_set(e, report->code, ERR_INVALID,
			       "%s '%s': it doesn't lie where it has to in the container", words,
			       path);
	if (strncmp(detail, "e ", 2) == 0)
		detail += 2;
	return err_set(e, report->code, missing ? ERR_NOT_FOUND : ERR_INTERNAL, "%s%s%s%s: %s%s%s",
		       words, path ? " '" : "", path ? path : "", path ? "'" : "",
		       *detail ? detail : "", *detail ? ": " : "", strerror(-report->code));
}

/*
 * No handler of ours may run in the child, so every signal is blocked around the call; the
 * child gets default actions and unblocks at its very end.
 */
static pid_t clone_child(struct child *c, struct clone_args *args)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = sys_clone3_vfork(args, child_main, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int clone_error(int cgroup_fd, struct err *e)
{
	if (cgroup_fd >= 0)
		return err_sys(e, "starting a process in the container's cgroup");
	return err_sys(e, "starting a process in namespaces of its own");
}

/* Everything that takes memory or may block on the host, before the child exists. */
static int prepare(const struct runtime_plan *plan, struct child *c, struct err *e)
{
	int r = seccomp_compile(seccomp_default(), /* cache= */ NULL, &c->filter, e);

	if (r < 0 || !plan->network_path)
		return r;
	c->network_fd = open(plan->network_path, O_RDONLY | O_CLOEXEC);
	if (c->network_fd < 0)
		return err_sys(e, "network namespace '%s'", plan->network_path);
	return 0;
}

static int start(struct child *c, int cgroup_fd, struct runtime_process *ret, struct err *e)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 c->plan->clone_flags | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	pid_t pid = clone_child(c, &args);

	if (pid < 0)
		return clone_error(cgroup_fd, e);
	if (c->report->code < 0) {
		siginfo_t info;

		waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
		fd_close(pidfd);
		return step_error(c->report, e);
	}
	*ret = (struct runtime_process){.pid = pid, .pidfd = pidfd};
	return 0;
}

int runtime_launch(struct runtime_plan *plan, int cgroup_fd, const int *gate, const int stdio[3],
		   struct runtime_process *ret, struct err *e)
{
	struct child_report report = {.code = 0};
	struct child c = {
		.plan = plan,
		.gate = gate,
		.stdio = stdio,
		.network_fd = -EBADF,
		.report = &report,
		CHILD_START,
	};
	int r;

	if (plan->launched)
		return err_set(e, -EINVAL, ERR_PRECONDITION, "the plan was launched before");
	plan->launched = true;
	r = prepare(plan, &c, e);
	if (r == 0)
		r = start(&c, cgroup_fd, ret, e);
	fd_close(c.network_fd);
	seccomp_program_done(&c.filter);
	return r < 0 ? err_wrap(e, r, "starting the container") : 0;
}

int runtime_reap(struct runtime_process *p, struct runtime_exit *ret, struct err *e)
{
	siginfo_t info = {0};

	while (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_sys(e, "waiting for process %d", p->pid);
	if (info.si_code == CLD_EXITED)
		*ret = (struct runtime_exit){.code = info.si_status};
	else
		*ret = (struct runtime_exit){.code = 128 + info.si_status,
					     .signal = info.si_status};
	return 0;
}
