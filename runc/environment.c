/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/environment.h"

#include <errno.h>
#include <string.h>

static size_t name_length(const char *setting)
{
	return strcspn(setting, "=");
}

/* The place of a variable of the same name, or the end. */
static size_t find(const struct strv *env, const char *setting)
{
	size_t n = name_length(setting), i;

	for (i = 0; i < env->n; i++)
		if (name_length(env->v[i]) == n && strncmp(env->v[i], setting, n) == 0)
			break;
	return i;
}

int environment_set(struct strv *env, const char *setting, struct err *e)
{
	size_t i = find(env, setting);
	char *copy;

	if (i == env->n)
		return strv_add(env, setting, e);
	copy = strdup(setting);
	if (!copy)
		return err_oom(e);
	free(env->v[i]);
	env->v[i] = copy;
	return 0;
}

int environment_add_missing(struct strv *env, const struct strv *more, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < more->n; i++)
		if (find(env, more->v[i]) == env->n)
			r = strv_add(env, more->v[i], e);
	return r;
}

static bool is_set_later(const struct strv *env, size_t at)
{
	size_t n = strcspn(env->v[at], "=");

	for (size_t i = at + 1; i < env->n; i++)
		if (strcspn(env->v[i], "=") == n && strncmp(env->v[i], env->v[at], n) == 0)
			return true;
	return false;
}

void environment_make_unique(struct strv *env)
{
	size_t kept = 0, n = env->n;

	for (size_t i = 0; i < n; i++) {
		if (is_set_later(env, i))
			free(env->v[i]);
		else
			env->v[kept++] = env->v[i];
	}
	if (env->v)
		env->v[kept] = NULL;
	env->n = kept;
}
