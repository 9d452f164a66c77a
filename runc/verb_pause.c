/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of the container's cgroup. */
#include <errno.h>

#include "runc/container.h"
#include "runc/verb.h"

#define FREEZER_USEC UINT64_C(10000000)

static int check_pause(enum container_status status, struct err *e)
{
	if (status == CONTAINER_RUNNING || status == CONTAINER_CREATED)
		return 0;
	return err_set(e, -EBUSY, ERR_PRECONDITION, "container not running or created: %s",
		       container_status_words[status]);
}

static int check_resume(enum container_status status, struct err *e)
{
	return status == CONTAINER_PAUSED
		       ? 0
		       : err_set(e, -EBUSY, ERR_PRECONDITION, "container not paused");
}

/* What @check lets pass, @change does. */
static int do_with(const struct call *call, int (*check)(enum container_status, struct err *),
		   int (*change)(const struct container_cgroup *, uint64_t, struct err *),
		   struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	enum container_status status;
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_CHANGE, &c, e);
	if (r == 0)
		r = container_status(&c, &status, NULL, e);
	if (r == 0)
		r = check(status, e);
	if (r == 0)
		r = container_find_cgroup(&c, &cgroup, e);
	return r < 0 ? r : change(&cgroup, FREEZER_USEC, e);
}

static int pause_main(const struct call *call, struct err *e)
{
	return do_with(call, check_pause, container_cgroup_freeze, e);
}

static int resume_main(const struct call *call, struct err *e)
{
	return do_with(call, check_resume, container_cgroup_thaw, e);
}

const struct verb verb_pause = {
	.name = "pause",
	.args = "<container-id>",
	.summary = "suspend all processes of a container",
	.min_args = 1,
	.max_args = 1,
	.main = pause_main,
};

const struct verb verb_resume = {
	.name = "resume",
	.args = "<container-id>",
	.summary = "let the processes of a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.main = resume_main,
};
