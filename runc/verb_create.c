/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/create.h"

static const struct option options[] = {CREATE_OPTIONS};

static int create_main(const struct call *call, struct err *e)
{
	cleanup_creation struct creation c;
	int r;

	creation_init(&c, call);
	c.waits = true;
	c.is_detached = true;
	r = creation_launch(&c, e);
	if (r < 0)
		creation_undo(&c);
	return r;
}

const struct verb verb_create = {
	.name = "create",
	.args = "<container-id>",
	.summary = "create a container, whose process then waits for its start",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct create_settings),
	.min_args = 1,
	.max_args = 1,
	.failure = "anchor-runc create failed",
	.main = create_main,
};
