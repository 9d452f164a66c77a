/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plan.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/limits.h"
#include "base/path.h"
#include "runtime/plan_build.h"

/* Strings of all lists together; each list that they come from has its own limit. */
enum { PLAN_STRINGS = LIMIT_MOUNTS * (LIMIT_MOUNT_OPTIONS + LIMIT_LAYERS) };

/* clang-format off */
static const char *const words_of[OP_KIND_MAX] = {
#define X(kind, function, words) [OP_##kind] = words,
	OP_KINDS(X)
#undef X
};
/* clang-format on */

const char *op_words(enum op_kind kind)
{
	return words_of[kind];
}

/* ---- building -------------------------------------------------------------------------- */

const char *plan_keep(struct runtime_plan *plan, const char *string)
{
	if (strv_add(&plan->strings, string, NULL) < 0) {
		plan->oom = true;
		return "";
	}
	return plan->strings.v[plan->strings.n - 1];
}

/* Room for one more in an array that doubles at powers of two; NULL without memory. */
static void *grown(struct runtime_plan *plan, void *array, size_t n, size_t size)
{
	void *more = array;

	if ((n & (n - 1)) == 0)
		more = reallocarray(array, n ? 2 * n : 1, size);
	if (!more)
		plan->oom = true;
	return more;
}

void plan_add(struct runtime_plan *plan, struct ops *ops, const struct op *op)
{
	struct op *v = grown(plan, ops->v, ops->n, sizeof(*v));

	if (!v)
		return;
	ops->v = v;
	ops->v[ops->n++] = *op;
}

void plan_do(struct runtime_plan *plan, enum op_kind kind)
{
	plan_add(plan, &plan->orders.inside, &(struct op){.kind = kind});
}

void plan_do_path(struct runtime_plan *plan, enum op_kind kind, const char *path)
{
	plan_add(plan, &plan->orders.inside,
		 &(struct op){.kind = kind, .path = plan_keep(plan, path)});
}

void plan_do_value(struct runtime_plan *plan, enum op_kind kind, uint64_t value)
{
	plan_add(plan, &plan->orders.inside, &(struct op){.kind = kind, .value = value});
}

void plan_add_param(struct runtime_plan *plan, enum op_param_kind kind, const char *key,
		    const char *value)
{
	struct orders *o = &plan->orders;
	struct op_param *params = grown(plan, o->params, o->n_params, sizeof(*params));

	if (!params)
		return;
	o->params = params;
	o->params[o->n_params++] = (struct op_param){kind, key, value};
}

/* ---- checks ---------------------------------------------------------------------------- */

static bool is_new(const struct container_spec *spec, enum namespace_kind kind)
{
	return spec->namespaces[kind].mode == NAMESPACE_NEW;
}

static int check_files(const struct container_spec *spec, struct err *e)
{
	if (spec->namespaces[NAMESPACE_MOUNT].mode == NAMESPACE_HOST)
		return err_set(
			e, -EOPNOTSUPP, ERR_UNSUPPORTED,
			"a container without a mount namespace of its own would mount on the "
			"host: that is not supported");
	if (is_new(spec, NAMESPACE_MOUNT) && spec->rootfs.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "the container has no rootfs");
	return 0;
}

static int check_names(const struct container_spec *spec, struct err *e)
{
	if (spec->namespaces[NAMESPACE_UTS].mode != NAMESPACE_HOST)
		return 0;
	if (spec->hostname && *spec->hostname)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "unable to set hostname without a private UTS namespace");
	if (spec->domainname && *spec->domainname)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "unable to set domainname without a private UTS namespace");
	return 0;
}

static int check_process(const struct container_process *p, struct err *e)
{
	if (p->args.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "the container has no command");
	if (!p->cwd || p->cwd[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "the working directory '%s' is not absolute", p->cwd ? p->cwd : "");
	if (p->user.n_groups > LIMIT_GROUPS)
		return err_set(e, -EINVAL, ERR_INVALID, "more than %d supplementary groups",
			       LIMIT_GROUPS);
	return 0;
}

/* What needs the outside process, or a memory of one's own. */
static int check_stage(const struct runtime_plan *plan, const struct container_spec *spec,
		       struct err *e)
{
	bool has_hooks = false;
	bool joins_network_alone = true;

	for (size_t i = 0; i < plan->orders.outside.n; i++)
		joins_network_alone &= plan->orders.outside.v[i].value == CLONE_NEWNET;
	for (enum hook_kind kind = 0; kind <= HOOK_START_CONTAINER; kind++)
		has_hooks |= spec->hooks.of[kind].n > 0;
	if (plan->is_staged || (joins_network_alone && !has_hooks && !spec->has_init &&
				!plan_has_user_namespace(spec) &&
				!spec->process.terminal.is_wanted && !plan->listener_path))
		return 0;
	return err_set(
		e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		"namespaces that are joined, users that are mapped, hooks, terminals and seccomp's "
		"listeners need a staged launch");
}

/* ---- the parts ------------------------------------------------------------------------- */

static void add_terminal(struct runtime_plan *plan, const struct container_spec *spec)
{
	const struct container_process *p = &spec->process;

	if (p->terminal.is_wanted)
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_TERMINAL,
				      .value = p->terminal.rows,
				      .other = p->terminal.columns,
				      .uid = p->user.uid,
				      .flags = is_new(spec, NAMESPACE_MOUNT) ? OP_CREATE : 0});
}

static void add_hooks(struct runtime_plan *plan, const struct container_spec *spec)
{
	const struct hook_list *of = spec->hooks.of;

	if (of[HOOK_PRESTART].n > 0 || of[HOOK_CREATE_RUNTIME].n > 0)
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_HOOKS,
				      .path = hook_names[HOOK_CREATE_RUNTIME],
				      .value = HOOK_CREATE_RUNTIME});
	if (of[HOOK_CREATE_CONTAINER].n > 0)
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_HOOKS,
				      .path = hook_names[HOOK_CREATE_CONTAINER],
				      .value = HOOK_CREATE_CONTAINER});
}

/* How all mounts of the host are seen at first. */
static uint64_t first_propagation(const struct container_spec *spec)
{
	unsigned long how = spec->rootfs_propagation & ~(unsigned long)MS_REC;

	return how == MS_PRIVATE || how == MS_SHARED ? how : MS_SLAVE;
}

static void add_root(struct runtime_plan *plan, const struct container_spec *spec)
{
	unsigned long how = spec->rootfs_propagation;

	if (spec->readonly_rootfs)
		plan_do(plan, OP_READONLY_ROOT);
	if (spec->keeps_root)
		plan_do(plan, OP_CHANGE_ROOT);
	else
		plan_do_value(plan, OP_PIVOT_ROOT,
			      first_propagation(spec) == MS_SHARED ? MS_SLAVE : 0);
	if (how && (how & ~(unsigned long)MS_REC) != MS_PRIVATE)
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_ROOT_PROPAGATION,
				      .value = how & ~(unsigned long)MS_REC,
				      .flags = how & MS_REC ? OP_RECURSIVE : 0});
}

static int add_files(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	int r;

	plan_add(plan, &plan->orders.inside,
		 &(struct op){.kind = OP_PRIVATE_MOUNTS,
			      .path = plan->orders.staging,
			      .value = first_propagation(spec)});
	r = plan_rootfs(plan, spec, e);
	if (r == 0)
		r = plan_mounts(plan, spec, e);
	if (r == 0)
		r = plan_devices(plan, spec, e);
	if (r < 0)
		return r;
	add_terminal(plan, spec);
	if (plan->has_readonly_dev)
		plan_do_path(plan, OP_READONLY_MOUNT, "/dev");
	add_hooks(plan, spec);
	plan_guards(plan, spec);
	add_root(plan, spec);
	return 0;
}

static int copy_user(struct runtime_plan *plan, const struct container_user *user, struct err *e)
{
	struct orders *o = &plan->orders;

	o->uid = user->uid;
	o->gid = user->gid;
	if (user->n_groups == 0)
		return 0;
	o->groups = calloc(user->n_groups, sizeof(*user->groups));
	if (!o->groups)
		return err_oom(e);
	memcpy(o->groups, user->groups, user->n_groups * sizeof(*user->groups));
	o->n_groups = user->n_groups;
	return 0;
}

static int copy_process(struct runtime_plan *plan, const struct container_process *p, struct err *e)
{
	int r = strv_extend(&plan->args, &p->args, e);

	if (r == 0)
		r = strv_extend(&plan->env, &p->env, e);
	if (r == 0)
		r = copy_user(plan, &p->user, e);
	if (r == 0)
		r = plan_candidates(p->args.v[0], &p->env, &plan->candidates, e);
	/* Only what is executed wants lists that aren't const. */
	plan->orders.args = (char **)(uintptr_t)strv_get(&plan->args);
	plan->orders.env = (char **)(uintptr_t)strv_get(&plan->env);
	plan->orders.candidates = (char **)(uintptr_t)strv_get(&plan->candidates);
	return r;
}

static int copy_seccomp(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	const struct seccomp_policy *p = spec->seccomp;

	plan->seccomp = p ? p : spec->has_default_filter ? seccomp_default() : NULL;
	if (!p || !seccomp_policy_notifies(p))
		return 0;
	if (!p->listener_path || !*p->listener_path)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "the seccomp policy notifies, but has no listenerPath");
	plan->listener_path = strdup(p->listener_path);
	return plan->listener_path ? 0 : err_oom(e);
}

/* A mount namespace that is joined has its root already. */
static int add_inside(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	int r = plan_new_namespaces(plan, spec, e);

	if (r < 0)
		return r;
	if (is_new(spec, NAMESPACE_MOUNT))
		r = add_files(plan, spec, e);
	else
		add_terminal(plan, spec);
	return r == 0 ? plan_process(plan, spec, e) : r;
}

static int fill(struct runtime_plan *plan, const struct container_spec *spec, const char *staging,
		struct err *e)
{
	int r;

	plan->strings = STRV(PLAN_STRINGS);
	plan->args = STRV(LIMIT_ARGS);
	plan->env = STRV(3 * LIMIT_ENV);
	plan->candidates = STRV(LIMIT_PATH);
	plan->is_staged = spec->is_staged;
	plan->has_terminal = spec->process.terminal.is_wanted;
	for (size_t i = 0; i < ORDER_FD_MAX; i++)
		plan->orders.fds[i] = -1;
	plan->orders.staging = plan_keep(plan, staging);
	r = copy_process(plan, &spec->process, e);
	if (r == 0)
		r = copy_seccomp(plan, spec, e);
	if (r == 0)
		r = plan_hooks(plan, &spec->hooks, e);
	if (r == 0)
		r = add_inside(plan, spec, e);
	if (r == 0)
		r = plan_joined_namespaces(plan, spec, e);
	if (r == 0)
		r = check_stage(plan, spec, e);
	return r == 0 && plan->oom ? err_oom(e) : r;
}

int runtime_plan_new(const struct container_spec *spec, const char *staging,
		     struct runtime_plan **ret, struct err *e)
{
	struct runtime_plan *plan;
	int r = check_files(spec, e);

	if (r == 0)
		r = check_names(spec, e);
	if (r == 0)
		r = check_process(&spec->process, e);
	if (r < 0)
		return r;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return err_oom(e);
	r = fill(plan, spec, staging, e);
	if (r < 0) {
		runtime_plan_free(plan);
		return r;
	}
	*ret = plan;
	return 0;
}

static void free_hooks(struct order_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++) {
		free(hooks->v[i].args);
		free(hooks->v[i].env);
	}
	free(hooks->v);
}

struct runtime_plan *runtime_plan_free(struct runtime_plan *plan)
{
	struct orders *o;

	if (!plan)
		return NULL;
	o = &plan->orders;
	strv_done(&plan->strings);
	strv_done(&plan->args);
	strv_done(&plan->env);
	strv_done(&plan->candidates);
	for (size_t i = 0; i < ORDER_HOOKS; i++)
		free_hooks(&o->hooks[i]);
	for (size_t i = 0; i < ORDER_CPU_SETS; i++)
		free(o->cpus[i]);
	seccomp_program_done(&plan->program);
	free(plan->listener_path);
	free(o->groups);
	free(o->params);
	free(o->inside.v);
	free(o->outside.v);
	free(plan);
	return NULL;
}
