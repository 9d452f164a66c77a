/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/exec_run.h"
#include "daemon/notify.h"
#include "daemon/watch.h"

/* How long a client may take to read its last replies. */
enum { LEAVE_MSEC = 2000 };

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* leaving: what is left on the loop goes with the last connection. */

static void close_rest(struct daemon *d)
{
	close_handle(&d->leave_timer);
	for (size_t i = 0; i < ARRAY_SIZE(d->signals); i++)
		close_handle(&d->signals[i]);
	d->watch = watch_free(d->watch);
}

static void on_leave_timeout(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	log_warn("daemon.unread", "closing %u connections that did not read their last replies",
		 d->server.n_sessions);
	server_abort(&d->server);
}

static void leave(struct daemon *d)
{
	d->phase = DAEMON_LEAVING;
	if (d->server.n_sessions == 0) {
		close_rest(d);
		return;
	}
	uv_timer_start(&d->leave_timer, on_leave_timeout, LEAVE_MSEC, /* repeat= */ 0);
	server_leave(&d->server);
}

void daemon_session_gone(struct daemon *d)
{
	if (d->phase == DAEMON_LEAVING && d->server.n_sessions == 0)
		close_rest(d);
}

/* draining: no more execs, and an end to those there are. */

void daemon_exec_begins(struct daemon *d)
{
	d->n_active++;
}

void daemon_exec_stopped(struct daemon *d)
{
	d->n_active--;
	if (d->phase == DAEMON_DRAINING && d->n_active == 0)
		leave(d);
}

static void drain(struct daemon *d)
{
	d->phase = DAEMON_DRAINING;
	notify_stopping();
	log_info("daemon.draining", "stopping: %u execs are killed and undone", d->n_active);
	server_stop(&d->server);
	for (size_t i = 0; i < d->registry.n; i++)
		exec_run_cancel(d->registry.v[i]);
	if (d->n_active == 0)
		leave(d);
}

static void on_leave_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (d->phase == DAEMON_SERVING)
		drain(d);
	else
		log_info("daemon.draining", "signal %d: stopping already, %u execs are left",
			 number, d->n_active);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	(void)number;
	if (d->watch)
		watch_reload(d->watch);
}

/* serving */

static void listen_to_signals(struct daemon *d)
{
	static const struct {
		int number;
		uv_signal_cb act;
	} rows[] = {
		{SIGTERM, on_leave_signal},
		{SIGINT, on_leave_signal},
		{SIGHUP, on_reload_signal},
	};
	_Static_assert(ARRAY_SIZE(rows) == ARRAY_SIZE(((struct daemon *)0)->signals),
		       "a handle for each signal");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		uv_signal_start(&d->signals[i], rows[i].act, rows[i].number);
	}
}

/* The loop has ended: nobody waits for anything. */
static void daemon_done(struct daemon *d)
{
	int r = uv_loop_close(&d->loop);

	assert(r == 0);
	(void)r;
	while (d->registry.n > 0) {
		struct exec_run *x = d->registry.v[d->registry.n - 1];

		registry_remove(&d->registry, x);
		exec_run_free(x);
	}
	registry_done(&d->registry);
}

int daemon_run(struct executor *ex, const struct daemon_config *config, struct err *e)
{
	struct daemon d = {.executor = ex};
	int r;

	r = uv_loop_init(&d.loop);
	if (r < 0)
		return err_set(e, r, ERR_INTERNAL, "event loop: %s", uv_strerror(r));
	uv_timer_init(&d.loop, &d.leave_timer);
	d.leave_timer.data = &d;
	listen_to_signals(&d);
	d.watch = watch_new(&d.loop, ex, config->authorities);
	r = server_listen(&d.server, &d, config->socket, config->listen_fd, e);
	if (r == 0) {
		log_info("daemon.ready", "listening on %s",
			 config->listen_fd < 0 ? config->socket : "a socket from systemd");
		notify_ready();
	} else {
		close_rest(&d);
	}
	uv_run(&d.loop, UV_RUN_DEFAULT);
	daemon_done(&d);
	return r;
}
