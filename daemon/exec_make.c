/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/daemon.h"
#include "daemon/exec_internal.h"
#include "daemon/session.h"
#include "daemon/translate.h"

void exec_run_free(struct exec_run *x)
{
	assert(TAILQ_EMPTY(&x->runs) && TAILQ_EMPTY(&x->waits) && TAILQ_EMPTY(&x->deletes));
	if (x->lease)
		LIST_REMOVE(x, of_lease);
	exec_free(x->exec);
	exec_request_done(&x->request);
	strv_done(&x->args);
	for (int i = 0; i < 3; i++)
		free(x->stdio[i]);
	fd_close(x->peer_pidfd);
	fd_close(x->cancel_fd);
	free(x->receipt);
	free(x);
}

static void cleanup_exec_run_p(struct exec_run **x)
{
	if (*x)
		exec_run_free(*x);
}

static int make_id(char ret[LIMIT_ID + 1], struct err *e)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(e, "getrandom");
	snprintf(ret, LIMIT_ID + 1, "%016" PRIx64, random);
	return 0;
}

/* The name is ours to choose: the exec has one before the executor hears of it. */
static int take_id(struct exec_run *x, struct err *e)
{
	char *copy;
	int r;

	if (x->request.id && x->request.id[0]) {
		snprintf(x->id, sizeof(x->id), "%s", x->request.id);
		return 0;
	}
	r = make_id(x->id, e);
	if (r < 0)
		return r;
	copy = strdup(x->id);
	if (!copy)
		return err_oom(e);
	free(x->request.id);
	x->request.id = copy;
	return 0;
}

/* As much of the command as a person needs to recognize it. */
static int take_args(struct exec_run *x, struct err *e)
{
	size_t left = LIMIT_ARGS_SHOWN;

	for (size_t i = 0; i < x->request.args.n; i++) {
		size_t n = strlen(x->request.args.v[i]) + 1;
		int r;

		if (n > left)
			return strv_add(&x->args, "...", e);
		left -= n;
		r = strv_add(&x->args, x->request.args.v[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_stdio(struct exec_run *x, const Anchord__V1__Stdio *stdio, const struct session *s,
		      struct err *e)
{
	const char *const words[3] = {
		stdio ? stdio->stdin : "",
		stdio ? stdio->stdout : "",
		stdio ? stdio->stderr : "",
	};

	for (int i = 0; i < 3; i++) {
		if (strlen(words[i]) >= LIMIT_PATH)
			return err_set(e, -ENAMETOOLONG, ERR_LIMIT,
				       "stdio: at most %d bytes are accepted", LIMIT_PATH - 1);
		x->stdio[i] = strdup(words[i]);
		if (!x->stdio[i])
			return err_oom(e);
	}
	/* The worker may need it when the connection is gone already. */
	if (s->peer_pidfd >= 0)
		x->peer_pidfd = fcntl(s->peer_pidfd, F_DUPFD_CLOEXEC, 0);
	return 0;
}

static int take_modes(struct exec_run *x, const Anchord__V1__RunRequest *q, struct err *e)
{
	if (q->until != ANCHORD__V1__UNTIL__UNTIL_EXIT &&
	    q->until != ANCHORD__V1__UNTIL__UNTIL_STARTED)
		return err_set(e, -EINVAL, ERR_INVALID, "until: %d is not a known value", q->until);
	if (q->lease != ANCHORD__V1__LEASE__LEASE_NONE &&
	    q->lease != ANCHORD__V1__LEASE__LEASE_CONNECTION)
		return err_set(e, -EINVAL, ERR_INVALID, "lease: %d is not a known value", q->lease);
	x->until_exit = q->until == ANCHORD__V1__UNTIL__UNTIL_EXIT;
	x->forget = x->until_exit;
	return 0;
}

/* The exec watches its own copy, so that either side may close first. */
static int make_cancel(struct exec_run *x, struct err *e)
{
	x->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (x->cancel_fd >= 0)
		x->request.cancel_fd = fcntl(x->cancel_fd, F_DUPFD_CLOEXEC, 0);
	return x->request.cancel_fd < 0 ? err_sys(e, "eventfd") : 0;
}

static struct exec_run *alloc_exec_run(struct daemon *d)
{
	struct exec_run *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->daemon = d;
	x->executor = d->executor;
	x->state = EXEC_PREPARING;
	x->args = STRV(LIMIT_ARGS_SHOWN);
	x->created_at_usec = (int64_t)clock_wall_usec();
	x->work.data = x;
	x->peer_pidfd = -EBADF;
	x->cancel_fd = -EBADF;
	TAILQ_INIT(&x->runs);
	TAILQ_INIT(&x->waits);
	TAILQ_INIT(&x->deletes);
	exec_request_init(&x->request);
	return x;
}

int exec_make(struct daemon *d, const struct call *c, struct exec_run **ret, struct err *e)
{
	const Anchord__V1__RunRequest *q = (const Anchord__V1__RunRequest *)c->request;
	cleanup(cleanup_exec_run_p) struct exec_run *x = alloc_exec_run(d);
	int r;

	if (!x)
		return err_oom(e);
	r = translate_run(q, &x->request, e);
	if (r == 0)
		r = take_modes(x, q, e);
	if (r == 0)
		r = take_id(x, e);
	if (r == 0)
		r = take_args(x, e);
	if (r == 0)
		r = take_stdio(x, q->stdio, c->session, e);
	if (r == 0)
		r = make_cancel(x, e);
	if (r < 0)
		return r;
	*ret = take_ptr(x);
	return 0;
}
