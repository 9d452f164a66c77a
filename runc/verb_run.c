/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/create.h"
#include "runc/destroy.h"
#include "runc/foreground.h"
#include "runc/notify.h"
#include "runc/output.h"
#include "runtime/hooks.h"

static const struct option options[] = {
	CREATE_OPTIONS,
	{"detach", "d", NULL, "do not wait for the container's end", option_flag,
	 CREATE_FIELD(detach)},
	{"keep", NULL, NULL, "do not delete the container after its end", option_flag,
	 CREATE_FIELD(keep)},
	{"no-subreaper", NULL, NULL, "do not adopt the container's orphans", option_flag,
	 CREATE_FIELD(no_subreaper)},
};

static int run_hooks(struct creation *c, struct err *e)
{
	container_unlock(&c->container); /* hooks may ask about it */
	if (!c->container.state.has_poststart)
		return 0;
	return hooks_run(&c->bundle.config.container.hooks, HOOK_POSTSTART, c->state_head,
			 "running", c->process.pid, c->bundle.path, e);
}

static int begin(struct creation *c, struct foreground *f, struct err *e)
{
	int r = 0, master = -EBADF;

	if (!c->is_detached)
		r = foreground_prepare(f, !c->settings->no_subreaper, e);
	if (r == 0)
		r = creation_launch(c, e);
	if (r == 0)
		r = console_take(&c->console, &master, e);
	if (r < 0)
		return r;
	terminal_start(&f->terminal, master);
	f->notify = take_fd(&c->notify);
	return run_hooks(c, e);
}

/* Its process has ended; what it has started ends with it. */
static int end(struct creation *c, struct err *e)
{
	int r = container_lock(&c->container, e);

	if (r == -ENOENT) {
		err_clear(e); /* another call has deleted it */
		return 0;
	}
	if (r < 0)
		return r;
	if (!c->settings->keep)
		return destroy_container(&c->container, c->globals, e);
	if (!c->container.state.has_pid_namespace && c->cgroup.fd >= 0)
		container_cgroup_kill(&c->cgroup, NULL);
	return destroy_trust(&c->container, e);
}

static int run_main(const struct call *call, struct err *e)
{
	cleanup_foreground struct foreground f = FOREGROUND;
	cleanup_creation struct creation c;
	struct runtime_exit status = {.code = 0};
	int r;

	creation_init(&c, call);
	c.is_detached = c.settings->detach;
	r = begin(&c, &f, e);
	if (r < 0) {
		creation_undo(&c);
		return r;
	}
	if (c.is_detached) {
		if (f.notify >= 0)
			notify_wait(f.notify, c.process.pid, c.process.pidfd);
		return 0;
	}
	r = foreground_wait(&f, &c.process, &status, e);
	if (r == 0)
		r = end(&c, e);
	return r < 0 ? r : status.code;
}

const struct verb verb_run = {
	.name = "run",
	.args = "<container-id>",
	.summary = "create and run a container",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct create_settings),
	.min_args = 1,
	.max_args = 1,
	.failure = "anchor-runc run failed",
	.main = run_main,
};
