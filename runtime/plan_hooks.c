/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks as the child runs them. */
#include <string.h>

#include "base/limits.h"
#include "runtime/plan_build.h"

_Static_assert(ORDER_HOOKS == (int)HOOK_MAX, "orders.h knows no hooks.h");

static char **borrow(const struct strv *v)
{
	return v->n > 0 ? v->v : NULL;
}

/* The lists stay the spec's, so the plan makes copies of what it needs to own. */
static char **copy_list(struct runtime_plan *plan, const struct strv *from, const char *otherwise)
{
	size_t n = from->n > 0 ? from->n : otherwise ? 1 : 0;
	char **list = calloc(n + 1, sizeof(*list));

	if (!list) {
		plan->oom = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		list[i] = (char *)(uintptr_t)plan_keep(plan,
						       from->n > 0 ? borrow(from)[i] : otherwise);
	return list;
}

static int add_hook(struct runtime_plan *plan, const struct hook *from, struct order_hook *to,
		    struct err *e)
{
	if (!from->path || from->path[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID, "the path of a hook is not absolute: '%s'",
			       from->path ? from->path : "");
	*to = (struct order_hook){
		.path = plan_keep(plan, from->path),
		.args = copy_list(plan, &from->args, from->path),
		.env = copy_list(plan, &from->env, NULL),
		.timeout_usec = from->timeout_usec,
	};
	return 0;
}

static int add_list(struct runtime_plan *plan, enum hook_kind kind, const struct hook_list *list,
		    struct err *e)
{
	struct order_hooks *to = &plan->orders.hooks[kind];
	int r = 0;

	if (list->n == 0)
		return 0;
	to->v = calloc(list->n, sizeof(*to->v));
	if (!to->v)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		r = add_hook(plan, &list->v[i], &to->v[i], e);
		to->n = i + 1;
	}
	return r < 0 ? err_wrap(e, r, "%s hook", hook_names[kind]) : 0;
}

int plan_hooks(struct runtime_plan *plan, const struct container_hooks *hooks, struct err *e)
{
	int r = 0;

	for (enum hook_kind kind = HOOK_PRESTART; r == 0 && kind <= HOOK_START_CONTAINER; kind++)
		r = add_list(plan, kind, &hooks->of[kind], e);
	return r;
}
