/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "runc/container.h"
#include "runc/verb.h"

static int state_main(const struct call *call, struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	cleanup_json json_t *j = NULL;
	enum container_status status;
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_LOOK, &c, e);
	if (r == 0)
		r = container_status(&c, &status, NULL, e);
	if (r < 0)
		return r;
	j = container_state_document(&c.state, status, "");
	if (!j)
		return err_oom(e);
	json_dumpf(j, stdout, JSON_INDENT(2));
	return 0;
}

const struct verb verb_state = {
	.name = "state",
	.args = "<container-id>",
	.summary = "print the state of a container",
	.min_args = 1,
	.max_args = 1,
	.main = state_main,
};
