/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/path.h"
#include "daemon/notify.h"
#include "executor/executor.h"

enum { DEBOUNCE_MSEC = 200 };

struct watch {
	struct executor *executor;
	char directory[LIMIT_PATH]; /* canonical */
	char awaited[NAME_MAX + 1]; /* the name below the ancestor that leads to the directory */
	uv_fs_event_t on_directory;
	uv_fs_event_t on_ancestor;
	uv_timer_t debounce;
	uv_work_t work;
	bool reloading;     /* work is a worker's */
	bool again;         /* something changed since it began */
	bool ending;        /* watch_free() was called */
	unsigned n_handles; /* open */
	struct err error;   /* of the reload */
};

static void drop(struct watch *w)
{
	if (w->n_handles == 0 && !w->reloading)
		free(w);
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;

	w->n_handles--;
	drop(w);
}

struct watch *watch_free(struct watch *w)
{
	if (!w || w->ending)
		return NULL;
	w->ending = true;
	uv_close((uv_handle_t *)&w->on_directory, on_closed);
	uv_close((uv_handle_t *)&w->on_ancestor, on_closed);
	uv_close((uv_handle_t *)&w->debounce, on_closed);
	return NULL;
}

static void in_worker(uv_work_t *work)
{
	struct watch *w = work->data;

	executor_reload(w->executor, &w->error);
}

static void after_worker(uv_work_t *work, int status)
{
	struct watch *w = work->data;

	(void)status; /* never cancelled */
	w->reloading = false;
	if (w->error.code)
		log_warn("authorities.kept", "the authorities stay as they were: %s", w->error.msg);
	else
		log_info("authorities.reloaded", "read the authorities in %s", w->directory);
	if (w->ending) {
		drop(w);
		return;
	}
	notify_ready();
	if (w->again)
		watch_reload(w);
}

void watch_reload(struct watch *w)
{
	if (w->ending)
		return;
	w->again = w->reloading;
	if (w->reloading)
		return;
	w->reloading = true;
	w->error = ERR_NONE;
	notify_reloading();
	uv_queue_work(w->debounce.loop, &w->work, in_worker, after_worker);
}

static void on_quiet(uv_timer_t *timer);

static void on_change(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct watch *w = event->data;

	(void)events;
	/* An ancestor holds other things too. */
	if (event == &w->on_ancestor && name && strcmp(name, w->awaited) != 0)
		return;
	if (status == 0)
		uv_timer_start(&w->debounce, on_quiet, DEBOUNCE_MSEC, /* repeat= */ 0);
}

/* Watch the nearest ancestor that exists; awaited is what must appear or change there. */
static void arm_ancestor(struct watch *w)
{
	char child[LIMIT_PATH];
	char parent[LIMIT_PATH];

	strcpy(child, w->directory);
	for (;;) {
		path_parent(child, parent);
		snprintf(w->awaited, sizeof(w->awaited), "%s", path_name(child));
		if (uv_fs_event_start(&w->on_ancestor, on_change, parent, 0) == 0)
			return;
		if (strcmp(parent, "/") == 0)
			return; /* out of inotify watches: SIGHUP still works */
		strcpy(child, parent);
	}
}

/* Anew each time: what was watched may have been removed or replaced. */
static void arm(struct watch *w)
{
	uv_fs_event_stop(&w->on_directory);
	uv_fs_event_stop(&w->on_ancestor);
	arm_ancestor(w);
	/* Missing is fine: then the ancestor is what counts. */
	uv_fs_event_start(&w->on_directory, on_change, w->directory, 0);
}

static void on_quiet(uv_timer_t *timer)
{
	struct watch *w = timer->data;

	arm(w); /* before reading, so that no change falls in between */
	watch_reload(w);
}

struct watch *watch_new(uv_loop_t *loop, struct executor *ex, const char *directory)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct err e = ERR_NONE;
	int r;

	r = w ? path_canonical(directory, w->directory, sizeof(w->directory), &e) : err_oom(&e);
	if (r < 0) {
		log_warn("authorities.unwatched", "changes need SIGHUP: %s", e.msg);
		free(w);
		return NULL;
	}
	w->executor = ex;
	w->work.data = w;
	uv_fs_event_init(loop, &w->on_directory);
	uv_fs_event_init(loop, &w->on_ancestor);
	uv_timer_init(loop, &w->debounce);
	w->on_directory.data = w->on_ancestor.data = w->debounce.data = w;
	w->n_handles = 3;
	arm(w);
	return w;
}
