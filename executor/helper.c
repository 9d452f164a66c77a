/* SPDX-License-Identifier: Apache-2.0 */
/* A helper: the container in which a tool of the image runs, in a leaf beside that of the exec. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "executor/internal.h"
#include "runtime/tool.h"

static int run_in_leaf(struct exec *x, const char *leaf, const struct container_spec *spec,
		       struct buf *output, struct runtime_exit *ret, struct err *e)
{
	cleanup_close int cgroup = cgroup_leaf_create(x->ex->cgroups, leaf, e);
	const struct runtime_tool tool = {
		.staging = x->ex->staging,
		.cgroup_fd = cgroup,
		.cancel_fd = x->q.cancel_fd,
		.limit_usec = fault_limit("ANCHORD_HELPER_USEC", LIMIT_HELPER_USEC),
	};

	return cgroup < 0 ? cgroup : runtime_tool_run(spec, &tool, output, ret, e);
}

int exec_run_helper(void *arg, const struct mount_specs *rootfs, const struct mount_specs *mounts,
		    const char *const *argv, struct buf *output, int *ret_status, struct err *e)
{
	cleanup_container_spec struct container_spec spec;
	struct exec *x = arg;
	uint64_t began = clock_mono_usec();
	struct runtime_exit exit = {0};
	char leaf[LIMIT_ID + 16];
	int r;

	container_spec_init(&spec);
	r = exec_fill_defaults(x, &spec, e); /* its network too: a tool may have reasons */
	if (r == 0)
		r = runtime_tool_spec(&spec, rootfs, mounts, argv, e);
	snprintf(leaf, sizeof(leaf), "%s:helper", x->q.id);
	if (r == 0)
		r = run_in_leaf(x, leaf, &spec, output, &exit, e);
	cgroup_leaf_destroy(x->ex->cgroups, leaf, LIMIT_HELPER_USEC, NULL); /* missing is fine */
	json_object_set_new(json_object_get(x->receipt, "phases_usec"), "helper",
			    json_integer((json_int_t)(clock_mono_usec() - began)));
	if (r < 0)
		return err_wrap(e, r, "helper");
	*ret_status = exit.code;
	return 0;
}
