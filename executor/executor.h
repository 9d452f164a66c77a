/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * executor - what all execs of one daemon share
 *
 * Directories: state_dir is on persistent disk and holds the undo journals, run_dir is on a
 * tmpfs and holds what a reboot may forget (scratch layers, the staging directory). Both are
 * locked, so two daemons never share them.
 *
 *	<state_dir>/execs/<id>/   journal and backups of one exec (cacerts/journal.h)
 *	<state_dir>/runc/         what anchor-runc has to undo (cacerts/shared_tree.h)
 *	<state_dir>/underlays/    files that are shown in containers (cacerts/underlay.h)
 *	<run_dir>/scratch/<id>/   upper of the built-in default rootfs; layers of helpers
 *	<run_dir>/staging/        always empty; see runtime/plan.h
 *
 * Thread: any, where not said otherwise; the authorities are swapped under a lock.
 */
#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

struct executor;

struct executor_config {
	const char *state_dir;   /* made if missing; borrowed for the call, as all here */
	const char *run_dir;     /* made if missing */
	const char *cgroup;      /* NULL: see cgroup_tree_open() */
	uint64_t open_files;     /* soft RLIMIT_NOFILE of containers; 0: this process's */
	const char *known_tools; /* file, see cacerts/known_tools.h; NULL: none */
	const char *authorities; /* directory of the operator's CAs; may be missing: none then */
};

/*
 * Open the directories, take the locks, enter the cgroup, load the authorities.
 * Returns: 0; -EBUSY (ERR_PRECONDITION) when another daemon has the directories; -errno.
 */
int executor_new(const struct executor_config *config, struct executor **ret, struct err *e);
struct executor *executor_free(struct executor *ex);

/*
 * executor_recover - end what an earlier life of the daemon left
 * @ret_report: {"killed":[id], "undone":[id], "failed":[{"id","error"}]}; the caller frees it
 *
 * Kills every container in the cgroup tree, undoes every journal, removes state and scratch.
 * Idempotent. A journal that can't be undone stays, is reported and does not fail the call.
 * Thread: before any exec is made; blocks.
 */
int executor_recover(struct executor *ex, json_t **ret_report, struct err *e);

/* Before the name of a tree in which containers of anchor-runc left something: an id for a repair.
 */
#define EXECUTOR_RUNC_TREE "runc:"

struct repair_request {
	struct strv ids; /* of these only; empty: of all */
	bool dry_run;    /* look, change nothing */
	bool forget;     /* with ids only: remove the journals, undo nothing */
};

/*
 * executor_repair - undo what is left of execs, and of containers of anchor-runc, that live no more
 * @ret: what was left and what became of it (docs/json.md); the caller frees it
 *
 * What can't be undone stays and does not fail the call. No journal of an exec that lives is
 * touched, nor a tree that one runs over; an exec that comes over a tree that is being undone
 * waits. Idempotent, also across crashes. Blocks: worker.
 *
 * Returns: 0; -EINVAL (ERR_INVALID) for options that exclude each other; -ENOENT (ERR_NOT_FOUND),
 *          -EBUSY (ERR_PRECONDITION) for an id of which nothing is left, that lives: nothing is
 *          done then; -EBUSY also while another repair works.
 */
int executor_repair(struct executor *ex, const struct repair_request *q, json_t **ret,
		    struct err *e);

/* Read the authorities directory again. A failure keeps what was loaded. Blocks: worker. */
int executor_reload(struct executor *ex, struct err *e);

/* Documents for people and machines; the caller frees them. docs/json.md says the shapes. */
json_t *executor_authorities_json(struct executor *ex);
json_t *executor_info_json(struct executor *ex);
