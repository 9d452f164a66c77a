/* SPDX-License-Identifier: Apache-2.0 */
/* HOOKS: programs that run beside, with the state document as their input. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"
#include "runtime/launch_words.h"

enum { HOOK_NOT_RUN = 127 };

struct running {
	const struct order_hook *hook;
	char **env;
	const char *directory; /* NULL: as it is */
	int in, out;
	int code; /* -errno of what kept it from running */
};

/* In a child of the one that waits, which shares its memory: only what leads to execve(). */
static int become_hook(void *arg)
{
	struct running *run = arg;
	sigset_t no_signal;

	if ((!run->directory || chdir(run->directory) == 0) && dup2(run->in, 0) >= 0 &&
	    dup2(run->out, 1) >= 0 && dup2(run->out, 2) >= 0 && close_range(3, ~0u, 0) >= 0) {
		for (int i = 1; i <= SYS_SIGNALS; i++)
			if (i != SIGKILL && i != SIGSTOP)
				sys_signal_default(i);
		sigemptyset(&no_signal);
		sigprocmask(SIG_SETMASK, &no_signal, NULL);
		execve(run->hook->path, run->hook->args, run->env);
	}
	run->code = -errno;
	return HOOK_NOT_RUN;
}

/* The end of what it wrote. */
static void last_words(int out, char ret[CHILD_DETAIL])
{
	struct stat st;
	off_t from;
	ssize_t n;

	if (fstat(out, &st) < 0)
		return;
	from = st.st_size > CHILD_DETAIL - 1 ? st.st_size - (CHILD_DETAIL - 1) : 0;
	n = pread(out, ret, CHILD_DETAIL - 1, from);
	while (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n > 0 ? n : 0] = '\0';
}

static int result_of(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int wait_for(pid_t pid, int pidfd, uint64_t timeout_usec)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int wait = timeout_usec ? (int)((timeout_usec + 999) / 1000) : -1;
	int status = 0, r;

	do
		r = poll(&end, 1, wait);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		return -ETIMEDOUT;
	return result_of(status);
}

/* Where a filter of the container's knows neither clone3() nor descriptors of processes. */
static int run_forked(struct running *run)
{
	enum { STEP_MSEC = 10 };
	struct clone_args args = {.exit_signal = SIGCHLD};
	uint64_t left = run->hook->timeout_usec / 1000 + STEP_MSEC;
	pid_t pid = sys_fork_into(&args, become_hook, run);
	int status;

	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (run->hook->timeout_usec && left <= STEP_MSEC) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return -ETIMEDOUT;
		}
		left -= STEP_MSEC;
		poll(NULL, 0, STEP_MSEC);
	}
	return result_of(status);
}

static int run(struct running *run, char ret_detail[CHILD_DETAIL])
{
	int pidfd = -EBADF, r;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3_vfork(&args, become_hook, run);

	if (pid < 0 && errno != ENOSYS)
		return -errno;
	r = pid < 0 ? run_forked(run) : wait_for(pid, pidfd, run->hook->timeout_usec);
	if (pidfd >= 0)
		close(pidfd);
	if (run->code < 0)
		return run->code;
	if (r < 0)
		last_words(run->out, ret_detail);
	return r;
}

static int write_state(int fd, const struct hook_state *state)
{
	size_t n_head = strlen(state->head), n_tail = strlen(state->tail);

	if (pwrite(fd, state->head, n_head, 0) != (ssize_t)n_head ||
	    pwrite(fd, state->tail, n_tail, (off_t)n_head) != (ssize_t)n_tail)
		return -errno;
	return 0;
}

int child_run_hook(const struct order_hook *hook, const struct hook_state *state,
		   char ret_detail[CHILD_DETAIL])
{
	struct running running = {
		.hook = hook,
		.env = hook->env && hook->env[0] ? hook->env : state->env,
		.directory = state->directory,
		.in = sys_memory_file("hook-input"),
		.out = sys_memory_file("hook-output"),
	};
	int r = running.in < 0 || running.out < 0 ? -errno : write_state(running.in, state);

	if (r == 0)
		r = run(&running, ret_detail);
	if (running.in >= 0)
		close(running.in);
	if (running.out >= 0)
		close(running.out);
	return r;
}

struct hook_state hook_state(const char *head, const char *status, pid_t pid)
{
	struct child_number number = child_number((uint64_t)pid);
	struct hook_state state = {.head = head};
	size_t n = child_append(state.tail, 0, sizeof(state.tail), ",\"status\":\"");

	n = child_append(state.tail, n, sizeof(state.tail), status);
	n = child_append(state.tail, n, sizeof(state.tail), "\",\"pid\":");
	n = child_append(state.tail, n, sizeof(state.tail), number.text);
	child_append(state.tail, n, sizeof(state.tail), "}\n");
	return state;
}

int child_run_hooks(struct child *c, enum hook_kind kind, pid_t pid)
{
	const struct order_hooks *hooks = &c->orders->hooks[kind];
	const char *status = kind == HOOK_START_CONTAINER ? "created" : "creating";
	const struct orders *o = c->orders;
	bool is_inside = kind == HOOK_START_CONTAINER;
	struct hook_state state = hook_state(o->state, status, pid);
	mode_t before = 0;
	int r = 0;

	state.env = is_inside ? o->env : o->host_env;
	state.directory = is_inside ? NULL : o->directory;
	if (!is_inside)
		before = umask(c->umask);
	for (size_t i = 0; r == 0 && i < hooks->n; i++) {
		r = child_run_hook(&hooks->v[i], &state, c->report->detail);
		if (r < 0)
			child_blame(c, hooks->v[i].path);
	}
	if (!is_inside)
		umask(before);
	return r;
}

/* Those of the runtime's namespaces are run by the outside process. */
static int ask_outside(const struct child *c)
{
	char word = SYNC_HOOKS;

	if (write(c->sync, &word, 1) != 1 || read(c->sync, &word, 1) != 1 || word != SYNC_DONE)
		return -ECANCELED;
	return 0;
}

int child_hooks(struct child *c, const struct op *op)
{
	if (op->value == HOOK_CREATE_RUNTIME)
		return ask_outside(c);
	return child_run_hooks(c, (enum hook_kind)op->value, c->pid);
}
