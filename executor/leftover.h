/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * leftover - what an exec left that lives no more; for this folder only
 *
 * A directory in <state_dir>/execs that no exec claims and that holds the journal of no shared
 * tree: the daemon was killed while the exec ran, or its undo failed. Journals are undone in the
 * order of exec_journals, then scratch and state go.
 *
 * Those of containers of anchor-runc are among them (runc_trees.h).
 */
#include "cacerts/changes.h"
#include "cacerts/journal.h"
#include "executor/internal.h"

/* How far leftover_settle() came: what to advise depends on it. */
enum leftover_step {
	LEFTOVER_READ,  /* reading a journal */
	LEFTOVER_REACH, /* opening its tree */
	LEFTOVER_CLAIM, /* somebody else is at it */
	LEFTOVER_UNDO,
	LEFTOVER_KILL, /* repair.c: ending what still runs */
	LEFTOVER_STEP_MAX
};

struct leftover {
	struct executor *ex;
	const char *id;      /* borrowed */
	bool dry_run;        /* look, change nothing */
	json_t *doc;         /* gets what docs/json.md says; borrowed. NULL at the daemon's start */
	struct claim *claim; /* of @id; NULL at the daemon's start, when nobody else is there */
	int dirfd;           /* leftover_settle()'s own */
	enum leftover_step step;
};

enum { LEFTOVER_GONE = 1 }; /* there is no such directory */

/* Names in a directory of ours. */
int leftover_names(int dirfd, struct strv *ret, struct err *e);
/* Does an exec live that has this id, or that needs this exec's journal? */
bool leftover_is_alive(struct executor *ex, const char *id);
/* The ids of all there are, the newest first: what was installed last is undone first. */
int leftover_list(struct executor *ex, struct strv *ret, struct err *e);

/* One of its journals, in the directory @l->dirfd. Returns 0; -errno with @l->step. */
int leftover_settle_journal(struct leftover *l, const char *name, struct err *e);
/*
 * Undo and remove, or only look. Returns: 0; LEFTOVER_GONE; -errno with @l->step: it stays.
 */
int leftover_settle(struct leftover *l, struct err *e);
/* Remove it without undoing anything. Returns as leftover_settle(). */
int leftover_forget(struct leftover *l, struct err *e);

/* Remove the underlays that nobody needs: nothing is left, and no exec runs. */
int leftover_remove_underlays(struct executor *ex, struct err *e);

/* leftover_show.c: what the document says of a journal, and of what its undo does. */
void leftover_show_journal(json_t *doc, const struct journal *j);
void leftover_show_plan(json_t *doc, const struct changes *plan, const json_t *kept);
