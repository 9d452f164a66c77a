/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * underlay - an install as a lower directory of its own
 *
 * Of an image that many execs use, the files that an install makes are the same each time. So they
 * are made once, into a directory that is put among the lower directories of each exec's overlay
 * (vfs/underlay.h): the exec's upper isn't written to, and all that it holds afterwards is the
 * user's. T0 and T1 are what they are elsewhere; only T1 lies below the top.
 *
 * Where the install would make directories there is none: the user's process could rename them in
 * its upper, but not in a lower directory.
 *
 * On disk: <dir>/<name>/fs and work, under a name that is never given again, until it is freed; one
 * that a journal speaks of which stays, until a daemon starts that finds no journal.
 * Thread: any; constant once it was made.
 */
#include "cacerts/cacerts.h"
#include "cacerts/journal.h"
#include "vfs/underlay.h"

struct underlay {
	char *home; /* <dir>/<name> */
	char *path; /* of fs */
	struct vfs_location at;
	size_t n_below;   /* lower directories that it was made for */
	struct state *t1; /* of each entry of the draft, at the same index */
	size_t n;
	bool is_kept; /* atomic: it stays on the disk */
};

/*
 * underlay_make - make one for a plan
 * @dir:   an existing directory of ours, on persistent disk
 * @fs:    the view that @changes were planned in
 * @draft: T0, for the same changes
 * @ret:   NULL if there can't be one
 *
 * Returns 0, when it is on the disk; -errno.
 */
int underlay_make(const char *dir, const struct cacerts_request *q, const struct vfs *fs,
		  const struct changes *changes, const struct journal *draft, struct underlay **ret,
		  struct err *e);
/* Takes it off the disk, too, unless it is kept. */
struct underlay *underlay_free(struct underlay *u);
/* An undo has failed: its journal needs the files. */
void underlay_keep(struct underlay *u);

/* Is it there, and of use for this view, which shows what it was made for (vfs/seen.h)? */
bool underlay_fits(const struct underlay *u, const struct vfs *fs);

/*
 * Make of @j, which was redrafted from the same @draft, the journal of an install by it: T1 of all
 * entries, and where it lies. Nothing needs to be played then.
 */
int underlay_lend(const struct underlay *u, const struct journal *draft, struct journal *j,
		  struct err *e);

/* Remove all that an earlier life of the daemon left in @dir: no journal may speak of any. */
int underlay_remove_all(const char *dir, struct err *e);
