/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/cgroup_controllers.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"
#include "runtime/cgroup_systemd.h"

enum { UNDO_USEC = 5000000 /* a new cgroup has nobody but a keeper to wait for */ };

void container_cgroup_done(struct container_cgroup *c)
{
	c->fd = fd_close(c->fd);
	if (c->keeper > 0) {
		kill(c->keeper, SIGKILL);
		waitpid(c->keeper, NULL, 0);
	}
	c->keeper = 0;
}

int container_cgroup_path(const char *id, const char *cgroups_path, const char *own,
			  char ret[LIMIT_PATH], struct err *e)
{
	const char *given = cgroups_path && *cgroups_path ? cgroups_path : id;
	char inner[LIMIT_PATH], beside[LIMIT_PATH];
	int r = path_canonical(given, inner, sizeof(inner), e);

	if (r < 0)
		return r;
	if (strcmp(inner, "/") == 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "cgroup path '%s' is the root of the hierarchy", given);
	path_parent(own, beside);
	if (*given == '/' || strcmp(beside, "/") == 0)
		strcpy(ret, inner);
	else
		r = path_join(beside, inner + 1, ret, LIMIT_PATH, e);
	return r;
}

/* ---- making it ------------------------------------------------------------------------- */

/* Make the cgroup c->path, or those controllers of it that exist, and set its resources. */
static int apply(struct container_cgroup *c, const struct container_resources *resources,
		 bool *ret_is_new, struct err *e)
{
	cleanup_resource_writes struct resource_writes writes = {.n = 0};
	cleanup_strv struct strv needed = STRV(LIMIT_RESOURCES);
	int r = resources_plan(resources, &writes, e);

	if (r == 0)
		r = resources_controllers(&writes, &needed, e);
	if (r < 0)
		return r;
	r = cgroup_controllers_make(c->mount, c->path, &needed, ret_is_new, e);
	if (r < 0)
		return r;
	fd_close(c->fd);
	c->fd = r;
	if (!*ret_is_new && c->keeper == 0 && cgroup_has_event(c->fd, "populated 1", NULL) == 1)
		return err_set(e, -EEXIST, ERR_EXISTS, "cgroup '%s' holds processes", c->path);
	/* Left frozen, it would stop the container before it can say why. */
	r = *ret_is_new ? 0 : cgroup_write(c->fd, "cgroup.freeze", "0", e);
	if (r == 0)
		r = resources_apply(&writes, c->fd, e);
	if (r == 0)
		r = devices_apply(resources->device_rules, resources->n_device_rules, c->fd, e);
	return r < 0 ? err_wrap(e, r, "cgroup '%s'", c->path) : 0;
}

int container_cgroup_place(const char *id, const char *cgroups_path, char ret[LIMIT_PATH],
			   struct err *e)
{
	bool is_absolute = cgroups_path && *cgroups_path == '/';
	char own[LIMIT_PATH] = "/";
	int r = is_absolute ? 0 : cgroup_find_process(getpid(), own, e);

	return r < 0 ? r : container_cgroup_path(id, cgroups_path, own, ret, e);
}

int container_cgroup_create(const char *id, const char *cgroups_path, bool systemd,
			    const struct container_resources *resources,
			    struct container_cgroup *ret, struct err *e)
{
	cleanup_container_cgroup struct container_cgroup c = CONTAINER_CGROUP;
	bool is_new = false;
	int r = cgroup_find_mount(c.mount, e);

	c.is_scope = systemd;
	if (r == 0 && systemd)
		r = cgroup_systemd_start(id, cgroups_path, resources, &c.keeper, c.path, e);
	else if (r == 0)
		r = container_cgroup_place(id, cgroups_path, c.path, e);
	if (r == 0)
		r = apply(&c, resources, &is_new, e);
	if (r < 0) {
		if (is_new || c.keeper > 0)
			container_cgroup_remove(&c, UNDO_USEC, NULL);
		return r;
	}
	*ret = c;
	c = CONTAINER_CGROUP;
	return 0;
}

int container_cgroup_open(const char *path, bool systemd, struct container_cgroup *ret,
			  struct err *e)
{
	struct container_cgroup c = CONTAINER_CGROUP;
	char host[LIMIT_PATH];
	int r = path_canonical(path, c.path, sizeof(c.path), e);

	if (r == 0)
		r = cgroup_find_mount(c.mount, e);
	if (r == 0)
		r = cgroup_find_host_path(c.mount, c.path, host, e);
	if (r < 0)
		return r;
	c.fd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "there is no cgroup '%s'", c.path);
	if (c.fd < 0)
		return err_sys(e, "cgroup '%s'", c.path);
	c.is_scope = systemd;
	*ret = c;
	return 0;
}

int container_cgroup_update(const struct container_cgroup *c,
			    const struct container_resources *resources, struct err *e)
{
	cleanup_resource_writes struct resource_writes writes = {.n = 0};
	int r = resources_plan(resources, &writes, e);

	/* Controllers were enabled when it was made. */
	if (r == 0)
		r = resources_apply(&writes, c->fd, e);
	if (r == 0)
		r = devices_apply(resources->device_rules, resources->n_device_rules, c->fd, e);
	return r < 0 ? err_wrap(e, r, "cgroup '%s'", c->path) : 0;
}

/* ---- living with it -------------------------------------------------------------------- */

int container_cgroup_is_populated(const struct container_cgroup *c, struct err *e)
{
	int r = cgroup_has_event(c->fd, "populated 1", e);

	if (r != -ENOENT && r != -ENODEV)
		return r;
	err_clear(e); /* it has been removed since it was opened, so it was empty */
	return 0;
}

int container_cgroup_is_frozen(const struct container_cgroup *c, struct err *e)
{
	return cgroup_has_event(c->fd, "frozen 1", e);
}

int container_cgroup_freeze(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e)
{
	int r = cgroup_freeze(c->fd, timeout_usec, e);

	return r < 0 ? err_wrap(e, r, "freezing cgroup '%s'", c->path) : 0;
}

int container_cgroup_thaw(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e)
{
	int r = cgroup_write(c->fd, "cgroup.freeze", "0", e);

	if (r == 0)
		r = cgroup_wait_event(c->fd, "frozen 0", timeout_usec, e);
	return r < 0 ? err_wrap(e, r, "thawing cgroup '%s'", c->path) : 0;
}

int container_cgroup_pids(const struct container_cgroup *c, struct cgroup_pids *ret, struct err *e)
{
	int r = cgroup_pids_read(c->fd, ret, e);

	return r < 0 ? err_wrap(e, r, "cgroup '%s'", c->path) : 0;
}

int container_cgroup_kill(const struct container_cgroup *c, struct err *e)
{
	int r = cgroup_kill(c->fd, e);

	return r < 0 ? err_wrap(e, r, "cgroup '%s'", c->path) : 0;
}

int container_cgroup_remove(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e)
{
	char host[LIMIT_PATH];
	int r = cgroup_find_host_path(c->mount, c->path, host, e);

	if (r == 0)
		r = cgroup_kill_and_remove(AT_FDCWD, host, timeout_usec, e);
	if (r == 0 && c->is_scope)
		r = cgroup_systemd_stop(path_name(c->path), e);
	return r < 0 ? err_wrap(e, r, "cgroup '%s'", c->path) : 0;
}

int container_cgroup_oom_kills(const struct container_cgroup *c, uint64_t *ret, struct err *e)
{
	int r = cgroup_read_key(c->fd, "memory.events", "oom_kill", ret, e);

	if (r != -ENOENT)
		return r;
	err_clear(e);
	*ret = 0;
	return 0;
}
