/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * container - what the runtime is asked to run
 *
 * A container_spec is complete and checked by shape: users are numbers, defaults are filled
 * in. runtime/plan.h turns it into operations, runtime/launch.h plays them. Words are those
 * of the OCI runtime-spec.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "vfs/mount_spec.h"

enum network_mode {
	NETWORK_HOST, /* the daemon's own network namespace */
	NETWORK_NONE, /* a new one, with loopback up */
	NETWORK_PATH, /* an existing one, by path */
};

struct container_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary; owned; at most LIMIT_GROUPS */
	size_t n_groups;
};

/* All strings and lists are owned; container_spec_done() frees them. */
struct container_spec {
	struct mount_specs rootfs; /* at least one */
	struct mount_specs mounts; /* the caller's, on top of the defaults (/proc /dev /sys ...) */
	bool readonly_rootfs;

	struct strv args; /* at least one; args[0] without '/' is looked up in env's PATH */
	struct strv env;
	char *cwd;      /* absolute container path */
	char *hostname; /* "" keeps the default, "anchord" */
	struct container_user user;

	bool is_gated;        /* set up, it waits for leave to run the command (runtime/launch.h) */
	bool die_with_parent; /* SIGKILL when the thread that launched it ends */
	uint64_t open_files;  /* soft RLIMIT_NOFILE; 0: the daemon's own */

	enum network_mode network;
	char *network_path; /* NETWORK_PATH only */
};

void container_spec_done(struct container_spec *s);
/* A deep copy into an empty @to. */
int container_spec_copy(const struct container_spec *from, struct container_spec *to,
			struct err *e);
#define cleanup_container_spec cleanup(container_spec_done)
