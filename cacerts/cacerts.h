/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* clang-format off */
/*
 * cacerts - make a container trust the operator's authorities, and leave no trace
 *
 *	cacerts_plan()  look at the container, decide, run the tool on a scratch layer if there
 *	                is one: the result is a list of changes and a report
 *	install_run()   journal, then play the changes (install.h)
 *	undo_run()      after the user process (undo.h)
 *
 * What a plan is made of, for each store the cheapest correct way:
 *
 *	drop-in      our own file in the family's directory, so that the authorities survive when
 *	             the user process installs the ca-certificates package or runs the tool; native
 *	             and helper need it
 *	native       what the image's tool would do, computed: for versions known by their digest,
 *	             on stores that are as its last run left them (native.h)
 *	helper       otherwise: the tool itself, in a helper container whose writes go to a scratch
 *	             layer; what it changed there is the plan for the real tree. It can't touch
 *	             anything else, and one that fails has changed nothing
 *	append       no tool, or one that failed: our certificates behind those of each bundle, and
 *	             entries in hashed directories
 *	create       no bundle where any reader looks: one at the family's own path
 *	java         keystores of the image's Java that the tool, if any, hasn't written
 *	mask         where the container can't be written: private copies bound over the stores
 *	environment  variables for software that has a store of its own
 *
 * OpenSSL is used in this folder only. Nothing here starts a process: the caller passes a
 * function that runs a helper.
 */
/* clang-format on */
#include "cacerts/authorities.h"
#include "cacerts/changes.h"
#include "cacerts/known_tools.h"
#include "distro/distro.h"

/* What a policy may allow; the words are those of requests and receipts. */
/* clang-format off */
#define CACERTS_STRATEGIES(X)        \
	X(DROPIN,      "drop-in")    \
	X(NATIVE,      "native")     \
	X(HELPER,      "helper")     \
	X(APPEND,      "append")     \
	X(CREATE,      "create")     \
	X(JAVA,        "java")       \
	X(MASK,        "mask")       \
	X(ENVIRONMENT, "environment")
/* clang-format on */

enum cacerts_strategy {
#define X(name, word) CACERTS_##name,
	CACERTS_STRATEGIES(X)
#undef X
		CACERTS_STRATEGY_MAX
};

enum { CACERTS_ALL = (1 << CACERTS_STRATEGY_MAX) - 1 };

const char *cacerts_strategy_name(enum cacerts_strategy strategy);
/* Returns the strategy, or -EINVAL (ERR_INVALID) with the words that there are. */
int cacerts_strategy_parse(const char *word, struct err *e);

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
	unsigned strategies;                   /* allowed ones, 1 << enum cacerts_strategy */
	const struct strv *env;                /* of the user process; NULL: not known */
	const struct known_tools *known_tools; /* that the operator vouches for; may be NULL */
	const char *scratch; /* host directory for the helper's layers; emptied by the caller */
	cacerts_helper_fn helper; /* NULL: only say what would be done */
	void *helper_arg;
};

/*
 * What was found and decided.
 *
 * A mask is played on an empty directory of the caller's: its entry "/<i>" is a file or directory
 * to be bound, read-only, over the container's masked.v[i]. It dies with the container.
 */
struct cacerts_plan {
	struct distro distro;   /* family NULL: unknown */
	struct changes changes; /* to be played by install_run() */
	struct changes masks;
	struct strv masked; /* canonical container paths, in the order of their mounts */
	struct strv env;    /* "NAME=value", to be added to the user process's */
	json_t *report;     /* the members of a receipt's "trust"; owned */
	bool updated;       /* the family's tool, or its engine, has seen to the family's stores */
	bool complete;      /* a store that readers use will hold the authorities */
	bool is_repeatable; /* it follows from request and container: no tool, no clock had a say */
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
