/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * known_images - plans of images that were looked at before
 *
 * A builder runs many execs over the same layers, and to plan for each of them anew costs thousands
 * of system calls. So a plan is kept, with what was seen in the container while it was made
 * (vfs/seen.h) and the draft of its journal. It is used again when the request asks for the same
 * and what was seen is as it was.
 *
 * Kept are plans over overlays that depend on nothing but that: none that a tool was run for, or a
 * time limit cut short. A directory that is bound changes with each exec, and is planned anew.
 *
 * With such a plan goes its underlay (cacerts/underlay.h), where there can be one.
 *
 * Thread: any; a plan is constant once it was made, and counted.
 */
#include <pthread.h>

#include "base/limits.h"
#include "cacerts/cacerts.h"
#include "cacerts/journal.h"
#include "cacerts/underlay.h"

/* What there is to do in one image for one request. */
struct known_image {
	int refs; /* atomic */
	unsigned strategies;
	struct strv env;
	struct authorities *authorities; /* one reference */
	struct vfs_seen *seen;           /* NULL: it can't be told again */
	struct cacerts_plan plan;
	struct journal draft;      /* T0 of all that the plan touches; without entries if nothing */
	struct underlay *underlay; /* T1, to be shown rather than installed; owned; NULL: none */
	uint64_t used;             /* by the clock of those that are kept */
};

struct known_images {
	pthread_mutex_t lock;     /* guards the list */
	pthread_mutex_t learning; /* held while one is added, which takes a while */
	char *underlays;          /* directory for them; owned. NULL: none are made */
	struct known_image *v[LIMIT_KNOWN_IMAGES]; /* owned references; NULL: free */
	uint64_t clock;
};

void known_images_init(struct known_images *k);
void known_images_done(struct known_images *k);

/*
 * The plan for the request; @fs is the view of its specs and is not changed.
 * @ret_known: it needn't be made; may be NULL
 *
 * Returns as cacerts_plan(); *@ret is a reference of the caller's.
 */
int known_images_plan(struct known_images *k, const struct cacerts_request *q, struct vfs *fs,
		      struct known_image **ret, bool *ret_known, struct err *e);

struct known_image *known_image_unref(struct known_image *image);
