/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * container_cgroup - the cgroup of one OCI container, named by its cgroupsPath
 *
 * There is no daemon here: one process makes the cgroup and others find it again by its path,
 * which they keep. Who makes it: ourselves, by mkdir ("cgroupfs"), or systemd, as a transient
 * scope that it delegates to us.
 *
 *	container_cgroup_create(..., &c, ...); // resources are set, the cgroup is empty
 *	clone3(CLONE_INTO_CGROUP, c.fd);
 *	container_cgroup_done(&c);          // now it holds the container
 *	...
 *	container_cgroup_open(c.path, systemd, &c, ...);
 *	container_cgroup_remove(&c, ...);
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "runtime/cgroup_pids.h"
#include "runtime/resources.h"

struct container_cgroup {
	char path[LIMIT_PATH];  /* canonical, inside the hierarchy; what a state file keeps */
	char mount[LIMIT_PATH]; /* where the hierarchy is mounted */
	int fd;                 /* its directory; owned */
	bool is_scope;          /* systemd has made it */
	pid_t keeper;           /* keeps a scope alive that has nobody yet, or 0; ours */
};

#define CONTAINER_CGROUP ((struct container_cgroup){.fd = -EBADF})

/* Close it; a scope is given up when nobody has entered it. */
void container_cgroup_done(struct container_cgroup *c);
#define cleanup_container_cgroup cleanup(container_cgroup_done)

/*
 * container_cgroup_path - the path of the cgroupfs driver
 * @id:           the container's
 * @cgroups_path: of the document; NULL or "": the id
 * @own:          canonical path of the caller's cgroup
 *
 * As runc does: an absolute path starts at the root of the hierarchy, a relative one beside the
 * caller's cgroup (below it no controller could be enabled, since the caller is in it); ".." leads
 * out of neither. Pure.
 * Returns 0; -EINVAL (ERR_INVALID) when that is the root; -ENAMETOOLONG.
 */
int container_cgroup_path(const char *id, const char *cgroups_path, const char *own,
			  char ret[LIMIT_PATH], struct err *e);
/* The same for this process: where container_cgroup_create() makes it without systemd. */
int container_cgroup_place(const char *id, const char *cgroups_path, char ret[LIMIT_PATH],
			   struct err *e);

/*
 * container_cgroup_create - make the cgroup and set its resources
 * @cgroups_path: cgroupfs: as above; systemd: "slice:prefix:name" or ""
 * @systemd:      let systemd make it
 *
 * Missing directories above it are made too and stay, as runc's do.
 * Returns: 0; -EEXIST (ERR_EXISTS) when the cgroup holds processes; -EBUSY (ERR_PRECONDITION),
 *          see cgroup_controllers.h; what resources_plan(), resources_apply() and devices_apply()
 *          return; -EHOSTDOWN (ERR_UNSUPPORTED) when there is no systemd. Nothing is left then.
 */
int container_cgroup_create(const char *id, const char *cgroups_path, bool systemd,
			    const struct container_resources *resources,
			    struct container_cgroup *ret, struct err *e);
/* Find it again; @path and @systemd as it was made. Returns 0; -ENOENT (ERR_NOT_FOUND). */
int container_cgroup_open(const char *path, bool systemd, struct container_cgroup *ret,
			  struct err *e);
/* Set other resources; those that aren't given stay. Returns as container_cgroup_create(). */
int container_cgroup_update(const struct container_cgroup *c,
			    const struct container_resources *resources, struct err *e);

/* All processes in it and below. */
int container_cgroup_pids(const struct container_cgroup *c, struct cgroup_pids *ret, struct err *e);
/* Is there any? Returns 1 or 0, -errno. */
int container_cgroup_is_populated(const struct container_cgroup *c, struct err *e);

/* Stop all processes; wait until they are. On -ETIMEDOUT (ERR_DEADLINE) they go on. */
int container_cgroup_freeze(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e);
int container_cgroup_thaw(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e);
/* Returns 1 or 0, -errno. */
int container_cgroup_is_frozen(const struct container_cgroup *c, struct err *e);

/* SIGKILL for all processes in it and below, frozen ones too; doesn't wait for them. */
int container_cgroup_kill(const struct container_cgroup *c, struct err *e);
/*
 * Kill, wait, remove it with what is below, and the unit of a scope. Missing is fine. The
 * directories above it stay.
 * Returns 0; -ETIMEDOUT (ERR_CLEANUP).
 */
int container_cgroup_remove(const struct container_cgroup *c, uint64_t timeout_usec, struct err *e);

/* How often the kernel killed for memory in it and below; 0 without the controller. */
int container_cgroup_oom_kills(const struct container_cgroup *c, uint64_t *ret, struct err *e);
