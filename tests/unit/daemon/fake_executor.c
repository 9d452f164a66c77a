/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/daemon/fake_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/limits.h"

struct executor {
	atomic_int n_reloads;
};

struct exec {
	struct exec_request request;
	pid_t pid;
	int pidfd;
};

struct executor *fake_executor_new(void)
{
	return calloc(1, sizeof(struct executor));
}

struct executor *executor_free(struct executor *ex)
{
	free(ex);
	return NULL;
}

int executor_reload(struct executor *ex, struct err *e)
{
	(void)e;
	ex->n_reloads++;
	return 0;
}

json_t *executor_authorities_json(struct executor *ex)
{
	return json_pack("{s:i}", "reloads", (int)ex->n_reloads);
}

json_t *executor_info_json(struct executor *ex)
{
	return json_pack("{s:i}", "reloads", (int)ex->n_reloads);
}

int executor_explain(struct executor *ex, const struct exec_request *q, const char *path,
		     json_t **ret, struct err *e)
{
	(void)ex;
	if (path && strcmp(path, "/loop") == 0)
		return err_set(e, -ELOOP, ERR_INVALID, "path: resolving '/loop'");
	if (q->mounts.n > 0 && strcmp(q->mounts.v[0].type, "slow") == 0)
		usleep(300000);
	*ret = json_pack("{s:i, s:i, s:s*}", "rootfs", (int)q->rootfs.n, "mounts", (int)q->mounts.n,
			 "path", path);
	return 0;
}

int executor_repair(struct executor *ex, const struct repair_request *q, json_t **ret,
		    struct err *e)
{
	(void)ex;
	if (q->forget && q->ids.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "forget: say which");
	*ret = json_pack("{s:b, s:b, s:i, s:s*, s:[{s:s, s:s}]}", "dry_run", q->dry_run, "forget",
			 q->forget, "n", (int)q->ids.n, "first", strv_get(&q->ids)[0], "leftovers",
			 "id", "x", "result", "undone");
	return 0;
}

void exec_request_init(struct exec_request *q)
{
	*q = (struct exec_request){.args = STRV(LIMIT_ARGS),
				   .env = STRV(LIMIT_ENV),
				   .authorities = STRV(LIMIT_AUTHORITIES),
				   .strategies = STRV(LIMIT_AUTHORITIES),
				   .stdio = {-EBADF, -EBADF, -EBADF}};
}

void exec_request_done(struct exec_request *q)
{
	char *const strings[] = {q->id,   q->default_upper, q->cwd,
				 q->user, q->hostname,      q->network_path};

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	mount_specs_done(&q->rootfs);
	mount_specs_done(&q->mounts);
	strv_done(&q->args);
	strv_done(&q->env);
	strv_done(&q->authorities);
	strv_done(&q->strategies);
	for (int i = 0; i < 3; i++)
		fd_close(q->stdio[i]);
	exec_request_init(q);
}

static bool says(const struct exec_request *q, const char *key, const char *value)
{
	const char *said = strv_value(&q->env, key);

	return said && strcmp(said, value) == 0;
}

int exec_new(struct executor *ex, struct exec_request *q, struct exec **ret, struct err *e)
{
	struct exec *x;

	(void)ex;
	if (says(q, "FAKE_NEW", "fail"))
		return err_set(e, -EINVAL, ERR_INVALID, "cwd: must be absolute");
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_oom(e);
	x->request = *q;
	x->pidfd = -EBADF;
	exec_request_init(q);
	*ret = x;
	return 0;
}

struct exec *exec_free(struct exec *x)
{
	if (!x)
		return NULL;
	exec_request_done(&x->request);
	fd_close(x->pidfd);
	free(x);
	return NULL;
}

const char *exec_id(const struct exec *x)
{
	return x->request.id;
}

int exec_start(struct exec *x, struct err *e)
{
	const char *msec = strv_value(&x->request.env, "FAKE_START_MSEC");
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error;

	if (msec)
		usleep((useconds_t)atoi(msec) * 1000);
	if (says(&x->request, "FAKE_START", "fail"))
		return err_set(e, -ENOENT, ERR_COMMAND_NOT_FOUND, "'%s' is not in PATH",
			       x->request.args.v[0]);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	for (int i = 0; i < 3; i++) {
		if (x->request.stdio[i] >= 0)
			posix_spawn_file_actions_adddup2(&files, x->request.stdio[i], i);
		else
			posix_spawn_file_actions_addopen(&files, i, "/dev/null", O_RDWR, 0);
	}
	error = posix_spawnp(&x->pid, x->request.args.v[0], &files, &attr, x->request.args.v,
			     environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (error)
		return err_set(e, -error, ERR_NOT_EXECUTABLE, "spawn");
	x->pidfd = pidfd_open(x->pid, 0);
	return 0;
}

int exec_pidfd(const struct exec *x)
{
	return x->pidfd;
}

pid_t exec_pid(const struct exec *x)
{
	return x->pid;
}

int exec_kill(struct exec *x, int number, bool all, struct err *e)
{
	if (kill(all ? -x->pid : x->pid, all ? SIGKILL : number) < 0)
		return err_set(e, -ESRCH, ERR_PRECONDITION, "the process has ended");
	return 0;
}

int exec_finish(struct exec *x, struct runtime_exit *ret_exit, struct err *e)
{
	siginfo_t info;

	if (x->pid > 0) {
		kill(-x->pid, SIGKILL);
		waitid(P_PIDFD, (id_t)x->pidfd, &info, WEXITED);
		*ret_exit = (struct runtime_exit){.code = info.si_status};
		if (info.si_code != CLD_EXITED)
			*ret_exit = (struct runtime_exit){128 + info.si_status, info.si_status};
	}
	if (says(&x->request, "FAKE_FINISH", "fail")) {
		err_set(e, -EIO, ERR_CLEANUP, "undoing: '/etc/ssl' is read-only");
		e->dirty = 1;
		return -EIO;
	}
	return 0;
}

json_t *exec_receipt(const struct exec *x)
{
	json_t *receipt = json_pack("{s:s}", "family", "fake");

	for (int i = 0; says(&x->request, "FAKE_RECEIPT", "long") && i < 100000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "a key number %d", i);
		json_object_set_new(receipt, key, json_true());
	}
	return receipt;
}
