/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cgroup_systemd - a cgroup that systemd makes: a transient scope (private to runtime/)
 *
 * The names and the properties are made here, the talk with systemd is anchord-scope's, a program
 * that is run for it (scope_words.h): beside ours, or in the libexec directory. A scope exists
 * only while it has a process, so a keeper sits in it until the container is there. It is
 * delegated: inside we write control files ourselves, and systemd gets the limits as properties
 * too, because it writes what it knows again whenever it is reloaded.
 */
#include <sys/types.h>

#include "base/limits.h"
#include "runtime/resources.h"

enum { SYSTEMD_PROPERTIES_MAX = 16, SYSTEMD_MASK_MAX = 128 /* bytes: 1024 processors */ };

struct systemd_property {
	char name[24];
	char type; /* of D-Bus: 't' number, 'y' an array of the bytes of mask */
	uint64_t number;
	uint8_t mask[SYSTEMD_MASK_MAX];
	size_t n_mask;
};

struct systemd_names {
	char slice[256]; /* "system.slice" */
	char unit[256];  /* "docker-<id>.scope" */
};

/*
 * cgroup_systemd_names - of a cgroupsPath "slice:prefix:name"
 *
 * Empty: "system.slice" and "anchord-<id>.scope". An empty slice is system.slice too; without a
 * prefix the unit is "<name>.scope". Pure.
 * Returns 0; -EINVAL (ERR_INVALID) for another form.
 */
int cgroup_systemd_names(const char *id, const char *cgroups_path, struct systemd_names *ret,
			 struct err *e);

/*
 * The properties that say the same as resources_plan(): those that are limits, or take one back.
 * Returns their number, at most SYSTEMD_PROPERTIES_MAX; -EINVAL (ERR_INVALID). Pure.
 */
ssize_t cgroup_systemd_properties(const struct container_resources *r, struct systemd_property *ret,
				  struct err *e);

/*
 * cgroup_systemd_start - start the scope, wait until systemd has made it
 * @ret_keeper: a child of ours in it, to be killed and waited for by the caller
 * @ret_path:   of its cgroup, inside the hierarchy
 *
 * Asks the system's manager, or the user's when not root; blocks for at most SCOPE_SEC.
 * Returns: 0; -EHOSTDOWN (ERR_UNSUPPORTED) when no manager can be reached; -EOPNOTSUPP
 *          (ERR_UNSUPPORTED) without anchord-scope; -EEXIST (ERR_EXISTS)
 *          when the unit is there; -ETIMEDOUT (ERR_DEADLINE); -EIO when the job fails.
 */
int cgroup_systemd_start(const char *id, const char *cgroups_path,
			 const struct container_resources *r, pid_t *ret_keeper,
			 char ret_path[LIMIT_PATH], struct err *e);

/*
 * Stop the unit and wait until systemd has forgotten it, so that its name is free: it notices by
 * itself that a scope is empty, but later. A unit that isn't there is fine, and so is no systemd.
 */
int cgroup_systemd_stop(const char *unit, struct err *e);
