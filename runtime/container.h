/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * container - what the runtime is asked to run
 *
 * A container_spec says everything that a runtime-spec document can say about one container or one
 * process in it, checked by shape: users are numbers, times are in the units named here, nothing is
 * left to defaults. Who fills it: oci/config.h from config.json, runtime/defaults.h with what
 * docker gives a container that says nothing. runtime/plan.h turns it into operations,
 * runtime/launch.h plays them. Words are those of the OCI runtime-spec.
 *
 * A spec that is all zero (container_spec_init()) asks for nothing: no namespace, no mount, no
 * capability, no filter.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "runtime/hooks.h"
#include "runtime/seccomp.h"
#include "vfs/mount_spec.h"

/* ---- namespaces ------------------------------------------------------------------------ */

/* clang-format off */
/* kind, name in documents, name in /proc/<pid>/ns, flag of clone */
#define NAMESPACE_KINDS(X) \
	X(USER,    "user",    "user",   CLONE_NEWUSER) \
	X(MOUNT,   "mount",   "mnt",    CLONE_NEWNS) \
	X(PID,     "pid",     "pid",    CLONE_NEWPID) \
	X(NETWORK, "network", "net",    CLONE_NEWNET) \
	X(IPC,     "ipc",     "ipc",    CLONE_NEWIPC) \
	X(UTS,     "uts",     "uts",    CLONE_NEWUTS) \
	X(CGROUP,  "cgroup",  "cgroup", CLONE_NEWCGROUP) \
	X(TIME,    "time",    "time",   CLONE_NEWTIME)

enum namespace_kind {
#define X(kind, name, file, flag) NAMESPACE_##kind,
	NAMESPACE_KINDS(X)
#undef X
	NAMESPACE_MAX
};
/* clang-format on */

struct namespace_kind_info {
	const char *name; /* "mount" */
	const char *file; /* "mnt" */
	uint64_t flag;    /* CLONE_NEWNS */
};
extern const struct namespace_kind_info namespace_kinds[NAMESPACE_MAX];

enum namespace_mode {
	NAMESPACE_HOST, /* the caller's own */
	NAMESPACE_NEW,
	NAMESPACE_PATH, /* an existing one */
};

struct container_namespace {
	enum namespace_mode mode;
	char *path; /* NAMESPACE_PATH only; owned, as all strings here */
};

/* @count ids, from @inside on, are those of the host from @outside on. */
struct id_map {
	uint32_t inside, outside, count;
};

struct id_maps {
	struct id_map *v; /* owned */
	size_t n;         /* at most LIMIT_ID_MAPS, as in the kernel */
};

/* What the clock of a new time namespace shows beyond the host's. */
struct time_offset {
	bool is_set;
	int64_t seconds;
	uint32_t nanoseconds;
};

/* ---- files ----------------------------------------------------------------------------- */

struct container_device {
	char *path;  /* absolute container path */
	mode_t type; /* S_IFCHR, S_IFBLK, S_IFIFO */
	uint32_t major, minor;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
};

struct container_devices {
	struct container_device *v; /* owned */
	size_t n;                   /* at most LIMIT_DEVICES */
};

/* ---- the process ----------------------------------------------------------------------- */

struct container_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary; owned; at most LIMIT_GROUPS */
	size_t n_groups;
};

/* Bit n = capability n (linux/capability.h). What this process lacks itself can't be given. */
struct container_capabilities {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct container_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
	bool keeps_hard; /* only the soft limit is set, at most to the hard one */
};

struct container_rlimits {
	struct container_rlimit v[16]; /* one of each kind */
	size_t n;
};

/* sched_setattr(2) */
struct container_scheduler {
	bool is_set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_nsec, deadline_nsec, period_nsec;
};

enum { CONTAINER_CPUS = 8192 /* of the kernel's largest configuration */ };

/* A set of processors; as sched_setaffinity(2) takes it. */
struct container_cpus {
	bool is_set;
	unsigned long bits[CONTAINER_CPUS / (8 * sizeof(unsigned long))];
};

struct container_terminal {
	bool is_wanted;
	uint16_t rows, columns; /* 0: the kernel's default */
};

struct container_process {
	struct strv args; /* at least one; args[0] without '/' is looked up in env's PATH */
	struct strv env;
	char *cwd; /* absolute container path */
	struct container_user user;
	mode_t umask;
	struct container_capabilities capabilities;
	struct container_rlimits rlimits;
	bool owns_streams; /* the standard streams become the user's, so that he can open them again
			    */
	bool no_new_privileges;
	bool has_oom_score_adj;
	int oom_score_adj;
	char *apparmor_profile; /* NULL: as the caller's, as the next one */
	char *selinux_label;
	struct container_scheduler scheduler;
	bool has_io_priority;
	int io_priority;                    /* as ioprio_set(2) takes it: class and level */
	struct container_cpus cpus_initial; /* until the command is executed */
	struct container_cpus cpus_final;   /* from then on */
	bool has_personality;
	unsigned long personality; /* PER_* */
	struct container_terminal terminal;
};

/* ---- the container --------------------------------------------------------------------- */

struct container_spec {
	struct container_namespace namespaces[NAMESPACE_MAX];
	struct id_maps uid_maps; /* of a new user namespace */
	struct id_maps gid_maps;
	struct time_offset monotonic; /* of a new time namespace */
	struct time_offset boottime;

	struct mount_specs rootfs; /* at least one, unless a mount namespace is joined */
	struct mount_specs mounts; /* all of them, in order: /proc and /dev too */
	bool readonly_rootfs;
	bool keeps_root;                  /* chroot in place of pivot_root (runc's --no-pivot) */
	unsigned long rootfs_propagation; /* MS_*: of the container's "/"; 0: MS_SLAVE */
	bool makes_mount_points; /* missing destinations are made in the rootfs, and stay */
	/* Beside the default devices and links, which every /dev of our own gets. */
	struct container_devices devices;
	struct strv masked_paths;
	struct strv readonly_paths;
	struct strv sysctl; /* "name=value" */
	char *mount_label;  /* SELinux context of file systems that are made; NULL: none */

	char *hostname; /* NULL or "": stays */
	char *domainname;

	struct container_process process;
	struct seccomp_policy *seccomp; /* owned; NULL: no filter ... */
	bool has_default_filter;        /* ... but the default one (runtime/seccomp.h) */
	struct container_hooks hooks;

	bool has_own_keyring; /* a session keyring of its own */
	bool die_with_parent; /* SIGKILL when the thread that launched it ends */
	bool is_gated;        /* set up, it waits for leave to run the command (runtime/launch.h) */
	bool is_staged; /* it does so in a program of its own, runtime/init/, not in our memory */
	bool has_init;  /* process 1 is runtime/init/, which reaps and forwards signals */
};

void container_spec_init(struct container_spec *s);
void container_spec_done(struct container_spec *s);
#define cleanup_container_spec cleanup(container_spec_done)

void container_process_done(struct container_process *p);

/* Append copies. Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int id_maps_add(struct id_maps *maps, const struct id_map *map, struct err *e);
int container_devices_add(struct container_devices *devices, const struct container_device *device,
			  struct err *e);
