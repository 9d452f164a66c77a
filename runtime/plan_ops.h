/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * plan_ops - the inside of a plan: a flat array of operations (private to runtime/)
 *
 * Vocabulary
 *   current  the mount that was made last; BIND and FILESYSTEM make it, detached, the next
 *            operations set it up and ATTACH it, DIRECTORY, NODE and LINK fill it
 *   root     the mount that becomes "/"; container paths are looked up in it
 *   magic    number of the file system that a guarded path must lie in (fstatfs)
 *
 * Everything that an operation points to belongs to the plan and is constant once the plan is
 * made, so the child may read it while it shares memory with its parent.
 */
#include "runtime/plan.h"

/* clang-format off */
/* kind, function in child_*.c, words for people; what of struct op it uses */
#define OP_KINDS(X) \
	X(JOIN_NETWORK,      join_network,      "join network namespace")  /* path, for people */ \
	X(PRIVATE_MOUNTS,    private_mounts,    "make mounts private") \
	X(BIND,              bind,              "bind")                    /* path: of the host; target; RECURSIVE */ \
	X(FILESYSTEM,        filesystem,        "file system")             /* see struct op; OPTIONAL */ \
	X(ATTRIBUTES,        attributes,        "mount attributes")        /* path, for people; value, clear */ \
	X(PROPAGATION,       propagation,       "mount propagation")       /* value: MS_*; RECURSIVE */ \
	X(ROOT,              root,              "root on")                 /* path: staging directory */ \
	X(ATTACH,            attach,            "mount on")                /* path; CREATE, OPTIONAL */ \
	X(DIRECTORY,         directory,         "directory")               /* path: in current */ \
	X(NODE,              node,              "device node")             /* path: in current; value: device */ \
	X(LINK,              link,              "symlink")                 /* path: in current; target */ \
	X(MASK,              mask,              "mask")                    /* path; value: magic number */ \
	X(READONLY_PATH,     readonly_path,     "read-only")               /* path; value: magic number */ \
	X(READONLY_ROOT,     readonly_root,     "read-only root") \
	X(PIVOT_ROOT,        pivot_root,        "pivot root") \
	X(HOSTNAME,          hostname,          "host name")               /* path: the name */ \
	X(LOOPBACK_UP,       loopback_up,       "loopback up") \
	X(NEW_SESSION,       new_session,       "new session") \
	X(STDIO,             stdio,             "standard streams") \
	X(SESSION_KEYRING,   session_keyring,   "session keyring") \
	X(OPEN_FILES,        open_files,        "open files")              /* value: soft limit */ \
	X(UMASK,             umask,             "umask")                   /* value */ \
	X(BOUNDING_SET,      bounding_set,      "bounding set")            /* value: what to keep */ \
	X(GATE,              gate,              "wait for leave") \
	X(CLOSE_FDS,         close_fds,         "close descriptors") \
	X(WORKING_DIRECTORY, working_directory, "working directory")       /* path */ \
	X(SECCOMP,           seccomp,           "seccomp filter") \
	X(USER,              user,              "user")                    /* the plan's user */ \
	X(CAPABILITIES,      capabilities,      "capabilities")            /* value: permitted, effective */ \
	X(PARENT_DEATH,      parent_death,      "die with parent") \
	X(SIGNALS,           signals,           "default signals") \
	X(EXEC,              exec,              "execute")                 /* path: args[0]; the plan's lists */

enum op_kind {
#define X(kind, function, words) OP_##kind,
	OP_KINDS(X)
#undef X
	OP_KIND_MAX
};
/* clang-format on */

enum op_flag {
	OP_RECURSIVE = 1 << 0, /* the mounts below too */
	OP_OPTIONAL = 1 << 1,  /* a kernel without it (ENODEV, ENOENT) is fine */
	OP_CREATE = 1 << 2,    /* the destination lies in a file system of ours: make it */
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
	uint64_t value;     /* FILESYSTEM, ATTRIBUTES: MOUNT_ATTR_* to set */
	uint64_t clear;     /* ATTRIBUTES: those to clear first */
	size_t first_param; /* FILESYSTEM: index into the plan's params ... */
	size_t n_params;    /* ... and how many */
};

struct runtime_plan {
	struct op *ops;
	size_t n_ops;
	struct op_param *params;
	size_t n_params;

	struct strv args;
	struct strv env;
	struct strv candidates; /* paths to try with execve(), in order */
	struct container_user user;
	uint64_t clone_flags; /* CLONE_NEW* */
	char *network_path;   /* NULL unless a namespace is joined */
	const char *staging;

	struct strv strings; /* keeps what ops and params point to */
	bool oom;            /* sticky while the plan is built; checked once, at its end */
	bool launched;
};

/* The words of a kind. Thread: any. */
const char *op_words(enum op_kind kind);

/* ---- building (plan_*.c); running out of memory is noted in the plan ------------------ */

/* A copy of @string that lives as long as the plan; "" without memory. */
const char *plan_keep(struct runtime_plan *plan, const char *string);
/* Append a copy of *@op; its strings must be kept or constant. */
void plan_add(struct runtime_plan *plan, const struct op *op);
/* Append a parameter to the file system that is added next with this first_param. */
void plan_add_param(struct runtime_plan *plan, enum op_param_kind kind, const char *key,
		    const char *value);

/* /proc, /dev, /sys and what is in them; the masked and the read-only paths. */
void plan_default_mounts(struct runtime_plan *plan);
void plan_default_masks(struct runtime_plan *plan);
/* Is @canonical below a file system that the default mounts bring? */
bool plan_default_covers(const char *canonical);

/* The specs of "/", onto the staging directory; then the caller's mounts. */
int plan_rootfs(struct runtime_plan *plan, const struct mount_specs *rootfs, struct err *e);
int plan_mounts(struct runtime_plan *plan, const struct mount_specs *mounts, struct err *e);

/* The files that @name may stand for: itself if it has a slash, else below each of PATH. */
int plan_candidates(const char *name, const struct strv *env, struct strv *ret, struct err *e);
