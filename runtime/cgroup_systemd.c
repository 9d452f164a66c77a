/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_systemd.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/cgroup_find.h"
#include "runtime/scope_words.h"

#define HELPER "anchord-scope"

/* ---- the keeper ------------------------------------------------------------------------ */

/* A child that does nothing; with nothing of ours but its memory, and it ends with us. */
static int start_keeper(pid_t *ret, struct err *e)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return err_sys(e, "starting a process for the scope");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "anchord-keeper");
		close_range(0, ~0U, 0);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	*ret = pid;
	return 0;
}

static void stop_keeper(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- anchord-scope --------------------------------------------------------------------- */

/* Beside this program, or where it is installed. */
static void find_helper(char ret[LIMIT_PATH])
{
	char own[LIMIT_PATH - sizeof(HELPER) - 1] = "";
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n > 0) {
		path_parent(own, ret);
		strcat(strcat(ret, "/"), HELPER);
		if (access(ret, X_OK) == 0)
			return;
	}
	strcpy(ret, ANCHOR_LIBEXEC "/" HELPER);
}

/* Its standard input is @socket. No signal is blocked in it: it can be stopped. */
static int spawn(const char *path, int socket, pid_t *ret, struct err *e)
{
	char *const argv[] = {(char *)(uintptr_t)HELPER, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int code;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	code = posix_spawn(ret, path, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	errno = code;
	if (code == ENOENT || code == EACCES)
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
			       "the systemd cgroup driver needs '%s': %s", path, strerror(code));
	return code == 0 ? 0 : err_sys(e, "starting '%s'", path);
}

static int converse(int socket, const struct scope_request *q, struct scope_answer *ret,
		    struct err *e)
{
	errno = 0;
	if (send(socket, q, sizeof(*q), MSG_NOSIGNAL) == sizeof(*q) &&
	    shutdown(socket, SHUT_WR) == 0 &&
	    recv(socket, ret, sizeof(*ret), MSG_WAITALL) == sizeof(*ret))
		return 0;
	if (errno == EAGAIN)
		return err_set(e, -ETIMEDOUT, ERR_DEADLINE, HELPER " doesn't answer");
	return err_set(e, -ECHILD, ERR_INTERNAL, HELPER " has died, or is of another version");
}

/* The helper's own ones are shorter. */
static int set_deadline(int socket, struct err *e)
{
	const struct timeval deadline = {.tv_sec = SCOPE_SEC};

	if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)) < 0)
		return err_sys(e, "setting a deadline");
	return 0;
}

static int ask(struct scope_request *q, struct err *e)
{
	struct scope_answer answer = {.error = ERR_NONE};
	char path[LIMIT_PATH];
	int sockets[2], r;
	pid_t pid;

	strcpy(q->version, ANCHOR_VERSION);
	q->asker = getpid();
	find_helper(path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return err_sys(e, "making a socket");
	r = set_deadline(sockets[0], e);
	if (r == 0)
		r = spawn(path, sockets[1], &pid, e);
	close(sockets[1]);
	if (r == 0) {
		r = converse(sockets[0], q, &answer, e);
		kill(pid, SIGKILL); /* the answer was all */
		waitpid(pid, NULL, 0);
	}
	close(sockets[0]);
	if (r == 0 && answer.result < 0 && e)
		*e = answer.error;
	return r < 0 ? r : answer.result;
}

/* ---------------------------------------------------------------------------------------- */

int cgroup_systemd_start(const char *id, const char *cgroups_path,
			 const struct container_resources *resources, pid_t *ret_keeper,
			 char ret_path[LIMIT_PATH], struct err *e)
{
	struct scope_request q = {.call = SCOPE_START};
	ssize_t n = cgroup_systemd_properties(resources, q.properties, e);
	int r = n < 0 ? (int)n : cgroup_systemd_names(id, cgroups_path, &q.names, e);

	if (r == 0)
		r = start_keeper(&q.keeper, e);
	if (r < 0)
		return r;
	q.n_properties = (size_t)n;
	snprintf(q.description, sizeof(q.description), "%s", id);
	r = ask(&q, e);
	if (r == 0)
		r = cgroup_find_process(q.keeper, ret_path, e);
	if (r < 0) {
		stop_keeper(q.keeper);
		return r;
	}
	*ret_keeper = q.keeper;
	return 0;
}

int cgroup_systemd_stop(const char *unit, struct err *e)
{
	struct scope_request q = {.call = SCOPE_STOP};
	int r;

	snprintf(q.names.unit, sizeof(q.names.unit), "%s", unit);
	r = ask(&q, e);
	if (r != -EHOSTDOWN && r != -ENOENT)
		return r;
	err_clear(e);
	return 0;
}
