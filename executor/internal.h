/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* internal - the structs behind executor.h and exec.h; for this folder only */
#include <pthread.h>

#include "cacerts/known_images.h"
#include "executor/claims.h"
#include "executor/exec.h"
#include "executor/seal.h"
#include "executor/settle.h"
#include "executor/targets.h"
#include "runtime/cgroup.h"

struct executor {
	char *state_dir;
	char *run_dir;
	char *authorities_dir;
	struct known_tools known_tools;
	struct known_images known_images;
	char *staging; /* <run_dir>/staging */
	uint64_t open_files;
	int execs_fd;   /* <state_dir>/execs */
	int scratch_fd; /* <run_dir>/scratch */
	int state_lock;
	int run_lock;
	struct cgroup_tree *cgroups;
	struct targets targets;
	struct claims claims;
	struct settle settle;
	pthread_mutex_t repairing; /* held while a repair works */
	pthread_mutex_t lock;      /* guards authorities */
	struct authorities *authorities;
};

struct exec {
	struct executor *ex; /* borrowed; outlives the exec */
	struct exec_request q;
	struct mount_specs rootfs; /* what "/" really is: the request's, or the default */
	bool is_default;           /* rootfs is the built-in default ... */
	char *upper;               /* ... with this upper */
	char *work;
	char *scratch;                   /* <run_dir>/scratch/<id> */
	struct authorities *authorities; /* of this exec; none with TRUST_OFF */
	struct claim *claim;             /* of id and tree; from the start to the finish */
	struct target *target;           /* the shared tree; NULL before it was entered */
	unsigned strategies;             /* allowed ones, 1 << enum cacerts_strategy */
	struct strv trust_env;           /* variables that the authorities add */
	struct mount_specs trust_mounts; /* masks, on top of all other mounts */
	int state_fd;                    /* <state_dir>/execs/<id>; -EBADF before it was made */
	bool has_leaf;                   /* a cgroup leaf was made */
	bool has_mount_points;           /* a journal of mount points was begun */
	struct underlay *underlay;       /* shown to the process; borrowed of the tree's image */
	struct mount_specs shown;        /* rootfs, with the underlay */
	const int *gate;            /* at which the process waits for the seal; NULL: it needn't */
	struct seal seal;           /* of the install, until exec_wait_sealed() ... */
	struct target_trust *trust; /* ... and what others in the tree get then; owned */
	struct settle_job *settle;  /* what is left to do when it has finished; owned */
	struct runtime_process process;
	bool started;
	bool reaped;
	struct runtime_exit exit;
	uint64_t launched_usec; /* monotonic */
	json_t *receipt;        /* docs/json.md; owned */
};

/* The set in force; the caller owns the reference. */
struct authorities *executor_authorities(struct executor *ex);

/* rootfs.c: fill x->rootfs, making scratch directories for the default. */
int exec_make_rootfs(struct exec *x, struct err *e);
/* How many entries an overlay's upper directory holds, at any depth. */
int exec_count_upper(const char *upper, size_t *ret, struct err *e);

/*
 * mount_points.c: plan what mounts lack as destinations, to be made in the rootfs. The second form
 * takes a view of the rootfs alone, and puts the mounts on it.
 */
int exec_plan_mount_points(const struct mount_specs *rootfs, const struct mount_specs *mounts,
			   struct changes *ret, struct err *e);
int exec_plan_mount_points_in(struct vfs *fs, const struct mount_specs *mounts, struct changes *ret,
			      struct err *e);

/* exec_start.c: what each container of an exec has; @spec is empty but for its user. */
int exec_fill_defaults(const struct exec *x, struct container_spec *spec, struct err *e);

/* helper.c: a cacerts_helper_fn; the argument is the struct exec. */
int exec_run_helper(void *arg, const struct mount_specs *rootfs, const struct mount_specs *mounts,
		    const char *const *argv, struct buf *output, int *ret_status, struct err *e);

/* The journals in the state directory of an exec, in the order of their undo. */
#define JOURNAL_TRUST        "trust"
#define JOURNAL_MOUNT_POINTS "mount-points"
extern const char *const exec_journals[]; /* NULL-terminated */

/* trust.c: plan and install the authorities; adds "trust" to the receipt. */
int exec_install_trust(struct exec *x, struct err *e);
/*
 * Before the user process runs, and before anything is undone: the install is on the disk. Returns
 * 0; SEALED_NOTHING when that failed and the process runs without authorities; -errno.
 */
enum { SEALED_NOTHING = 1 };
int exec_wait_sealed(struct exec *x, struct err *e);

/* exec.c: the request's strategies as bits. */
int exec_strategies(const struct exec_request *q, unsigned *ret, struct err *e);

/* The view that authorities are planned in: a rootfs that is to be read-only can't be written. */
int exec_open_view(const struct mount_specs *rootfs, const struct mount_specs *mounts,
		   bool readonly, struct vfs **ret, struct err *e);

/* masks.c: take a plan's masks and variables over, to be used by the launch. */
int exec_show_trust(struct exec *x, const struct cacerts_plan *p, struct err *e);

/* journals.c */
/* Journal and play @changes, which make mount points, in the rootfs that @fs shows. */
int exec_install_mount_points(struct exec *x, struct vfs *fs, const struct changes *changes,
			      struct err *e);
/* The same for the authorities, in the view that the plan was made for; fills trust->journal. */
int exec_install_plan(struct exec *x, struct vfs *fs, struct target_trust *trust, struct err *e);
/* Show the underlay to the process. On failure nothing has changed. */
int exec_show_underlay(struct exec *x, struct underlay *underlay, struct err *e);
/* Make the authorities' journal, which is drafted, in the state directory @parent. */
int exec_write_journal(int parent, struct journal *j, struct err *e);
/*
 * Undo the journal @name of exec @id and remove it; missing is fine.
 * @known, @ret_rest: as undo_take(); NULL: it is read, and all is done at once
 * Returns 0; UNDO_RESTS.
 */
int exec_undo_journal(struct executor *ex, const char *id, const char *name, struct journal *known,
		      json_t *report, struct vfs_unsynced *ret_rest, struct err *e);
