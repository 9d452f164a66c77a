/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * planner - an image in a tree, and the plan for it
 *
 * The image is the tree's "r". The plan's authorities are those of box.h: "ours", and "twin".
 */
#include "cacerts/cacerts.h"
#include "tests/unit/cacerts/box.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define DROPIN "/usr/local/share/ca-certificates"
#define TOOL   "/usr/sbin/update-ca-certificates"

struct planner {
	struct view v;
	struct cacerts_plan plan;
	unsigned strategies; /* all but the environment at first */
	struct strv env;
	int (*tool)(struct vfs *fs, int *status); /* what the fake helper does */
	int n_calls;                              /* of it */
};

extern struct planner planner;

/* For fixtures. */
void planner_setup(void);
void planner_teardown(void);

/*
 * Make the plan, and return its changes as "kind path;". Names of chance are left out: those of
 * drop-in files and hash entries. The plan must not change anything.
 */
const char *planner_make(bool with_helper);
/* The same of the masks, with the masked paths as "path:" before what is in each. */
const char *planner_masks(void);

size_t planner_n_dropins(void);
/* The reason of one that was skipped holds these words. */
void planner_expect_skip(const char *words);
/* The content that the plan gives a path. */
const char *planner_bytes(const char *path);
/* How many hash entries the plan makes in @dir. */
size_t planner_n_hashed(const char *dir);
