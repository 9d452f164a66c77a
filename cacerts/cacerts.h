/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cacerts - make a container trust the operator's authorities, and leave no trace
 *
 *	cacerts_plan()  look at the container, decide, run the tool on a scratch layer if there
 *	                is one: the result is a list of changes and a report
 *	install_run()   journal, then play the changes (install.h)
 *	undo_run()      after the user process (undo.h)
 *
 * Strategies, for each store the cheapest correct one:
 *	drop-in   our own file in the family's directory, always, so that the authorities survive
 *	          when the user process installs the ca-certificates package or runs the tool
 *	native    what the image's tool would do, computed: for versions known by their digest, on
 *	          stores that are as its last run left them (native.h)
 *	helper    otherwise: the tool itself, in a helper container whose writes go to a scratch
 *layer; what it changed there is the plan for the real tree. The tool can't touch anything else,
 *and a tool that fails has changed nothing. append    no tool: our certificates behind the ones of
 *the existing bundle create    no tool, and no bundle where any reader looks: one at the family's
 *own path
 *
 * OpenSSL is used in this folder only. Nothing here starts a process: the caller passes a
 * function that runs a helper.
 */
#include "cacerts/authorities.h"
#include "cacerts/changes.h"
#include "distro/distro.h"

/*
 * Run a tool as root in a container with these specs.
 * @output: gets the tool's stdout and stderr, as much as fits
 * @ret_status: exit code, or 128 + signal
 * Returns: 0 when the tool ran, whatever its status; -ETIMEDOUT (ERR_LIMIT); -errno.
 */
typedef int (*cacerts_helper_fn)(void *arg, const struct mount_specs *rootfs,
				 const struct mount_specs *mounts, const char *const *argv,
				 struct buf *output, int *ret_status, struct err *e);

/* Everything is borrowed for the call. */
struct cacerts_request {
	const struct mount_specs *rootfs;
	const struct mount_specs *mounts;
	const struct authorities *authorities; /* at least one */
	const char *scratch; /* host directory for the helper's layers; emptied by the caller */
	cacerts_helper_fn helper; /* NULL: only say what would be done */
	void *helper_arg;
};

/* What was found and decided. */
struct cacerts_plan {
	struct distro distro;   /* family NULL: unknown */
	struct changes changes; /* to be played by install_run() */
	json_t *report;         /* "family", "evidence", "stores", "skipped", "native"; owned */
	bool complete;          /* a bundle that readers use will hold the authorities */
};

void cacerts_plan_done(struct cacerts_plan *p);
#define cleanup_cacerts_plan cleanup(cacerts_plan_done)

/*
 * Decide how to install; @fs is the view of the request's specs and is not changed.
 * Returns: 0, also when there is nothing that can be done (@ret->complete is false then, and
 *          the report's "skipped" says why); -errno when reading the container failed.
 */
int cacerts_plan(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *ret,
		 struct err *e);
