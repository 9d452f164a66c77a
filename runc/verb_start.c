/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "runc/bundle.h"
#include "runc/container.h"
#include "runc/errors.h"
#include "runc/notify.h"
#include "runc/verb.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"

static int check_status(enum container_status status, struct err *e)
{
	switch (status) {
	case CONTAINER_CREATED:
		return 0;
	case CONTAINER_STOPPED:
	case CONTAINER_CREATING:
		return err_set(e, -ESRCH, ERR_PRECONDITION,
			       "cannot start a container that has stopped");
	default:
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "cannot start an already running container");
	}
}

static int explain(const struct container *c, int code, struct err *e)
{
	cleanup_bundle struct bundle bundle;

	bundle_init(&bundle);
	if (bundle_read_copy(c->fd, c->state.bundle, &bundle, NULL) < 0)
		return code;
	return errors_explain_exec(e, code, bundle.config.container.process.args.v[0]);
}

static int let_go(const struct container *c, struct err *e)
{
	char fifo[LIMIT_PATH], result[LIMIT_PATH];
	int r = container_path(c, "exec.fifo", fifo, e);

	if (r == 0)
		r = container_path(c, "exec.result", result, e);
	if (r == 0)
		r = runtime_start(fifo, result, e);
	if (r < 0 && e->kind != ERR_COMMAND_NOT_FOUND && e->kind != ERR_NOT_EXECUTABLE)
		return explain(c, r, e);
	/* As with runc, it was started: that the program can't be executed is the end of it. */
	err_clear(e);
	unlinkat(c->fd, "exec.fifo", 0);
	unlinkat(c->fd, "exec.result", 0);
	return 0;
}

static int run_hooks(const struct container *c, struct err *e)
{
	cleanup_free char *head = NULL;
	cleanup_bundle struct bundle bundle;
	int r;

	bundle_init(&bundle);
	if (!c->state.has_poststart)
		return 0;
	head = container_state_document_head(&c->state);
	if (!head)
		return err_oom(e);
	r = bundle_read_copy(c->fd, c->state.bundle, &bundle, e);
	if (r < 0)
		return r;
	return hooks_run(&bundle.config.container.hooks, HOOK_POSTSTART, head, "running",
			 c->state.pid, c->state.bundle, e);
}

static int start(const struct container *c, int pidfd, struct err *e)
{
	cleanup_close int notify = notify_host() ? notify_bind(c, e) : -EBADF;
	int r;

	if (notify < 0 && notify_host())
		return notify;
	r = let_go(c, e);
	if (r < 0)
		return r;
	container_unlock(c); /* hooks may ask about it */
	r = run_hooks(c, e);
	if (r == 0 && notify >= 0)
		notify_wait(notify, c->state.pid, pidfd);
	return r;
}

static int start_main(const struct call *call, struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	cleanup_close int pidfd = -EBADF;
	enum container_status status;
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_CHANGE, &c, e);
	if (r == 0)
		r = container_status(&c, &status, &pidfd, e);
	if (r == 0)
		r = check_status(status, e);
	return r < 0 ? r : start(&c, pidfd, e);
}

const struct verb verb_start = {
	.name = "start",
	.args = "<container-id>",
	.summary = "start the process of a created container",
	.min_args = 1,
	.max_args = 1,
	.main = start_main,
};
