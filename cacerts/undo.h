/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * undo - take back what an install did, and nothing else
 *
 * The law: for every user process E, (install; E; undo) = E alone. Each journaled path has
 * three states: T0 before the install, T1 after it, T2 after the user process.
 *
 *	T2 = T1   the user didn't touch it: T0 comes back; on an overlay by taking the entry
 *	          out of the upper again, so that the layer is empty and not merely equal
 *	T2 != T1  the user did: his attributes and bytes stay, only our certificates leave
 *
 * Never runs a tool. The undo is planned as a list of changes first, which is made durable
 * before it is played, so a crash in the middle is finished by playing the list again.
 */
#include "cacerts/changes.h"
#include "cacerts/journal.h"

/*
 * undo_plan - what has to be done, as changes
 * @fs:       view of the journal's own specs
 * @ret_kept: JSON array of container paths on which the user's change was kept; may be NULL
 *
 * Pure but for reading @fs. Returns 0 or -errno from reading.
 */
int undo_plan(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *ret_kept,
	      struct err *e);

/*
 * undo_load - read the journal in a state directory
 * @dirfd: borrowed
 *
 * Returns: 0; UNDO_NOTHING when there is none: nothing was touched yet; -errno, naming the file.
 */
enum { UNDO_NOTHING = 1 };
int undo_load(int dirfd, struct journal *ret, struct err *e);

/*
 * undo_check_tree - is @fs still the tree that was changed, and can it be written?
 *
 * Where a disk isn't mounted there may be an empty directory in its place. All would look as if the
 * user had removed it, the journal would go, and the traces come back with the disk.
 *
 * Returns: 0; -ESTALE (ERR_PRECONDITION), naming the directory, when the top is another directory
 * than at T0 and has none of the journal's paths; -EROFS (ERR_PRECONDITION).
 */
int undo_check_tree(const struct journal *j, const struct vfs *fs, struct err *e);

/* The plan that an interrupted undo left, else a fresh one as by undo_plan(). Changes nothing. */
int undo_preview(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *ret_kept,
		 struct err *e);

/*
 * undo_run - undo the journal in a state directory
 * @dirfd:  the journal's directory; borrowed
 * @report: JSON object that gets "result" ("nothing", "restored", "merged") and "kept"
 *
 * Idempotent, also across crashes. The caller removes the directory after 0; the plan that was
 * played is in there.
 * Returns: 0; -errno with ERR_CLEANUP and dirty set: a trace may remain.
 */
int undo_run(int dirfd, json_t *report, struct err *e);

/*
 * undo_take - undo the journal that is the directory @name of @parent, and remove it
 * @known:    it as the install left it, so that it needn't be read; NULL, or not installed: it is
 * @ret_rest: NULL: all is on the disk before it returns. Else the tree is as it was, but after
 *            UNDO_RESTS @ret_rest has what must be synced first; who does that later
 *            calls undo_settle(). Until then a power cut brings the journal back: the undo is done
 *            again, and whatever somebody has done to the tree meanwhile is kept.
 *
 * No directory is no error: then @report stays as it is. Returns as undo_run(); UNDO_RESTS.
 */
enum { UNDO_RESTS = 1 };
int undo_take(int parent, const char *name, struct journal *known, json_t *report,
	      struct vfs_unsynced *ret_rest, struct err *e);
/* Syncs, then removes the journal. */
int undo_settle(int parent, const char *name, struct vfs_unsynced *rest, struct err *e);
