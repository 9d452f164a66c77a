/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/child.h"

#include <sys/stat.h>

int child_main(void *arg)
{
	/* clang-format off */
	static int (*const steps[OP_KIND_MAX])(struct child *, const struct op *) = {
#define X(kind, function, words) [OP_##kind] = child_##function,
		OP_KINDS(X)
#undef X
	};
	/* clang-format on */
	struct child *c = arg;
	const struct op *ops = c->plan->ops;

	umask(0); /* modes of nodes and directories are meant as they are written */
	for (size_t i = 0; i < c->plan->n_ops; i++) {
		int r = steps[ops[i].kind](c, &ops[i]);

		if (r < 0) {
			c->report->op = &ops[i];
			c->report->code = r;
			break;
		}
	}
	return 125; /* nobody sees it: the parent reads the report */
}
