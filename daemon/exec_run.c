/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exec_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/exec_internal.h"
#include "daemon/session.h"

enum { SIGNAL_MAX = 64 };

/* On its own because a handle's memory must outlive its closing. */
struct exit_watch {
	uv_poll_t poll;
	int pidfd; /* owned */
	struct exec_run *exec;
};

static void finish(struct exec_run *x);

const char *exec_run_id(const struct exec_run *x)
{
	return x->id;
}

static void forget(struct exec_run *x)
{
	registry_remove(&x->daemon->registry, x);
	exec_run_free(x);
}

/* stopped: everybody who waits is answered; may free @x. */

static void log_outcome(const struct exec_run *x)
{
	if (x->error.code && x->error.kind == ERR_CLEANUP)
		log_error("exec.cleanup", "%s exec=%s dirty=%d", x->error.msg, x->id,
			  x->error.dirty);
	else if (x->error.code)
		log_info("exec.failed", "%s exec=%s", x->error.msg, x->id);
	else
		log_debug("exec.ended", "ended exec=%s code=%d signal=%d", x->id, x->exit.code,
			  x->exit.signal);
}

static void stop(struct exec_run *x)
{
	struct daemon *d = x->daemon;
	struct call *c;

	exec_state_move(&x->state, EXEC_STOPPED);
	log_outcome(x);
	while ((c = call_unpark(&x->runs)))
		exec_answer_run(x, c);
	while ((c = call_unpark(&x->waits)))
		exec_answer_wait(x, c);
	while ((c = call_unpark(&x->deletes)))
		exec_answer_delete(x, c);
	if (x->forget)
		forget(x);
	daemon_exec_stopped(d);
}

/* running: wait for the pidfd. */

static void on_watch_closed(uv_handle_t *poll)
{
	struct exit_watch *w = poll->data;

	fd_close(w->pidfd);
	free(w);
}

static void on_exit_seen(uv_poll_t *poll, int status, int events)
{
	struct exit_watch *w = poll->data;
	struct exec_run *x = w->exec;

	(void)status; /* even if polling failed: finishing kills what still runs */
	(void)events;
	x->watch = NULL;
	uv_close((uv_handle_t *)poll, on_watch_closed);
	finish(x);
}

/*
 * Not the executor's own pidfd: libuv makes what it polls non-blocking, and waiting for the
 * process through the same open file would not block then. The pid can't belong to another
 * process, because nobody has reaped it.
 */
static int watch_exit(struct exec_run *x, struct err *e)
{
	struct exit_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_oom(e);
	w->exec = x;
	w->pidfd = pidfd_open(exec_pid(x->exec), 0);
	if (w->pidfd < 0) {
		free(w);
		return err_sys(e, "pidfd_open");
	}
	r = uv_poll_init(&x->daemon->loop, &w->poll, w->pidfd);
	if (r < 0) {
		fd_close(w->pidfd);
		free(w);
		return err_set(e, r, ERR_INTERNAL, "polling a pidfd: %s", uv_strerror(r));
	}
	w->poll.data = w;
	uv_poll_start(&w->poll, UV_READABLE, on_exit_seen);
	x->watch = w;
	return 0;
}

static void send_remembered(struct exec_run *x)
{
	for (int i = 0; i < SIGNAL_MAX; i++)
		if (x->signals & (UINT64_C(1) << i))
			exec_kill(x->exec, i + 1, /* all= */ false, NULL);
	if (x->kill_all)
		exec_kill(x->exec, SIGKILL, /* all= */ true, NULL);
}

static void run(struct exec_run *x)
{
	struct call *c;

	if (watch_exit(x, &x->error) < 0) {
		x->forget = true;
		finish(x);
		return;
	}
	exec_state_move(&x->state, EXEC_RUNNING);
	send_remembered(x);
	if (!x->until_exit && (c = call_unpark(&x->runs)))
		exec_answer_started(x, c);
}

/* preparing and finishing: a worker's. */

static void on_started(uv_work_t *work, int status)
{
	struct exec_run *x = work->data;

	(void)status; /* never cancelled */
	if (!x->error.code) {
		run(x);
		return;
	}
	x->forget = true; /* Run says why; there is nothing to wait for */
	if (x->started)
		finish(x);
	else
		stop(x);
}

static void on_finished(uv_work_t *work, int status)
{
	(void)status;
	stop(work->data);
}

static void finish(struct exec_run *x)
{
	exec_state_move(&x->state, EXEC_FINISHING);
	uv_queue_work(&x->daemon->loop, &x->work, exec_work_finish, on_finished);
}

/* What may be asked. */

int exec_run_start(struct daemon *d, struct call *c, struct err *e)
{
	const Anchord__V1__RunRequest *q = (const Anchord__V1__RunRequest *)c->request;
	struct exec_run *x;
	int r;

	if (d->phase != DAEMON_SERVING)
		return err_set(e, -ESHUTDOWN, ERR_UNAVAILABLE, "anchord is stopping");
	r = exec_make(d, c, &x, e);
	if (r < 0)
		return r;
	r = registry_add(&d->registry, x, e);
	if (r < 0) {
		exec_run_free(x);
		return r;
	}
	if (q->lease == ANCHORD__V1__LEASE__LEASE_CONNECTION) {
		x->lease = c->session;
		LIST_INSERT_HEAD(&c->session->leased, x, of_lease);
	}
	call_park(c, &x->runs);
	daemon_exec_begins(d);
	uv_queue_work(&d->loop, &x->work, exec_work_start, on_started);
	return 0;
}

void exec_run_wait(struct exec_run *x, struct call *c)
{
	if (x->state == EXEC_STOPPED)
		exec_answer_wait(x, c);
	else
		call_park(c, &x->waits);
}

int exec_run_kill(struct exec_run *x, uint32_t signal, bool all, struct err *e)
{
	if (signal > SIGNAL_MAX)
		return err_set(e, -EINVAL, ERR_INVALID, "signal: use 0 to %d", SIGNAL_MAX);
	if (x->state == EXEC_RUNNING)
		return exec_kill(x->exec, (int)signal, all, e);
	if (x->state != EXEC_PREPARING || (signal == 0 && !all))
		return err_set(e, -ESRCH, ERR_PRECONDITION, "exec '%s' does not run: it is %s",
			       x->id, exec_state_name(x->state));
	x->kill_all = x->kill_all || all;
	if (signal > 0)
		x->signals |= UINT64_C(1) << (signal - 1);
	return 0;
}

void exec_run_cancel(struct exec_run *x)
{
	/* What is finishing or has stopped needs nothing. */
	if (x->state == EXEC_PREPARING)
		eventfd_write(x->cancel_fd, 1);
	if (x->state == EXEC_PREPARING || x->state == EXEC_RUNNING)
		exec_run_kill(x, SIGKILL, /* all= */ true, NULL);
}

int exec_run_delete(struct exec_run *x, struct call *c, bool force, struct err *e)
{
	if (x->state == EXEC_STOPPED) {
		forget(x);
		exec_answer_deleted(c);
		return 0;
	}
	if (!force)
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "exec '%s' is %s: wait until it has stopped, or use force", x->id,
			       exec_state_name(x->state));
	x->forget = true;
	call_park(c, &x->deletes);
	exec_run_cancel(x);
	return 0;
}

void exec_run_end_lease(struct exec_run *x)
{
	LIST_REMOVE(x, of_lease);
	x->lease = NULL;
	x->forget = true;
	if (x->state == EXEC_STOPPED)
		forget(x);
	else
		exec_run_cancel(x);
}
