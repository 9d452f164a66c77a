/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tool - a container in which a tool of the image runs as root, bounded in time and output
 *
 * It gets an environment of its own, no input, and one pipe for what it says.
 */
#include "base/buf.h"
#include "runtime/launch.h"

/*
 * What the tool's container has beside container_defaults(), which fill @spec before.
 * Returns 0, -E2BIG, -ENOMEM.
 */
int runtime_tool_spec(struct container_spec *spec, const struct mount_specs *rootfs,
		      const struct mount_specs *mounts, const char *const *argv, struct err *e);

/* How it runs. All is borrowed. */
struct runtime_tool {
	const char *staging; /* see runtime_plan_new() */
	int cgroup_fd;       /* -EBADF: the caller's cgroup */
	int cancel_fd;       /* readable: give up; -EBADF: never */
	uint64_t limit_usec;
};

/*
 * Run it to its end. The container has a pid namespace of its own, so all of it ends with its first
 * process.
 * @output: gets what fits of what it says
 *
 * Returns: 0, whatever its status; -ETIMEDOUT (ERR_LIMIT); -ECANCELED (ERR_CANCELLED); as
 *          runtime_plan_new() and runtime_launch().
 */
int runtime_tool_run(const struct container_spec *spec, const struct runtime_tool *how,
		     struct buf *output, struct runtime_exit *ret, struct err *e);
