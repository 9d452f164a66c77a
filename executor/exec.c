/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/exec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>

#include "base/hex.h"
#include "base/limits.h"
#include "executor/internal.h"

/* ---- the request ------------------------------------------------------------------------- */

void exec_request_init(struct exec_request *q)
{
	*q = (struct exec_request){
		.args = STRV(LIMIT_ARGS),
		.env = STRV(LIMIT_ENV),
		.authorities = STRV(LIMIT_AUTHORITIES),
		.strategies = STRV(CACERTS_STRATEGY_MAX),
		.stdio = {-EBADF, -EBADF, -EBADF},
		.cancel_fd = -EBADF,
	};
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
	for (size_t i = 0; i < ARRAY_SIZE(q->stdio); i++)
		fd_close(q->stdio[i]);
	fd_close(q->cancel_fd);
	exec_request_init(q);
}

/* A string that may be NULL or empty, as text. */
static const char *text_of(const char *s)
{
	return s ? s : "";
}

static int check_id(const char *id, struct err *e)
{
	size_t n = strlen(id);
	bool good = n > 0 && n <= LIMIT_ID && id[0] != '.' && id[0] != '-';

	for (size_t i = 0; i < n; i++)
		good &= isalnum((unsigned char)id[i]) || strchr("_.-", id[i]) != NULL;
	if (!good)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%.80s' can't be an id: use 1 to %d of [A-Za-z0-9_.-], beginning "
			       "with a letter, a digit or '_'",
			       id, LIMIT_ID);
	return 0;
}

static int check_env(const struct strv *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++)
		if (!strchr(env->v[i], '=') || env->v[i][0] == '=')
			return err_set(e, -EINVAL, ERR_INVALID,
				       "env[%zu] '%.64s' is not NAME=value", i, env->v[i]);
	return 0;
}

static int check(const struct exec_request *q, struct err *e)
{
	if (q->args.n == 0 || q->args.v[0][0] == '\0')
		return err_set(e, -EINVAL, ERR_INVALID, "args: a command is needed");
	if (text_of(q->cwd)[0] != '\0' && q->cwd[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "cwd: '%.128s' must be an absolute container path", q->cwd);
	if (q->network == NETWORK_PATH && text_of(q->network_path)[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "network: the path of a network namespace is needed");
	if (q->rootfs.n > 0 && text_of(q->default_upper)[0] != '\0')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "default_upper goes with the built-in default rootfs only");
	if (text_of(q->default_upper)[0] != '\0' && q->default_upper[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "default_upper: '%.128s' must be an absolute host path",
			       q->default_upper);
	return check_env(&q->env, e);
}

static int make_up_id(char **ret, struct err *e)
{
	unsigned char bytes[8];
	char *id;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_sys(e, "making up an id");
	id = hex_encode(bytes, sizeof(bytes));
	if (!id)
		return err_oom(e);
	free(*ret);
	*ret = id;
	return 0;
}

/* ---- the exec ---------------------------------------------------------------------------- */

static const char *const trust_words[] = {
	[TRUST_ON] = "on", [TRUST_OFF] = "off", [TRUST_REQUIRE] = "require"};

int exec_strategies(const struct exec_request *q, unsigned *ret, struct err *e)
{
	unsigned allowed = 0;

	for (size_t i = 0; i < q->strategies.n; i++) {
		int strategy = cacerts_strategy_parse(q->strategies.v[i], e);

		if (strategy < 0)
			return err_wrap(e, strategy, "trust_policy.strategies[%zu]", i);
		allowed |= 1u << strategy;
	}
	*ret = allowed ? allowed : CACERTS_ALL;
	return 0;
}

/* The authorities of this exec: all in force, those that were asked for, or none. */
static int choose_authorities(struct exec *x, const struct exec_request *q, struct err *e)
{
	cleanup_authorities struct authorities *set = executor_authorities(x->ex);

	if (q->trust != TRUST_OFF && q->authorities.n > 0)
		return authorities_select(set, &q->authorities, &x->authorities, e);
	x->authorities = q->trust == TRUST_OFF ? authorities_new() : authorities_ref(set);
	return x->authorities ? 0 : err_oom(e);
}

static int fill(struct exec *x, struct exec_request *q, struct err *e)
{
	int r = choose_authorities(x, q, e);

	if (r == 0)
		r = exec_strategies(q, &x->strategies, e);
	if (r < 0)
		return r;
	x->trust_env = STRV(LIMIT_ENV);
	x->receipt = json_pack("{s:s, s:{s:s}, s:{s:s}, s:{}}", "id", q->id, "trust", "mode",
			       trust_words[q->trust], "rootfs", "kind",
			       q->rootfs.n ? "given" : "default", "phases_usec");
	if (!x->receipt)
		return err_oom(e);
	x->q = *q;
	exec_request_init(q);
	return 0;
}

int exec_new(struct executor *ex, struct exec_request *q, struct exec **ret, struct err *e)
{
	struct exec *x;
	int r = check(q, e);

	if (r == 0)
		r = text_of(q->id)[0] ? check_id(q->id, e) : make_up_id(&q->id, e);
	if (r < 0)
		return r;
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_oom(e);
	x->ex = ex;
	x->state_fd = -EBADF;
	x->seal = SEAL_NONE;
	x->process.pidfd = -EBADF;
	exec_request_init(&x->q);
	r = fill(x, q, e);
	if (r < 0) {
		exec_free(x);
		return r;
	}
	*ret = x;
	return 0;
}

struct exec *exec_free(struct exec *x)
{
	if (!x)
		return NULL;
	exec_request_done(&x->q);
	mount_specs_done(&x->rootfs);
	mount_specs_done(&x->shown);
	authorities_unref(x->authorities);
	strv_done(&x->trust_env);
	mount_specs_done(&x->trust_mounts);
	json_decref(x->receipt);
	fd_close(x->state_fd);
	fd_close(x->process.pidfd);
	free(x->upper);
	free(x->work);
	free(x->scratch);
	free(x);
	return NULL;
}

const char *exec_id(const struct exec *x)
{
	return x->q.id;
}

int exec_pidfd(const struct exec *x)
{
	return x->process.pidfd;
}

pid_t exec_pid(const struct exec *x)
{
	return x->process.pid;
}

int exec_kill(struct exec *x, int signal, bool all, struct err *e)
{
	/* The process is pid 1 of its namespace: with it everything in there ends. */
	if (x->process.pidfd >= 0 &&
	    pidfd_send_signal(x->process.pidfd, all ? SIGKILL : signal, NULL, 0) == 0)
		return 0;
	if (x->process.pidfd < 0 || errno == ESRCH)
		return err_set(e, -ESRCH, ERR_PRECONDITION, "exec '%s' is not running", x->q.id);
	if (errno == EINVAL)
		return err_set(e, -EINVAL, ERR_INVALID, "%d is not a signal", signal);
	return err_sys(e, "sending signal %d to exec '%s'", signal, x->q.id);
}

json_t *exec_receipt(const struct exec *x)
{
	return json_deep_copy(x->receipt);
}
