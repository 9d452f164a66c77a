/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks that are run here, by the code that runs those of a child. */
#include <string.h>

#include "runtime/child.h"
#include "runtime/hooks.h"

static int run_one(const struct hook *hook, const char *kind, const struct hook_state *state,
		   struct err *e)
{
	char *const by_path[] = {hook->path, NULL};
	const struct order_hook order = {
		.path = hook->path,
		.args = (char **)(uintptr_t)(hook->args.n > 0 ? strv_get(&hook->args) : by_path),
		.env = (char **)(uintptr_t)strv_get(&hook->env),
		.timeout_usec = hook->timeout_usec,
	};
	char detail[CHILD_DETAIL] = "";
	int r = child_run_hook(&order, state, detail);

	if (r == -ETIMEDOUT)
		return err_set(e, r, ERR_LIMIT, "%s hook '%s' ran longer than its timeout", kind,
			       hook->path);
	if (r == -ECHILD)
		return err_set(e, r, ERR_PRECONDITION, "%s hook '%s' failed: %s", kind, hook->path,
			       detail);
	errno = -r;
	return r < 0 ? err_sys(e, "%s hook '%s'", kind, hook->path) : 0;
}

int hooks_run(const struct container_hooks *hooks, enum hook_kind kind, const char *state,
	      const char *status, pid_t pid, const char *directory, struct err *e)
{
	const struct hook_list *list = &hooks->of[kind];
	struct hook_state whole = hook_state(state, status, pid);
	int r = 0;

	whole.env = environ;
	whole.directory = directory;

	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = run_one(&list->v[i], hook_names[kind], &whole, e);
	return r;
}
