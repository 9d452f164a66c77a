/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/process.h"
#include "runc/errors.h"

enum { FREEZE_USEC = 500000 };

static int signal_first(int pidfd, int signal, struct err *e)
{
	if (pidfd < 0)
		return error_not_running(e);
	if (pidfd_send_signal(pidfd, signal, NULL, 0) == 0)
		return 0;
	return errno == ESRCH ? error_not_running(e) : err_sys(e, "unable to signal init");
}

/* Nobody forks while they are counted. */
static int signal_each(const struct container_cgroup *cgroup, int signal, struct err *e)
{
	cleanup_cgroup_pids struct cgroup_pids pids = {.n = 0};
	bool was_frozen = container_cgroup_is_frozen(cgroup, NULL) == 1;
	int r;

	if (!was_frozen)
		container_cgroup_freeze(cgroup, FREEZE_USEC,
					NULL); /* else it is a bit less exact */
	r = container_cgroup_pids(cgroup, &pids, e);
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		if (pids.v[i] > 0)
			kill(pids.v[i], signal); /* one that has ended is fine */
	if (!was_frozen)
		container_cgroup_thaw(cgroup, FREEZE_USEC, NULL);
	return r;
}

static int signal_all(const struct container *c, int signal, struct err *e)
{
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	int r = container_find_cgroup(c, &cgroup, e);

	if (r == -ENOENT) {
		err_clear(e); /* nobody is in it, then */
		return 0;
	}
	if (r < 0)
		return r;
	return signal == SIGKILL ? container_cgroup_kill(&cgroup, e)
				 : signal_each(&cgroup, signal, e);
}

int kill_container(const struct container *c, int pidfd, int signal, bool is_all, struct err *e)
{
	bool ends_all = signal == SIGKILL && !c->state.has_pid_namespace;
	int r;

	if (!c->state.cgroup || (!is_all && !ends_all))
		return signal_first(pidfd, signal, e);
	if (!is_all && pidfd < 0)
		return error_not_running(e);
	r = signal_all(c, signal, e);
	/* It may have left the cgroup. */
	if (r == 0 && pidfd >= 0 && signal == SIGKILL)
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	return r;
}

int kill_and_wait(const struct container *c, int pidfd, int timeout_msec, struct err *e)
{
	int r = kill_container(c, pidfd, SIGKILL, false, e);

	if (r == -ESRCH)
		err_clear(e);
	else if (r < 0)
		return r;
	if (pidfd < 0 || process_wait(pidfd, timeout_msec))
		return 0;
	return err_set(e, -ETIMEDOUT, ERR_DEADLINE, "container init still running");
}
