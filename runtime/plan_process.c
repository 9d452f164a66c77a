/* SPDX-License-Identifier: Apache-2.0 */
/* The container's process: what it is given, what is taken from it, and its command. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "runtime/capabilities.h"
#include "runtime/plan_build.h"

enum { FIRST_SET, FINAL_SET };

static void add(struct runtime_plan *plan, const struct op *op)
{
	plan_add(plan, &plan->orders.inside, op);
}

/* ---- limits and priorities ------------------------------------------------------------- */

static void add_rlimits(struct runtime_plan *plan, const struct container_rlimits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		add(plan, &(struct op){.kind = OP_RLIMIT,
				       .number = (uint32_t)limits->v[i].resource,
				       .value = limits->v[i].soft,
				       .other = limits->v[i].hard,
				       .flags = limits->v[i].keeps_hard ? OP_KEEP_HARD : 0});
}

static void add_scheduler(struct runtime_plan *plan, const struct container_scheduler *s)
{
	if (!s->is_set)
		return;
	plan->orders.scheduler = (struct order_scheduler){
		.size = sizeof(struct order_scheduler),
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime_nsec,
		.deadline = s->deadline_nsec,
		.period = s->period_nsec,
	};
	plan_do(plan, OP_SCHEDULER);
}

static void keep_cpus(struct runtime_plan *plan, int which, const struct container_cpus *cpus)
{
	plan->orders.cpu_bytes = sizeof(cpus->bits);
	if (!cpus->is_set)
		return;
	plan->orders.cpus[which] = malloc(sizeof(cpus->bits));
	if (plan->orders.cpus[which])
		memcpy(plan->orders.cpus[which], cpus->bits, sizeof(cpus->bits));
	else
		plan->oom = true;
}

/*
 * Root of a user namespace can't open this file of a process whose memory isn't for it to see; it
 * inherits what is set outside.
 */
static void add_oom_score_adj(struct runtime_plan *plan, const struct container_spec *spec)
{
	struct orders *o = &plan->orders;
	char text[16];

	if (!spec->process.has_oom_score_adj)
		return;
	snprintf(text, sizeof(text), "%d", spec->process.oom_score_adj);
	plan_add(plan, plan_has_user_namespace(spec) ? &o->outside : &o->inside,
		 &(struct op){.kind = OP_OOM_SCORE_ADJ, .target = plan_keep(plan, text)});
}

static void add_limits(struct runtime_plan *plan, const struct container_process *p)
{
	add_rlimits(plan, &p->rlimits);
	add_scheduler(plan, &p->scheduler);
	if (p->has_io_priority)
		plan_do_value(plan, OP_IO_PRIORITY, (uint64_t)p->io_priority);
	keep_cpus(plan, FIRST_SET, &p->cpus_initial);
	keep_cpus(plan, FINAL_SET, &p->cpus_final);
	if (p->cpus_initial.is_set)
		plan_do_value(plan, OP_CPUS, FIRST_SET);
	if (p->has_personality)
		plan_do_value(plan, OP_PERSONALITY, p->personality);
}

/* ---- what it may do -------------------------------------------------------------------- */

/* A new user namespace gives all, others can't give what this process lacks. */
static struct container_capabilities possible(const struct container_spec *spec)
{
	struct container_capabilities set = spec->process.capabilities;
	uint64_t all = set.bounding | set.permitted | set.inheritable;
	uint64_t own = plan_has_user_namespace(spec) ? all : runtime_capabilities_own(all);

	set.bounding &= own;
	set.permitted &= own;
	set.inheritable &= own;
	set.effective &= set.permitted;
	set.ambient &= set.permitted & set.inheritable;
	return set;
}

static void add_label(struct runtime_plan *plan, const char *file, const char *prefix,
		      const char *label)
{
	cleanup_free char *text = NULL;

	if (!label || !*label)
		return;
	if (asprintf(&text, "%s%s", prefix, label) < 0) {
		text = NULL;
		plan->oom = true;
		return;
	}
	add(plan, &(struct op){.kind = OP_LABEL,
			       .path = plan_keep(plan, file),
			       .target = plan_keep(plan, text)});
}

/* The number on the host of a user of a new user namespace; itself where nothing is mapped. */
static uid_t outside(const struct container_spec *spec, uid_t uid)
{
	for (size_t i = 0; i < spec->uid_maps.n; i++) {
		const struct id_map *map = &spec->uid_maps.v[i];

		if (uid >= map->inside && uid - map->inside < map->count)
			return map->outside + (uid - map->inside);
	}
	return uid;
}

/* Streams that came from the host can't be given away by root of a user namespace. */
static void add_owner(struct runtime_plan *plan, const struct container_spec *spec)
{
	uid_t uid = spec->process.user.uid;
	bool is_outside = spec->namespaces[NAMESPACE_USER].mode == NAMESPACE_NEW;

	if (spec->process.owns_streams)
		plan_add(plan, is_outside ? &plan->orders.outside : &plan->orders.inside,
			 &(struct op){.kind = OP_OWN_STREAMS, .uid = outside(spec, uid)});
}

/*
 * The filter needs CAP_SYS_ADMIN, or no new privileges: then it comes last, so that what is before
 * it needn't be allowed.
 */
static void add_privileges(struct runtime_plan *plan, const struct container_spec *spec,
			   const struct container_capabilities *set)
{
	const struct container_process *p = &spec->process;

	if (p->no_new_privileges)
		plan_do(plan, OP_NO_NEW_PRIVILEGES);
	else if (plan->seccomp)
		plan_do(plan, OP_SECCOMP);
	add_owner(plan, spec);
	plan_do(plan, OP_USER);
	add(plan, &(struct op){.kind = OP_CAPABILITIES,
			       .value = set->effective,
			       .other = set->permitted});
	plan->orders.inheritable = set->inheritable;
	plan->orders.ambient = set->ambient;
}

/* ---- the command ----------------------------------------------------------------------- */

static void add_command(struct runtime_plan *plan, const struct container_spec *spec)
{
	const char *name = spec->process.args.v[0];

	if (plan->is_staged)
		plan_do_path(plan, OP_LOOK_UP, name);
	if (spec->process.no_new_privileges && plan->seccomp)
		plan_do(plan, OP_SECCOMP);
	if (plan->is_staged)
		plan_do(plan, OP_START);
	if (spec->hooks.of[HOOK_START_CONTAINER].n > 0)
		add(plan, &(struct op){.kind = OP_HOOKS,
				       .path = hook_names[HOOK_START_CONTAINER],
				       .value = HOOK_START_CONTAINER});
	if (spec->process.cpus_final.is_set)
		plan_do_value(plan, OP_CPUS, FINAL_SET);
	if (spec->has_init)
		plan_do(plan, OP_INIT);
	plan_do_path(plan, OP_EXEC, name);
}

static bool needs_proc(const struct container_spec *spec)
{
	const struct container_process *p = &spec->process;

	return spec->sysctl.n > 0 || (p->has_oom_score_adj && !plan_has_user_namespace(spec)) ||
	       (p->apparmor_profile && *p->apparmor_profile) ||
	       (p->selinux_label && *p->selinux_label);
}

/*
 * Each step needs what later ones take away: the working directory is entered as root, as
 * runc does (images name /root and another user).
 */
int plan_process(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	const struct container_capabilities set = possible(spec);
	const struct container_process *p = &spec->process;
	int r = 0;

	if (needs_proc(spec))
		plan_do_value(plan, OP_OPEN_PROC, spec->sysctl.n > 0);
	if (spec->hostname && *spec->hostname)
		plan_do_path(plan, OP_HOSTNAME, spec->hostname);
	if (spec->domainname && *spec->domainname)
		plan_do_path(plan, OP_DOMAINNAME, spec->domainname);
	if (spec->namespaces[NAMESPACE_NETWORK].mode == NAMESPACE_NEW)
		plan_do(plan, OP_LOOPBACK_UP);
	r = plan_sysctl(plan, spec, e);
	if (r < 0)
		return r;
	plan_do(plan, OP_NEW_SESSION);
	plan_do(plan, OP_STDIO);
	if (p->terminal.is_wanted)
		plan_do(plan, OP_CONTROLLING_TERMINAL);
	if (spec->has_own_keyring)
		plan_do(plan, OP_SESSION_KEYRING);
	add_oom_score_adj(plan, spec);
	add_limits(plan, p);
	plan_do_value(plan, OP_UMASK, p->umask);
	plan_do_value(plan, OP_BOUNDING_SET, set.bounding);
	/* The last that is written to /proc, which is closed then. */
	add_label(plan, "self/attr/apparmor/exec", "exec ", p->apparmor_profile);
	add_label(plan, "self/attr/exec", "", p->selinux_label);
	if (spec->is_gated)
		plan_do(plan, OP_GATE);
	plan_do(plan, OP_CLOSE_FDS);
	add(plan, &(struct op){.kind = OP_WORKING_DIRECTORY,
			       .path = plan_keep(plan, p->cwd),
			       .flags = spec->makes_mount_points ? OP_CREATE : 0});
	add_privileges(plan, spec, &set);
	if (spec->die_with_parent)
		plan_do(plan, OP_PARENT_DEATH); /* a change of user takes it back */
	plan_do(plan, OP_SIGNALS);
	add_command(plan, spec);
	return 0;
}
