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
 * @staging: host path of an empty directory onto which the rootfs is attached before
 *           pivot_root, in the container's own mount namespace only; copied
 *
 * Order: namespaces are made by clone3; then private propagation, rootfs, /proc, /dev with
 * nodes and links, /dev/pts, /dev/shm, /dev/mqueue, /sys, /sys/fs/cgroup (read-only), the
 * caller's mounts in their order, masked and read-only paths, read-only rootfs, pivot_root,
 * hostname, loopback, stdio, session keyring, bounding set, descriptors closed, working
 * directory, seccomp, ids, capabilities, default signals, execve over the candidates of PATH.
 *
 * A mount's destination must exist in the container (the executor makes and unmakes missing
 * ones); only below file systems that the plan itself mounted does the child create it.
 *
 * Returns: 0; -EINVAL, -EOPNOTSUPP as mount_options_parse(); -EINVAL (ERR_INVALID) for an
 *          incomplete spec; -ENOMEM.
 */
int runtime_plan_new(const struct container_spec *spec, const char *staging,
		     struct runtime_plan **ret, struct err *e);
struct runtime_plan *runtime_plan_free(struct runtime_plan *plan);

/*
 * Append what every container gets mounted before the caller's mounts, as specs of type and
 * destination for who looks into it. Returns 0, -E2BIG, -ENOMEM.
 */
int runtime_default_mounts(struct mount_specs *ret, struct err *e);

/* One operation a line, for people and golden tests. */
int runtime_plan_print(const struct runtime_plan *plan, struct buf *to, struct err *e);
