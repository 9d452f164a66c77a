/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces as operations.
 *
 * Those that exist are joined by the outside process, so that what is made next is in them: the one
 * of processes can't be joined in any other way. An existing one may belong to the host's users or
 * to those of the user namespace that is joined as well, so the others are tried before it and
 * after it.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/plan_build.h"

_Static_assert(ORDER_NAMESPACES == (int)NAMESPACE_MAX, "orders.h knows no container.h");

enum { MAP_LINE = 40 /* three numbers */ };

bool plan_has_user_namespace(const struct container_spec *spec)
{
	return spec->namespaces[NAMESPACE_USER].mode != NAMESPACE_HOST;
}

static bool is_joined(const struct container_spec *spec, enum namespace_kind kind)
{
	return spec->namespaces[kind].mode == NAMESPACE_PATH;
}

static void add(struct runtime_plan *plan, const struct container_spec *spec, enum op_kind what,
		enum namespace_kind kind, unsigned flags)
{
	plan_add(plan, &plan->orders.outside,
		 &(struct op){.kind = what,
			      .path = plan_keep(plan, spec->namespaces[kind].path),
			      .value = namespace_kinds[kind].flag,
			      .number = kind,
			      .flags = flags});
}

static void open_all(struct runtime_plan *plan, const struct container_spec *spec)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++)
		if (is_joined(spec, kind) && spec->namespaces[kind].path)
			add(plan, spec, OP_OPEN_NAMESPACE, kind, 0);
}

/* Those by path. */
static void join_others(struct runtime_plan *plan, const struct container_spec *spec,
			unsigned flags)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++)
		if (kind != NAMESPACE_USER && is_joined(spec, kind) && spec->namespaces[kind].path)
			add(plan, spec, OP_JOIN, kind, flags);
}

/* Those of the process that is joined, in one call. */
static void join_target(struct runtime_plan *plan, const struct container_spec *spec)
{
	uint64_t flags = 0;

	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++)
		if (is_joined(spec, kind) && !spec->namespaces[kind].path)
			flags |= namespace_kinds[kind].flag;
	if (flags)
		plan_add(plan, &plan->orders.outside,
			 &(struct op){.kind = OP_JOIN_TARGET, .value = flags});
}

static void join_all(struct runtime_plan *plan, const struct container_spec *spec)
{
	bool has_user = is_joined(spec, NAMESPACE_USER) && spec->namespaces[NAMESPACE_USER].path;

	open_all(plan, spec);
	join_target(plan, spec);
	join_others(plan, spec, has_user ? OP_OPTIONAL : 0);
	if (!has_user)
		return;
	add(plan, spec, OP_JOIN, NAMESPACE_USER, 0);
	join_others(plan, spec, 0);
}

/* Lines for /proc/<pid>/uid_map. */
static const char *map_lines(struct runtime_plan *plan, const struct id_maps *maps)
{
	size_t size = maps->n * MAP_LINE + 1, used = 0;
	cleanup_free char *lines = calloc(1, size);

	if (!lines) {
		plan->oom = true;
		return NULL;
	}
	for (size_t i = 0; i < maps->n; i++)
		used += (size_t)snprintf(lines + used, size - used, "%u %u %u\n", maps->v[i].inside,
					 maps->v[i].outside, maps->v[i].count);
	return plan_keep(plan, lines);
}

static int add_user(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	if (spec->namespaces[NAMESPACE_USER].mode == NAMESPACE_NEW) {
		if (spec->uid_maps.n == 0 || spec->gid_maps.n == 0)
			return err_set(e, -EINVAL, ERR_INVALID,
				       "a new user namespace needs mappings of users and groups");
		plan->orders.uid_map = map_lines(plan, &spec->uid_maps);
		plan->orders.gid_map = map_lines(plan, &spec->gid_maps);
	} else if (spec->uid_maps.n > 0 || spec->gid_maps.n > 0) {
		return err_set(e, -EINVAL, ERR_INVALID,
			       "id mappings are given without a new user namespace");
	}
	if (plan_has_user_namespace(spec))
		plan_do(plan, OP_BECOME_ROOT);
	/* What it holds belongs to who makes it, who has to be root in the user namespace. */
	if (spec->namespaces[NAMESPACE_USER].mode == NAMESPACE_NEW &&
	    spec->namespaces[NAMESPACE_IPC].mode == NAMESPACE_NEW)
		plan_do_value(plan, OP_UNSHARE, CLONE_NEWIPC);
	return 0;
}

static size_t offset_line(char *to, size_t size, const char *clock, const struct time_offset *o)
{
	if (!o->is_set)
		return 0;
	return (size_t)snprintf(to, size, "%s %lld %u\n", clock, (long long)o->seconds,
				o->nanoseconds);
}

static int add_time(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	char lines[128] = "";
	size_t n = 0;

	if (spec->namespaces[NAMESPACE_TIME].mode != NAMESPACE_NEW) {
		if (spec->monotonic.is_set || spec->boottime.is_set)
			return err_set(e, -EINVAL, ERR_INVALID,
				       "time offsets are given without a new time namespace");
		return 0;
	}
	n += offset_line(lines + n, sizeof(lines) - n, "monotonic", &spec->monotonic);
	offset_line(lines + n, sizeof(lines) - n, "boottime", &spec->boottime);
	plan_add(plan, &plan->orders.outside,
		 &(struct op){.kind = OP_TIME_OFFSETS, .target = plan_keep(plan, lines)});
	return 0;
}

int plan_new_namespaces(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++)
		if (spec->namespaces[kind].mode == NAMESPACE_NEW && kind != NAMESPACE_TIME)
			plan->orders.clone_flags |= namespace_kinds[kind].flag;
	if (spec->namespaces[NAMESPACE_USER].mode == NAMESPACE_NEW)
		plan->orders.clone_flags &= ~(uint64_t)CLONE_NEWIPC;
	return add_user(plan, spec, e);
}

int plan_joined_namespaces(struct runtime_plan *plan, const struct container_spec *spec,
			   struct err *e)
{
	int r = add_time(plan, spec, e); /* while the host's /proc is in sight */

	if (r == 0)
		join_all(plan, spec);
	return r;
}
