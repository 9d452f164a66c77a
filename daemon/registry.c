/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/exec_run.h"

void registry_done(struct registry *g)
{
	free(g->v);
	*g = (struct registry){0};
}

/* Index of the first exec whose id is not before @id. */
static size_t lower_bound(const struct registry *g, const char *id)
{
	size_t low = 0;
	size_t high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(exec_run_id(g->v[middle]), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct registry *g, size_t i, const char *id)
{
	return i < g->n && strcmp(exec_run_id(g->v[i]), id) == 0;
}

int registry_add(struct registry *g, struct exec_run *x, struct err *e)
{
	const char *id = exec_run_id(x);
	size_t at = lower_bound(g, id);
	struct exec_run **v;

	if (is_at(g, at, id))
		return err_set(e, -EEXIST, ERR_EXISTS, "there is an exec '%s' already", id);
	if (g->n >= LIMIT_EXECS)
		return err_set(e, -E2BIG, ERR_LIMIT,
			       "%d execs are known already: delete those that have ended",
			       LIMIT_EXECS);
	v = realloc(g->v, (g->n + 1) * sizeof(*v));
	if (!v)
		return err_oom(e);
	g->v = v;
	memmove(v + at + 1, v + at, (g->n - at) * sizeof(*v));
	v[at] = x;
	g->n++;
	return 0;
}

void registry_remove(struct registry *g, const struct exec_run *x)
{
	size_t at = lower_bound(g, exec_run_id(x));

	if (at >= g->n || g->v[at] != x)
		return;
	g->n--;
	memmove(g->v + at, g->v + at + 1, (g->n - at) * sizeof(*g->v));
}

int registry_find(const struct registry *g, const char *id, struct exec_run **ret, struct err *e)
{
	size_t at = lower_bound(g, id);

	if (!is_at(g, at, id))
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "there is no exec '%s'", id);
	*ret = g->v[at];
	return 0;
}

size_t registry_after(const struct registry *g, const char *id)
{
	size_t at = lower_bound(g, id);

	return is_at(g, at, id) ? at + 1 : at;
}
