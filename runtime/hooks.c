/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hooks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/limits.h"

/* clang-format off */
const char *const hook_names[HOOK_MAX] = {
#define X(kind, name) [HOOK_##kind] = name,
	HOOK_KINDS(X)
#undef X
};
/* clang-format on */

void hook_done(struct hook *hook)
{
	free(hook->path);
	strv_done(&hook->args);
	strv_done(&hook->env);
	*hook = (struct hook){.path = NULL};
}

void container_hooks_done(struct container_hooks *hooks)
{
	for (size_t kind = 0; kind < HOOK_MAX; kind++) {
		struct hook_list *list = &hooks->of[kind];

		for (size_t i = 0; i < list->n; i++)
			hook_done(&list->v[i]);
		free(list->v);
		*list = (struct hook_list){.v = NULL};
	}
}

int hook_list_add(struct hook_list *list, struct hook *hook, struct err *e)
{
	struct hook *more;

	if (list->n >= LIMIT_HOOKS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d hooks", LIMIT_HOOKS);
	more = reallocarray(list->v, list->n + 1, sizeof(*more));
	if (!more)
		return err_oom(e);
	list->v = more;
	list->v[list->n++] = *hook;
	*hook = (struct hook){.path = NULL};
	return 0;
}
