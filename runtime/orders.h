/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * orders - what the child plays: a flat array of operations (private to runtime/)
 *
 * Made by plan*.c, played by child*.c: in the memory of the parent, or, packed into a file, by
 * runtime/init/, which is another program with another libc. So this header knows nothing but
 * numbers, pointers and the kernel's types.
 *
 * Vocabulary
 *   outside  operations in the caller's namespaces, played before the container's process is there
 *   current  the mount that was made last; BIND and FILESYSTEM make it, detached, the next
 *            operations set it up and ATTACH it
 *   held     a mount that was made outside, to be attached inside
 *   place    the directory of the container in which NODE, LINK and DIRECTORY work
 *   root     the mount that becomes "/"; container paths are looked up in it
 *   magic    number of the file system that a guarded path must lie in (fstatfs), 0: of any
 *
 * Everything that an operation points to is constant once the plan is made, so the child may read
 * it while it shares memory with its parent.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* clang-format off */
/* kind, function in child_*.c, words for people; what of struct op it uses */
#define OP_KINDS(X) \
	X(OPEN_NAMESPACE,    open_namespace,    "open namespace")          /* path; value: CLONE_NEW*; number: which */ \
	X(JOIN,              join,              "join namespace")          /* the same; OPTIONAL: it is tried again */ \
	X(JOIN_TARGET,       join_target,       "join namespaces of the container") /* value: CLONE_NEW* */ \
	X(TIME_OFFSETS,      time_offsets,      "time offsets")            /* target: lines for the kernel */ \
	X(ID_MAPPED,         id_mapped,         "id-mapped mount")         /* path; source, target: maps of users, groups; RECURSIVE */ \
	X(HOLD,              hold,              "keep mount")              /* value: which */ \
	X(BECOME_ROOT,       become_root,       "become root of the user namespace") \
	X(PRIVATE_MOUNTS,    private_mounts,    "propagation of all mounts") /* value: MS_*; path: staging directory */ \
	X(TAKE,              take,              "mount made outside")      /* value: which */ \
	X(BIND,              bind,              "bind")                    /* path: of the host; target; RECURSIVE */ \
	X(FILESYSTEM,        filesystem,        "file system")             /* see struct op; OPTIONAL */ \
	X(COPY_UP,           copy_up,           "copy up")                 /* path: whose content current gets */ \
	X(ATTRIBUTES,        attributes,        "mount attributes")        /* path, for people; value, other; RECURSIVE */ \
	X(PROPAGATION,       propagation,       "mount propagation")       /* value: MS_*; RECURSIVE */ \
	X(ROOT,              root,              "root on")                 /* path: staging directory */ \
	X(ATTACH,            attach,            "mount on")                /* path; CREATE, OPTIONAL, NO_LINKS */ \
	X(PLACE,             place,             "in")                      /* path; OPTIONAL */ \
	X(DIRECTORY,         directory,         "directory")               /* path: in place */ \
	X(NODE,              node,              "device node")             /* path: in place, or absolute; value: device, other: mode; owner */ \
	X(LINK,              link,              "symlink")                 /* path: in place; target */ \
	X(TERMINAL,          terminal,          "terminal")                /* value: rows, other: columns; owner */ \
	X(HOOKS,             hooks,             "hooks")                   /* path: their name; value: enum hook_kind */ \
	X(MASK,              mask,              "mask")                    /* path; value: magic number, other: length of what has it; target: label */ \
	X(READONLY_PATH,     readonly_path,     "read-only")               /* path; value, other: as above */ \
	X(READONLY_MOUNT,    readonly_mount,    "read-only mount")         /* path */ \
	X(READONLY_ROOT,     readonly_root,     "read-only root") \
	X(PIVOT_ROOT,        pivot_root,        "pivot root")              /* value: MS_* for the old root, 0: stays */ \
	X(CHANGE_ROOT,       change_root,       "change root") \
	X(ROOT_PROPAGATION,  root_propagation,  "propagation of the root") /* value: MS_*; RECURSIVE */ \
	X(HOSTNAME,          hostname,          "host name")               /* path: the name */ \
	X(DOMAINNAME,        domainname,        "domain name")             /* path: the name */ \
	X(LOOPBACK_UP,       loopback_up,       "loopback up") \
	X(UNSHARE,           unshare,           "unshare")                 /* value: CLONE_NEW* */ \
	X(NEW_SESSION,       new_session,       "new session") \
	X(STDIO,             stdio,             "standard streams") \
	X(CONTROLLING_TERMINAL, controlling_terminal, "controlling terminal") \
	X(SESSION_KEYRING,   session_keyring,   "session keyring") \
	X(OPEN_PROC,         open_proc,         "own /proc")               /* value: 1: all of it, 0: processes only */ \
	X(SYSCTL,            sysctl,            "sysctl")                  /* path: below /proc/sys; target: value */ \
	X(OOM_SCORE_ADJ,     oom_score_adj,     "oom_score_adj")           /* target: value */ \
	X(RLIMIT,            rlimit,            "limit")                   /* number: RLIMIT_*; value: soft, other: hard; KEEP_HARD */ \
	X(SCHEDULER,         scheduler,         "scheduler") \
	X(IO_PRIORITY,       io_priority,       "I/O priority")            /* value */ \
	X(CPUS,              cpus,              "CPU affinity")            /* value: which set */ \
	X(PERSONALITY,       personality,       "personality")             /* value */ \
	X(UMASK,             umask,             "umask")                   /* value */ \
	X(BOUNDING_SET,      bounding_set,      "bounding set")            /* value: what to keep */ \
	X(GATE,              gate,              "wait for leave") \
	X(CLOSE_FDS,         close_fds,         "close descriptors") \
	X(WORKING_DIRECTORY, working_directory, "working directory")       /* path; CREATE */ \
	X(LABEL,             label,             "label")                   /* path: in /proc/self/attr; target: what is written */ \
	X(NO_NEW_PRIVILEGES, no_new_privileges, "no new privileges") \
	X(SECCOMP,           seccomp,           "seccomp filter") \
	X(OWN_STREAMS,       own_streams,       "owner of the standard streams") /* uid */ \
	X(USER,              user,              "user")                    /* the orders' user */ \
	X(CAPABILITIES,      capabilities,      "capabilities")            /* value: effective, other: permitted; the orders' */ \
	X(PARENT_DEATH,      parent_death,      "die with parent") \
	X(SIGNALS,           signals,           "default signals") \
	X(LOOK_UP,           look_up,           "look up")                 /* path: args[0] */ \
	X(START,             start,             "wait for start") \
	X(INIT,              init,              "reap and forward signals") \
	X(EXEC,              exec,              "execute")                 /* path: args[0]; the orders' lists */

enum op_kind {
#define X(kind, function, words) OP_##kind,
	OP_KINDS(X)
#undef X
	OP_KIND_MAX
};
/* clang-format on */

enum op_flag {
	OP_RECURSIVE = 1 << 0, /* the mounts below too */
	OP_OPTIONAL = 1 << 1,  /* a kernel or image without it (ENODEV, ENOENT) is fine */
	OP_CREATE = 1 << 2,    /* a missing destination is made */
	OP_KEEP_HARD = 1 << 3,
	OP_IN_CGROUP = 1 << 4, /* of a bind: what of the source is this container's cgroup */
	OP_NO_LINKS = 1 << 5,  /* no link may lead to the destination */
};

/* How a parameter of a file system is handed over. */
enum op_param_kind {
	PARAM_STRING, /* "key=value" */
	PARAM_FLAG,   /* "key" */
	PARAM_LOWER,  /* a host directory, opened: "lowerdir+"; topmost first */
	PARAM_DIR,    /* a host directory, opened: "upperdir", "workdir" */
};

struct op_param {
	enum op_param_kind kind;
	const char *key;
	const char *value; /* NULL for a flag */
};

struct op {
	enum op_kind kind;
	unsigned flags;     /* enum op_flag */
	const char *path;   /* what it is about, named in errors; FILESYSTEM: the type */
	const char *target; /* LINK: its text; FILESYSTEM: its source, NULL: the type; BIND: what of
			       path, found inside it, NULL: all */
	const char *source;
	uint64_t value; /* FILESYSTEM, ATTRIBUTES: MOUNT_ATTR_* to set */
	uint64_t other; /* ATTRIBUTES: those to clear first */
	uint32_t number;
	uid_t uid; /* owner of what is made */
	gid_t gid;
	size_t first_param; /* FILESYSTEM: index into the orders' params ... */
	size_t n_params;    /* ... and how many */
};

struct ops {
	struct op *v;
	size_t n;
};

struct order_hook {
	const char *path;
	char **args;
	char **env;
	uint64_t timeout_usec; /* 0: none */
};

struct order_hooks {
	struct order_hook *v;
	size_t n;
};

/* sched_setattr(2), as the kernel has it. */
struct order_scheduler {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

enum {
	ORDER_HOOKS = 6, /* enum hook_kind */
	ORDER_CPU_SETS = 2,
	ORDER_HELD = 256,
	ORDER_NAMESPACES = 8, /* enum namespace_kind */
};

/* Descriptors that runtime/init/ is given beside the standard streams; -1: none. */
enum order_fd {
	ORDER_FD_REPORT,  /* pipe, see child_report */
	ORDER_FD_CGROUP,  /* directory that the container is born into */
	ORDER_FD_TARGET,  /* pidfd whose namespaces are joined */
	ORDER_FD_CONSOLE, /* socket for the terminal */
	ORDER_FD_LISTENER,
	ORDER_FD_START, /* FIFOs, see launch.h */
	ORDER_FD_RESULT,
	ORDER_FD_GATE, /* reading end */
	ORDER_FD_MAX
};

struct orders {
	struct ops outside;
	struct ops inside;
	struct op_param *params;
	size_t n_params;

	char **args; /* NULL-terminated, as the next two */
	char **env;
	char **candidates; /* paths to try with execve(), in order */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	uint64_t inheritable, ambient; /* capabilities; the others are in the operation */

	uint64_t clone_flags; /* CLONE_NEW* */
	bool is_alone;        /* nothing has to be done outside, so runtime/init/ begins in them */
	const char *uid_map;  /* of a new user namespace, lines for the kernel; NULL: none */
	const char *gid_map;
	const char *staging; /* an empty directory of the host */

	struct sock_filter *filter;
	size_t n_filter;
	unsigned filter_flags;      /* SECCOMP_FILTER_FLAG_* */
	const char *listener_state; /* see launch.h; NULL: nobody listens */
	struct order_scheduler scheduler;
	unsigned long *cpus[ORDER_CPU_SETS]; /* initial, final; NULL: none */
	size_t cpu_bytes;                    /* of each */

	struct order_hooks hooks[ORDER_HOOKS];
	const char *state;     /* see launch.h; NULL: none */
	char **host_env;       /* for hooks that name no variables, outside the container */
	const char *directory; /* in which those begin; NULL: the caller's */

	int fds[ORDER_FD_MAX];
	unsigned n_preserved; /* descriptors behind the standard streams that the process keeps */
};

/* The words of a kind. Thread: any. */
const char *op_words(enum op_kind kind);

/*
 * orders_pack - copy orders into memory, as another program can map them
 * @room: of @size bytes
 * @ret_used: bytes from the start; nothing else is written
 *
 * Pointers become offsets. Returns 0; -E2BIG when the room doesn't do.
 */
int orders_pack(const struct orders *o, void *room, size_t size, size_t *ret_used);
/* The way back, in place: @image is private and writable. Returns NULL for what is no orders. */
struct orders *orders_unpack(void *image, size_t size);
