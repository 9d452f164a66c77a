/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/launch.h"

#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/launch_parts.h"

/* clang-format off */
/* What execve() says of a command that isn't there or can't be run, in words of a shell. */
static const struct {
	int code;
	int r;
	enum err_kind kind;
	const char *words;
} exec_failures[] = {
	{ENOENT,    -ENOENT,  ERR_COMMAND_NOT_FOUND, "command not found"},
	{ENOTDIR,   -ENOENT,  ERR_COMMAND_NOT_FOUND, "not a directory"},
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
	for (size_t i = 0; i < ARRAY_SIZE(exec_failures); i++)
		if (exec_failures[i].code == -report->code)
			return err_set(e, exec_failures[i].r, exec_failures[i].kind,
				       "execute '%s': %s", report->path, exec_failures[i].words);
	errno = -report->code;
	return err_sys(e, "execute '%s'", report->path);
}

static int hook_error(const struct child_report *report, struct err *e)
{
	const char *words = report->code == -ETIMEDOUT ? "it ran longer than its timeout"
			    : report->code == -ECHILD  ? "it failed"
						       : strerror(-report->code);
	const char *kind = report->value < HOOK_MAX ? hook_names[report->value] : "";

	return err_set(e, report->code, report->code == -ETIMEDOUT ? ERR_LIMIT : ERR_PRECONDITION,
		       "%s hook '%s': %s%s%s", kind, report->path, words,
		       report->detail[0] ? ": " : "", report->detail);
}

int launch_error(const struct child_report *report, struct err *e)
{
	const char *words = report->kind < OP_KIND_MAX ? op_words((enum op_kind)report->kind) : "";
	const char *path = report->path, *detail = report->detail;
	bool missing = report->code == -ENOENT && path[0] == '/';
	bool quotes = path[0] != '\0';

	if (report->kind == OP_EXEC || report->kind == OP_LOOK_UP)
		return exec_error(report, e);
	if (report->kind == OP_HOOKS)
		return hook_error(report, e);
	if (report->code == -EXDEV)
		return err_set(e, report->code, ERR_INVALID,
			       "%s '%s': it doesn't lie where it has to in the container", words,
			       path);
	if (report->kind == OP_LABEL && (report->code == -ENOENT || report->code == -EINVAL))
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
			       "label in '%s': this kernel has no security module for it", path);
	if (strncmp(detail, "e ", 2) == 0)
		detail += 2;
	return err_set(e, report->code, missing ? ERR_NOT_FOUND : ERR_INTERNAL, "%s%s%s%s: %s%s%s",
		       words, quotes ? " '" : "", path, quotes ? "'" : "", detail,
		       *detail ? ": " : "", strerror(-report->code));
}

int launch_compile_filter(struct runtime_plan *plan, const char *cache, struct err *e)
{
	int r;

	if (!plan->seccomp)
		return 0;
	r = seccomp_compile(plan->seccomp, cache, &plan->program, e);
	if (r < 0)
		return r;
	plan->orders.filter = plan->program.filter;
	plan->orders.n_filter = plan->program.len;
	plan->orders.filter_flags = seccomp_policy_flags(plan->seccomp);
	return 0;
}

/* ---- direct ---------------------------------------------------------------------------- */

/* What is played outside by another program, a child of ours plays itself. */
static int play_all(void *arg)
{
	struct child *c = arg;

	umask(0); /* modes of nodes and directories are meant as they are written */
	if (child_play(c, &c->orders->outside) == 0)
		child_play(c, &c->orders->inside);
	return 125; /* nobody sees it: the parent reads the report */
}

/*
 * No handler of ours may run in the child, so every signal is blocked around the call; the
 * child gets default actions and unblocks at its very end.
 */
pid_t launch_clone(struct clone_args *args, int (*child)(void *), void *arg)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = sys_clone3_vfork(args, child, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

int launch_clone_error(int cgroup_fd, int code, struct err *e)
{
	errno = code;
	if (cgroup_fd >= 0)
		return err_sys(e, "starting a process in the container's cgroup");
	return err_sys(e, "starting a process in namespaces of its own");
}

static int launch_direct(struct runtime_plan *plan, const struct launch *how,
			 struct runtime_process *ret, struct err *e)
{
	struct child_report report = {.code = 0};
	struct child c = {
		.orders = &plan->orders,
		.gate = how->gate ? how->gate[0] : -EBADF,
		.stdio = {how->stdio[0], how->stdio[1], how->stdio[2]},
		.sync = -EBADF,
		.attends = -EBADF,
		.report = &report,
		.report_fd = -EBADF,
		CHILD_START,
	};
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 plan->orders.clone_flags | (how->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = how->cgroup_fd >= 0 ? (uint64_t)how->cgroup_fd : 0,
	};
	pid_t pid = launch_clone(&args, play_all, &c);

	if (pid < 0)
		return launch_clone_error(how->cgroup_fd, errno, e);
	if (report.code < 0) {
		siginfo_t info;

		waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
		fd_close(pidfd);
		return launch_error(&report, e);
	}
	*ret = (struct runtime_process){.pid = pid, .pidfd = pidfd};
	return 0;
}

/* ---------------------------------------------------------------------------------------- */

int runtime_launch(struct runtime_plan *plan, const struct launch *how, struct runtime_process *ret,
		   struct err *e)
{
	int r;

	if (plan->launched)
		return err_set(e, -EINVAL, ERR_PRECONDITION, "the plan was launched before");
	plan->launched = true;
	r = launch_compile_filter(plan, how->seccomp_cache, e);
	if (r == 0)
		r = plan->is_staged ? launch_staged(plan, how, ret, e)
				    : launch_direct(plan, how, ret, e);
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
