/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plan.h"

#include <sched.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "runtime/capabilities.h"
#include "runtime/plan_ops.h"

#define DEFAULT_HOSTNAME "anchord"

/* Strings of all mounts together; each list that they come from has its own limit. */
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

void plan_add(struct runtime_plan *plan, const struct op *op)
{
	struct op *ops = grown(plan, plan->ops, plan->n_ops, sizeof(*ops));

	if (!ops)
		return;
	plan->ops = ops;
	plan->ops[plan->n_ops++] = *op;
}

void plan_add_param(struct runtime_plan *plan, enum op_param_kind kind, const char *key,
		    const char *value)
{
	struct op_param *params = grown(plan, plan->params, plan->n_params, sizeof(*params));

	if (!params)
		return;
	plan->params = params;
	plan->params[plan->n_params++] = (struct op_param){kind, key, value};
}

/* ---- what is no mount ------------------------------------------------------------------ */

static int check_spec(const struct container_spec *spec, struct err *e)
{
	if (spec->rootfs.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "the container has no rootfs");
	if (spec->args.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "the container has no command");
	if (!spec->cwd || spec->cwd[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "the working directory '%s' is not an absolute path",
			       spec->cwd ? spec->cwd : "");
	if (spec->user.n_groups > LIMIT_GROUPS)
		return err_set(e, -EINVAL, ERR_INVALID, "more than %d supplementary groups",
			       LIMIT_GROUPS);
	if (spec->network == NETWORK_PATH && !spec->network_path)
		return err_set(e, -EINVAL, ERR_INVALID, "the network namespace has no path");
	return 0;
}

static void add(struct runtime_plan *plan, enum op_kind kind)
{
	plan_add(plan, &(struct op){.kind = kind});
}

static void add_path(struct runtime_plan *plan, enum op_kind kind, const char *path)
{
	plan_add(plan, &(struct op){.kind = kind, .path = plan_keep(plan, path)});
}

static void add_value(struct runtime_plan *plan, enum op_kind kind, uint64_t value)
{
	plan_add(plan, &(struct op){.kind = kind, .value = value});
}

static void add_namespaces(struct runtime_plan *plan, const struct container_spec *spec)
{
	plan->clone_flags =
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (spec->network == NETWORK_NONE)
		plan->clone_flags |= CLONE_NEWNET;
	if (spec->network != NETWORK_PATH)
		return;
	plan->network_path = strdup(spec->network_path);
	plan->oom |= !plan->network_path;
	add_path(plan, OP_JOIN_NETWORK, spec->network_path);
}

static int add_mounts(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	int r;

	add(plan, OP_PRIVATE_MOUNTS);
	r = plan_rootfs(plan, &spec->rootfs, e);
	if (r < 0)
		return r;
	plan_default_mounts(plan);
	r = plan_mounts(plan, &spec->mounts, e);
	if (r < 0)
		return r;
	plan_default_masks(plan);
	if (spec->readonly_rootfs)
		add(plan, OP_READONLY_ROOT);
	add(plan, OP_PIVOT_ROOT);
	return 0;
}

/*
 * Each step needs what later ones take away: the working directory is entered as root, as
 * runc does (images name /root and another user); the filter needs CAP_SYS_ADMIN.
 */
static void add_process(struct runtime_plan *plan, const struct container_spec *spec)
{
	const char *hostname =
		spec->hostname && *spec->hostname ? spec->hostname : DEFAULT_HOSTNAME;
	uint64_t caps = runtime_capabilities_default();

	add_path(plan, OP_HOSTNAME, hostname);
	if (spec->network == NETWORK_NONE)
		add(plan, OP_LOOPBACK_UP);
	add(plan, OP_NEW_SESSION);
	add(plan, OP_STDIO);
	add(plan, OP_SESSION_KEYRING);
	add_value(plan, OP_UMASK, 0022);
	if (spec->open_files)
		add_value(plan, OP_OPEN_FILES, spec->open_files);
	add_value(plan, OP_BOUNDING_SET, caps);
	if (spec->is_gated)
		add(plan, OP_GATE);
	add(plan, OP_CLOSE_FDS);
	add_path(plan, OP_WORKING_DIRECTORY, spec->cwd);
	add(plan, OP_SECCOMP);
	add(plan, OP_USER);
	/* execve() would give another user none: so execve() itself is checked without them. */
	add_value(plan, OP_CAPABILITIES, spec->user.uid == 0 ? caps : 0);
	if (spec->die_with_parent)
		add(plan, OP_PARENT_DEATH); /* a change of user takes it back */
	add(plan, OP_SIGNALS);
	add_path(plan, OP_EXEC, spec->args.v[0]);
}

static int copy_user(struct runtime_plan *plan, const struct container_user *user, struct err *e)
{
	plan->user = *user;
	plan->user.groups = NULL;
	if (user->n_groups == 0)
		return 0;
	plan->user.groups = calloc(user->n_groups, sizeof(*user->groups));
	if (!plan->user.groups)
		return err_oom(e);
	memcpy(plan->user.groups, user->groups, user->n_groups * sizeof(*user->groups));
	return 0;
}

static int fill(struct runtime_plan *plan, const struct container_spec *spec, const char *staging,
		struct err *e)
{
	int r;

	plan->strings = STRV(PLAN_STRINGS);
	plan->args = STRV(LIMIT_ARGS);
	plan->env = STRV(LIMIT_ENV);
	plan->candidates = STRV(LIMIT_PATH);
	plan->staging = plan_keep(plan, staging);
	r = strv_extend(&plan->args, &spec->args, e);
	if (r == 0)
		r = strv_extend(&plan->env, &spec->env, e);
	if (r == 0)
		r = copy_user(plan, &spec->user, e);
	if (r == 0)
		r = plan_candidates(spec->args.v[0], &spec->env, &plan->candidates, e);
	if (r < 0)
		return r;
	add_namespaces(plan, spec);
	r = add_mounts(plan, spec, e);
	if (r < 0)
		return r;
	add_process(plan, spec);
	return plan->oom ? err_oom(e) : 0;
}

int runtime_plan_new(const struct container_spec *spec, const char *staging,
		     struct runtime_plan **ret, struct err *e)
{
	struct runtime_plan *plan;
	int r;

	r = check_spec(spec, e);
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

struct runtime_plan *runtime_plan_free(struct runtime_plan *plan)
{
	if (!plan)
		return NULL;
	strv_done(&plan->strings);
	strv_done(&plan->args);
	strv_done(&plan->env);
	strv_done(&plan->candidates);
	free(plan->user.groups);
	free(plan->network_path);
	free(plan->params);
	free(plan->ops);
	free(plan);
	return NULL;
}
