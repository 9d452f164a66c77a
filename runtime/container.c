/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

void container_spec_done(struct container_spec *s)
{
	mount_specs_done(&s->rootfs);
	mount_specs_done(&s->mounts);
	strv_done(&s->args);
	strv_done(&s->env);
	free(s->cwd);
	free(s->hostname);
	free(s->user.groups);
	free(s->network_path);
	*s = (struct container_spec){.args = STRV(LIMIT_ARGS), .env = STRV(LIMIT_ENV)};
}

/* A copy of a string that may be NULL. Returns false without memory. */
static bool copy_string(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

static bool copy_user(const struct container_user *from, struct container_user *to)
{
	*to = (struct container_user){.uid = from->uid, .gid = from->gid};
	if (from->n_groups == 0)
		return true;
	to->groups = reallocarray(NULL, from->n_groups, sizeof(*to->groups));
	if (!to->groups)
		return false;
	memcpy(to->groups, from->groups, from->n_groups * sizeof(*to->groups));
	to->n_groups = from->n_groups;
	return true;
}

static int copy_lists(const struct container_spec *from, struct container_spec *to, struct err *e)
{
	int r = mount_specs_extend(&to->rootfs, &from->rootfs, e);

	if (r == 0)
		r = mount_specs_extend(&to->mounts, &from->mounts, e);
	if (r == 0)
		r = strv_extend(&to->args, &from->args, e);
	if (r == 0)
		r = strv_extend(&to->env, &from->env, e);
	return r;
}

int container_spec_copy(const struct container_spec *from, struct container_spec *to, struct err *e)
{
	cleanup_container_spec struct container_spec copy = {
		.readonly_rootfs = from->readonly_rootfs,
		.die_with_parent = from->die_with_parent,
		.open_files = from->open_files,
		.args = STRV(LIMIT_ARGS),
		.env = STRV(LIMIT_ENV),
		.network = from->network,
	};
	int r = copy_lists(from, &copy, e);

	if (r < 0)
		return r;
	if (!copy_string(from->cwd, &copy.cwd) || !copy_string(from->hostname, &copy.hostname) ||
	    !copy_string(from->network_path, &copy.network_path) ||
	    !copy_user(&from->user, &copy.user))
		return err_oom(e);
	*to = copy;
	copy = (struct container_spec){0}; /* handed over */
	return 0;
}
