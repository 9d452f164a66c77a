/* SPDX-License-Identifier: Apache-2.0 */
/* The last operations: what the process may do is settled, then it waits and is executed. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"
#include "runtime/launch_words.h"

enum { STREAMS = 3, CAPABILITY_BITS = 64 };

/* ---- descriptors ----------------------------------------------------------------------- */

/* Close what lies between those that are still needed. */
static int close_but(int from, const int *needed, size_t n)
{
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < n; i++)
			if (needed[i] >= from && (next < 0 || needed[i] < next))
				next = needed[i];
		if (next < 0)
			return child_result(close_range((unsigned)from, ~0u, 0));
		if (next > from && close_range((unsigned)from, (unsigned)next - 1, 0) < 0)
			return -errno;
		from = next + 1;
	}
}

/* @more: one more that is needed */
static int close_unneeded(const struct child *c, int from, int more)
{
	const int *fds = c->orders->fds;
	const int needed[] = {more, fds[ORDER_FD_REPORT], fds[ORDER_FD_START], fds[ORDER_FD_RESULT],
			      fds[ORDER_FD_LISTENER]};

	return close_but(from, needed, sizeof(needed) / sizeof(needed[0]));
}

int child_close_fds(struct child *c, const struct op *op)
{
	(void)op;
	return close_unneeded(c, STREAMS + (int)c->orders->n_preserved, -1);
}

/*
 * It may take as long as a disk. Until then the child holds nothing of the host's but the pipe's
 * end: no lock of the parent's, nor other writing ends of pipes, so that this one ends with the
 * parent.
 */
int child_gate(struct child *c, const struct op *op)
{
	char leave = 0;
	int r;

	(void)op;
	if (c->gate < 0)
		return 0;
	r = close_unneeded(c, STREAMS + (int)c->orders->n_preserved, c->gate);
	if (r < 0)
		return r;
	if (read(c->gate, &leave, 1) < 0)
		return -errno;
	return leave == RUNTIME_LEAVE ? 0 : -ECANCELED;
}

/* mkdir -p in what is the root by now. */
static int make_directories(const char *path)
{
	char part[LIMIT_PATH];
	mode_t before = umask(0);
	size_t n = 0;
	int r = 0;

	do {
		n += strcspn(path + n + 1, "/") + 1;
		if (n >= sizeof(part))
			r = -ENAMETOOLONG;
		else
			memcpy(part, path, n);
		part[r == 0 ? n : 0] = '\0';
		if (r == 0 && mkdir(part, 0755) < 0 && errno != EEXIST)
			r = -errno;
	} while (r == 0 && path[n]);
	umask(before);
	return r;
}

/*
 * Entered after all directories of the host are closed, so no /proc/self/fd link leads out, and
 * looked at again: a directory outside the root has no path that starts with a slash.
 */
int child_working_directory(struct child *c, const struct op *op)
{
	char path[LIMIT_PATH];
	int r = child_result(chdir(op->path));

	(void)c;
	if (r == -ENOENT && op->flags & OP_CREATE)
		r = make_directories(op->path) < 0 ? -ENOENT : child_result(chdir(op->path));
	if (r < 0)
		return r;
	r = child_result(sys_getcwd(path, sizeof(path)));
	if (r < 0)
		return r;
	return path[0] == '/' ? 0 : -EXDEV;
}

/* ---- what it may do -------------------------------------------------------------------- */

int child_label(struct child *c, const struct op *op)
{
	return child_write_proc(c, op->path, op->target);
}

int child_no_new_privileges(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* The message of the runtime-spec (config-linux.md, "The Container Process State"). */
static int send_listener(const struct child *c, int fd)
{
	struct child_number pid = child_number((uint64_t)c->pid);
	const char *const message[] = {c->orders->listener_state, pid.text,
				       ",\"fds\":[\"seccompFd\"]}"};

	return child_send_fd(c->orders->fds[ORDER_FD_LISTENER], fd, message, 3);
}

int child_seccomp(struct child *c, const struct op *op)
{
	const struct sock_fprog program = {
		.len = (unsigned short)c->orders->n_filter,
		.filter = c->orders->filter,
	};
	int r = child_result(sys_seccomp_filter(&program, c->orders->filter_flags));
	int fd;

	(void)op;
	if (r < 0 || !c->orders->listener_state)
		return r < 0 ? r : 0;
	fd = r;
	r = send_listener(c, fd);
	close(fd);
	return r;
}

/* Not a device that the host has for all; and what can't be given away stays as it is. */
int child_own_streams(struct child *c, const struct op *op)
{
	(void)c;
	for (int fd = 0; fd < STREAMS; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_uid == op->uid || (S_ISCHR(st.st_mode) && !isatty(fd)))
			continue;
		if (fchown(fd, op->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL &&
		    errno != EROFS && errno != EACCES)
			return -errno;
	}
	return 0;
}

int child_user(struct child *c, const struct op *op)
{
	const struct orders *o = c->orders;

	(void)op;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	/* A namespace whose groups can't be set has none to be taken away either. */
	if (sys_setgroups(o->n_groups, o->groups) < 0 && (errno != EPERM || o->n_groups > 0))
		return -errno;
	if (sys_setresgid(o->gid, o->gid, o->gid) < 0 || sys_setresuid(o->uid, o->uid, o->uid) < 0)
		return -errno;
	return child_result(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
}

static int raise_ambient(uint64_t set)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (unsigned cap = 0; cap < CAPABILITY_BITS; cap++)
		if (set >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

int child_capabilities(struct child *c, const struct op *op)
{
	const struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(op->value >> (32 * i));
		data[i].permitted = (uint32_t)(op->other >> (32 * i));
		data[i].inheritable = (uint32_t)(c->orders->inheritable >> (32 * i));
	}
	if (sys_capset(&header, data) < 0)
		return -errno;
	return raise_ambient(c->orders->ambient);
}

int child_parent_death(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

/* Ignored signals would be inherited; daemons ignore SIGPIPE, nohup ignores SIGHUP. */
int child_signals(struct child *c, const struct op *op)
{
	sigset_t none;

	(void)c, (void)op;
	for (int i = 1; i <= SYS_SIGNALS; i++)
		if (i != SIGKILL && i != SIGSTOP && sys_signal_default(i) < 0)
			return -errno;
	sigemptyset(&none);
	return child_result(sigprocmask(SIG_SETMASK, &none, NULL));
}

/* ---- the command ----------------------------------------------------------------------- */

/* Whether there is a command is told when the container is created, not when it is started. */
int child_look_up(struct child *c, const struct op *op)
{
	int r = -ENOENT;

	for (char **file = c->orders->candidates; *file; file++) {
		struct stat st;

		if (fstatat(AT_FDCWD, *file, &st, 0) < 0) {
			if (errno == ENOTDIR && strchr(op->path, '/'))
				return -ENOTDIR;
			if (errno == EPERM || errno == ENOSYS)
				return 0; /* a filter forbids to look */
			continue;
		}
		if (S_ISREG(st.st_mode) && (sys_faccessat2(*file, X_OK) == 0 || errno != EACCES))
			return 0;
		r = -EACCES;
		child_blame(c, *file);
	}
	return r;
}

/*
 * All is set up: who launched is told by the end of the report, and who starts gets the next one.
 */
int child_start(struct child *c, const struct op *op)
{
	const int *fds = c->orders->fds;
	char go;

	(void)op;
	if (fds[ORDER_FD_START] < 0)
		return 0;
	close(c->report_fd);
	c->report_fd = fds[ORDER_FD_RESULT];
	return read(fds[ORDER_FD_START], &go, 1) == 1 ? 0 : -ECANCELED;
}

/* So that who starts can tell the end by execve() from an end before it. */
static void tell_that_it_is_started(struct child *c)
{
	ssize_t n;

	c->report->pid = c->pid;
	n = write(c->report_fd, c->report, sizeof(*c->report));
	(void)n; /* nobody may be there to be told */
}

/* As a shell does: what isn't there is passed over, what can't be run is remembered. */
int child_exec(struct child *c, const struct op *op)
{
	const struct orders *o = c->orders;
	int r = -ENOENT;

	if (o->fds[ORDER_FD_START] >= 0)
		tell_that_it_is_started(c);
	for (char **file = o->candidates; *file; file++) {
		execve(*file, o->args, o->env);
		if (errno == ENOENT || (errno == ENOTDIR && !strchr(op->path, '/')))
			continue;
		r = -errno;
		child_blame(c, *file);
		if (r != -EACCES)
			break;
	}
	return r;
}
