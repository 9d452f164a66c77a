/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * plan - every operation of a container's start, decided before anything happens
 *
 * runtime_plan_new() is pure: it opens nothing and changes nothing, so tests compare plans
 * and people can print them. The child (runtime/child.c) only interprets the flat array:
 * every string, number and program is ready, nothing is allocated after clone3().
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "runtime/container.h"

struct runtime_plan;

/*
 * runtime_plan_new - operations for @spec
 * @spec:    the plan borrows its seccomp policy, until it is launched
 * @staging: host path of a directory onto which the rootfs is attached before pivot_root, in the
 *           container's own mount namespace only; copied. An empty one, or the rootfs itself, where
 *           hooks look for it
 *
 * Order: outside, mounts that the host's ids are needed for, time offsets, existing namespaces.
 * New namespaces are made by clone3; inside, propagation, rootfs, mounts in their order, /dev with
 * nodes and links, terminal, hooks, masked and read-only paths, read-only rootfs, pivot_root, names
 * of the host, loopback, kernel parameters, session, stdio, keyring, limits, priorities, bounding
 * set; then the gate, descriptors closed, working directory, labels, seccomp, ids, capabilities,
 * default signals; and a wait for the start, hooks, execve over the candidates of PATH.
 *
 * Without makes_mount_points a mount's destination must exist in the container (the executor makes
 * and unmakes missing ones); only below a tmpfs of the plan itself does the child create it.
 *
 * Capabilities that this process lacks are left out.
 *
 * Returns: 0; -EINVAL, -EOPNOTSUPP as mount_options_parse(); -EINVAL (ERR_INVALID) for an
 *          incomplete or contradictory spec; -EOPNOTSUPP (ERR_UNSUPPORTED) for what is_staged would
 *          be needed for; -ENOMEM.
 */
int runtime_plan_new(const struct container_spec *spec, const char *staging,
		     struct runtime_plan **ret, struct err *e);
struct runtime_plan *runtime_plan_free(struct runtime_plan *plan);

/* One operation a line, for people and golden tests. */
int runtime_plan_print(const struct runtime_plan *plan, struct buf *to, struct err *e);
