/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that turn the child into the container's process. */
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/launch.h"

enum { GATE_FD = 3 /* behind the standard streams */ };
enum { SIGNALS = 64 /* of every architecture we know */, CAPABILITY_BITS = 64 };

int child_join_network(struct child *c, const struct op *op)
{
	(void)op;
	return child_result(setns(c->network_fd, CLONE_NEWNET));
}

int child_hostname(struct child *c, const struct op *op)
{
	size_t n = 0;

	(void)c;
	while (op->path[n])
		n++;
	return child_result(sethostname(op->path, n));
}

int child_loopback_up(struct child *c, const struct op *op)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)c, (void)op;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) < 0)
		return -errno;
	lo.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return -errno;
	close(fd);
	return 0;
}

int child_new_session(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(setsid());
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/*
 * A process may change owner and mode of what its descriptors lead to. For the host's /dev/null it
 * gets the one of the container, where that has one.
 */
static int take_own_null(int fd)
{
	int how = is_null(fd) ? fcntl(fd, F_GETFL) : -1;
	int own = how < 0 ? -1
			  : openat(AT_FDCWD, "/dev/null",
				   (how & O_ACCMODE) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = 0;

	if (own >= 0 && is_null(own))
		r = child_result(dup2(own, fd));
	if (own >= 0)
		close(own);
	return r < 0 ? r : 0;
}

int child_stdio(struct child *c, const struct op *op)
{
	int high[3];

	(void)op;
	/* First out of the way: one of the three may sit where another has to go. */
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(c->stdio[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++) {
		int r = child_result(dup2(high[i], i));

		if (r >= 0)
			r = take_own_null(i);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without it the container could read keys of the daemon's session. */
int child_session_keyring(struct child *c, const struct op *op)
{
	int r = child_result(sys_join_session_keyring());

	(void)c, (void)op;
	return r == -ENOSYS || r == -EPERM || r > 0 ? 0 : r;
}

int child_umask(struct child *c, const struct op *op)
{
	(void)c;
	umask((mode_t)op->value);
	return 0;
}

int child_open_files(struct child *c, const struct op *op)
{
	struct rlimit files;

	(void)c;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	files.rlim_cur = op->value < files.rlim_max ? op->value : files.rlim_max;
	return child_result(setrlimit(RLIMIT_NOFILE, &files));
}

int child_bounding_set(struct child *c, const struct op *op)
{
	(void)c;
	for (unsigned cap = 0; cap < CAPABILITY_BITS; cap++) {
		if (op->value >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno; /* past the last one */
	}
	return 0;
}

/*
 * It may take as long as a disk. Until then the child holds nothing of the host's but the pipe's
 * end: no lock of the parent's, nor other writing ends of pipes, so that this one ends with the
 * parent.
 */
int child_gate(struct child *c, const struct op *op)
{
	char leave = 0;

	(void)op;
	if (!c->gate)
		return 0;
	if (dup2(c->gate[0], GATE_FD) < 0 || close_range(GATE_FD + 1, ~0u, 0) < 0 ||
	    read(GATE_FD, &leave, 1) < 0)
		return -errno;
	return leave == RUNTIME_LEAVE ? 0 : -ECANCELED;
}

int child_close_fds(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(close_range(3, ~0u, 0));
}

/*
 * Entered after all descriptors of the host are closed, so no /proc/self/fd link leads out,
 * and looked at again: a directory outside the root has no path that starts with a slash.
 */
int child_working_directory(struct child *c, const struct op *op)
{
	char path[LIMIT_PATH];
	int r;

	(void)c;
	if (chdir(op->path) < 0)
		return -errno;
	r = child_result(sys_getcwd(path, sizeof(path)));
	if (r < 0)
		return r;
	return path[0] == '/' ? 0 : -EXDEV;
}

int child_seccomp(struct child *c, const struct op *op)
{
	(void)op;
	return child_result(sys_seccomp_filter(&c->filter, 0));
}

int child_user(struct child *c, const struct op *op)
{
	const struct container_user *user = &c->plan->user;

	(void)op;
	if (sys_setgroups(user->n_groups, user->groups) < 0 ||
	    sys_setresgid(user->gid, user->gid, user->gid) < 0 ||
	    sys_setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

int child_capabilities(struct child *c, const struct op *op)
{
	const struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	(void)c;
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = (uint32_t)(op->value >> (32 * i));
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return child_result(sys_capset(&header, data));
}

/* Ignored signals would be inherited; daemons ignore SIGPIPE, nohup ignores SIGHUP. */
int child_parent_death(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

int child_signals(struct child *c, const struct op *op)
{
	sigset_t none;

	(void)c, (void)op;
	for (int i = 1; i <= SIGNALS; i++)
		if (i != SIGKILL && i != SIGSTOP && sys_signal_default(i) < 0)
			return -errno;
	sigemptyset(&none);
	return child_result(sigprocmask(SIG_SETMASK, &none, NULL));
}

/* As a shell does: what isn't there is passed over, what can't be run is remembered. */
int child_exec(struct child *c, const struct op *op)
{
	const struct runtime_plan *plan = c->plan;
	int r = -ENOENT;

	(void)op;
	for (size_t i = 0; i < plan->candidates.n; i++) {
		execve(plan->candidates.v[i], plan->args.v, strv_get(&plan->env));
		if (errno == ENOENT || errno == ENOTDIR)
			continue;
		r = -errno;
		c->report->path = plan->candidates.v[i];
		if (r != -EACCES)
			break;
	}
	return r;
}
