/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "runc/container.h"
#include "runc/destroy.h"
#include "runc/kill.h"
#include "runc/verb.h"

enum { KILL_MSEC = 10000 };

struct settings {
	bool force;
};

static const struct option options[] = {
	{"force", "f", NULL, "kill it if it still runs; nothing to delete is fine", option_flag,
	 offsetof(struct settings, force)},
};

/* It has no state, or one that can't be read. */
static int delete_damaged(struct container *c, const struct call *call, int code, struct err *e)
{
	const struct settings *s = call->settings;
	struct err ignored = ERR_NONE;
	int r = 0;

	if (code == -ENOENT && s->force)
		r = destroy_traces(call->args->v[0], call->globals, e);
	else if (code == -ENODATA || s->force)
		r = destroy_container(c, call->globals, code == -ENODATA ? &ignored : e);
	if (r < 0 && code == -ENODATA)
		return code;
	if (r < 0 || !s->force)
		return r < 0 ? r : code;
	err_clear(e);
	return 0;
}

static int end_process(const struct container *c, bool force, struct err *e)
{
	cleanup_close int pidfd = -EBADF;
	enum container_status status;
	int r = container_status(c, &status, &pidfd, e);

	if (r < 0)
		return r;
	if (!force && (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED))
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "cannot delete container %s that is not stopped: %s", c->id,
			       container_status_words[status]);
	if (status == CONTAINER_STOPPED)
		return 0;
	return kill_and_wait(c, pidfd, KILL_MSEC, e);
}

static int delete_main(const struct call *call, struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	const struct settings *s = call->settings;
	int r = container_check_id(call->args->v[0], e);

	if (r < 0)
		return r;
	r = container_open(call->globals->root, call->args->v[0], CONTAINER_CHANGE, &c, e);
	if (r < 0)
		return delete_damaged(&c, call, r, e);
	r = end_process(&c, s->force, e);
	return r < 0 ? r : destroy_container(&c, call->globals, e);
}

const struct verb verb_delete = {
	.name = "delete",
	.args = "<container-id>",
	.summary = "delete a container that has stopped, and undo what it was given",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 1,
	.main = delete_main,
};
