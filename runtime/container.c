/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* linux/sched.h, which contradicts sched.h */
#endif

/* clang-format off */
const struct namespace_kind_info namespace_kinds[NAMESPACE_MAX] = {
#define X(kind, name, file, flag) [NAMESPACE_##kind] = {name, file, flag},
	NAMESPACE_KINDS(X)
#undef X
};
/* clang-format on */

void container_spec_init(struct container_spec *s)
{
	*s = (struct container_spec){
		.process = {.args = STRV(LIMIT_ARGS), .env = STRV(2 * LIMIT_ENV)},
		.masked_paths = STRV(LIMIT_GUARDED_PATHS),
		.readonly_paths = STRV(LIMIT_GUARDED_PATHS),
		.sysctl = STRV(LIMIT_SYSCTL),
	};
}

void container_process_done(struct container_process *p)
{
	strv_done(&p->args);
	strv_done(&p->env);
	free(p->cwd);
	free(p->user.groups);
	free(p->apparmor_profile);
	free(p->selinux_label);
	*p = (struct container_process){.args = STRV(LIMIT_ARGS), .env = STRV(2 * LIMIT_ENV)};
}

void container_spec_done(struct container_spec *s)
{
	for (size_t i = 0; i < NAMESPACE_MAX; i++)
		free(s->namespaces[i].path);
	for (size_t i = 0; i < s->devices.n; i++)
		free(s->devices.v[i].path);
	free(s->devices.v);
	free(s->uid_maps.v);
	free(s->gid_maps.v);
	mount_specs_done(&s->rootfs);
	mount_specs_done(&s->mounts);
	strv_done(&s->masked_paths);
	strv_done(&s->readonly_paths);
	strv_done(&s->sysctl);
	free(s->mount_label);
	free(s->hostname);
	free(s->domainname);
	container_process_done(&s->process);
	seccomp_policy_free(s->seccomp);
	container_hooks_done(&s->hooks);
	container_spec_init(s);
}

/* Room for one more of @n elements in an array that doubles at powers of two. */
static int grow(void **array, size_t n, size_t size, size_t max, const char *what, struct err *e)
{
	void *more;

	if (n >= max)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %zu %s", max, what);
	if ((n & (n - 1)) != 0)
		return 0;
	more = reallocarray(*array, n ? 2 * n : 1, size);
	if (!more)
		return err_oom(e);
	*array = more;
	return 0;
}

int id_maps_add(struct id_maps *maps, const struct id_map *map, struct err *e)
{
	int r = grow((void **)&maps->v, maps->n, sizeof(*map), LIMIT_ID_MAPS, "id mappings", e);

	if (r == 0)
		maps->v[maps->n++] = *map;
	return r;
}

int container_devices_add(struct container_devices *devices, const struct container_device *device,
			  struct err *e)
{
	char *path;
	int r = grow((void **)&devices->v, devices->n, sizeof(*device), LIMIT_DEVICES, "devices",
		     e);

	if (r < 0)
		return r;
	path = strdup(device->path);
	if (!path)
		return err_oom(e);
	devices->v[devices->n] = *device;
	devices->v[devices->n++].path = path;
	return 0;
}
