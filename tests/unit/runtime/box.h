/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * box - a small container for a test: a rootfs that holds nothing but tests/payload/inside
 *
 *	box_init(&box);
 *	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/");
 */
#include "runtime/launch.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

struct box {
	struct tree tree;           /* "root" is the rootfs, "staging" is empty */
	struct container_spec spec; /* a test changes it before the run; args are set by box_says */
	struct launch how;          /* LAUNCH_NONE; the stdio below is put in */
	int stdio[3];               /* null, and twice the file that box_says returns */
	struct runtime_exit exit;   /* of the last run */
	char out[65536];
};

void box_init(struct box *box);
void box_done(struct box *box);
/* The spec as box_init() has left it; the one before is ended by who calls. */
void box_init_spec(struct box *box);

/* Mounts of the test's own can't come to the machine, nor stay; for a setup. */
void box_alone(void);
/* box_done(), of whatever containers wrote, too. */
void box_wipe(struct box *box);

void box_mount(struct box *box, const char *type, const char *source, const char *destination,
	       const char *options);
void box_rootfs(struct box *box, const char *options);
/* Give all capabilities that this process has. */
void box_capable(struct box *box);
/* A user namespace, in which ids from 0 on are the host's from 100000 on. */
void box_user_namespace(struct box *box);
/* The namespaces of these kinds are @target's, by their paths. */
void box_share(struct box *box, const struct runtime_process *target,
	       const enum namespace_kind *kinds, size_t n);

/* Another user, without capabilities, as container_defaults() would have it. */
void box_user(struct box *box, uid_t uid, gid_t gid);

/* Start @spec, with the box's stdio. */
int box_start(struct box *box, struct runtime_process *ret, struct err *e);
/* Start and reap @spec; the exit goes to the box. Returns as runtime_launch(). */
int box_run(struct box *box, struct err *e);
/* Set the command to "/inside" and the words up to NULL. */
void box_command(struct box *box, const char *verb, ...) __attribute__((sentinel));
/* The same, run it, and return what it printed; the test fails if it can't be started. */
const char *box_says(struct box *box, const char *verb, ...) __attribute__((sentinel));

/* The same, but it goes on: it has printed a line when this returns. */
void box_runs(struct box *box, struct runtime_process *ret, const char *verb, ...)
	__attribute__((sentinel));
/* What was printed so far, or since it was launched. */
const char *box_said(struct box *box);
/* Wait until that has a line more than @n. */
const char *box_said_lines(struct box *box, int n);
void box_end(struct runtime_process *p);
/* Wait for its end; the exit goes to the box. */
void box_ended(struct box *box, struct runtime_process *p);
/* Running the command that is set fails like that. */
void box_refused(struct box *box, int r, const char *message);
