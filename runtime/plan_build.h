/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* plan_build - the inside of a plan, and how it is made (private to runtime/) */
#include "runtime/orders.h"
#include "runtime/plan.h"

struct runtime_plan {
	struct orders orders; /* what it points to belongs to the plan */
	struct strv strings;  /* keeps what operations and parameters point to */
	struct strv args;
	struct strv env;
	struct strv candidates;
	const struct seccomp_policy *seccomp; /* of the spec, borrowed; NULL: no filter */
	struct sock_fprog program;            /* what was made of it */
	char *listener_path;                  /* NULL: nobody is notified */
	size_t n_held;                        /* mounts made outside */
	bool is_staged;
	bool has_readonly_dev; /* of our own, so it is made so when it is full */
	bool has_terminal;
	bool oom; /* sticky while the plan is built; checked once, at its end */
	bool launched;
};

/* ---- building (plan_*.c); running out of memory is noted in the plan ------------------ */

/* A copy of @string that lives as long as the plan; "" without memory. */
const char *plan_keep(struct runtime_plan *plan, const char *string);
/* Append a copy of *@op; its strings must be kept or constant. */
void plan_add(struct runtime_plan *plan, struct ops *ops, const struct op *op);
/* Append a parameter to the file system that is added next with this first_param. */
void plan_add_param(struct runtime_plan *plan, enum op_param_kind kind, const char *key,
		    const char *value);

/* Operations inside, of one kind and at most one thing. */
void plan_do(struct runtime_plan *plan, enum op_kind kind);
void plan_do_path(struct runtime_plan *plan, enum op_kind kind, const char *path);
void plan_do_value(struct runtime_plan *plan, enum op_kind kind, uint64_t value);

/* plan_namespaces.c: those that are made, first of all; those that are joined, after mounts were
 * made outside for which the host's ids are needed. */
int plan_new_namespaces(struct runtime_plan *plan, const struct container_spec *spec,
			struct err *e);
int plan_joined_namespaces(struct runtime_plan *plan, const struct container_spec *spec,
			   struct err *e);
/* Does the container's process have another root than the host's? */
bool plan_has_user_namespace(const struct container_spec *spec);

/* plan_mounts.c: the specs of "/", onto the staging directory; then the others. */
int plan_rootfs(struct runtime_plan *plan, const struct container_spec *spec, struct err *e);
int plan_mounts(struct runtime_plan *plan, const struct container_spec *spec, struct err *e);
/* The last of the first @before mounts that @canonical lies on or below; NULL: none. */
const struct mount_spec *plan_mount_above(const struct mount_specs *mounts, size_t before,
					  const char *canonical);
bool plan_is_bind(const struct mount_spec *mount);
/* The file system that a type means today. */
const char *plan_filesystem(const char *type);

/* plan_files.c: what /dev holds; the masked and the read-only paths. */
int plan_devices(struct runtime_plan *plan, const struct container_spec *spec, struct err *e);
void plan_guards(struct runtime_plan *plan, const struct container_spec *spec);

/* plan_process.c: the container's process, up to its command. */
int plan_process(struct runtime_plan *plan, const struct container_spec *spec, struct err *e);

/* plan_sysctl.c */
int plan_sysctl(struct runtime_plan *plan, const struct container_spec *spec, struct err *e);

/* plan_hooks.c */
int plan_hooks(struct runtime_plan *plan, const struct container_hooks *hooks, struct err *e);

/* The files that @name may stand for: itself if it has a slash, else below each of PATH. */
int plan_candidates(const char *name, const struct strv *env, struct strv *ret, struct err *e);
