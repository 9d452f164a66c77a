/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * install - journal, then play a list of changes
 *
 * When install_run() fails it has undone what it had done; the journal directory may then be
 * removed. If that undo fails too, the error is ERR_CLEANUP with dirty set and the journal stays.
 */
#include "cacerts/changes.h"
#include "cacerts/journal.h"

/*
 * @j:  dirfd, id, specs, family and authorities are set (cacerts/journal.h)
 * @fs: view of the journal's specs
 */
int install_run(struct journal *j, struct vfs *fs, const struct changes *changes, struct err *e);
/*
 * The first half: looks up what is there before, and changes nothing. @j: family, authorities. What
 * is in directories is left to journal_draft_names().
 */
int install_draft(struct journal *j, const struct vfs *fs, const struct changes *changes,
		  struct err *e);
/*
 * After an install: the content of what hides a file of a lower layer is on the disk. Without us
 * the user's first write would have the kernel copy that file up, and sync it: a power cut after it
 * must not leave an empty one.
 */
int install_sync(const struct journal *j, const struct vfs *fs, struct err *e);
/* Play what was drafted, without a journal: for a place that is nobody's yet. */
int install_play(const struct journal *draft, struct vfs *fs, const struct changes *changes,
		 struct err *e);
/* The second half, for a journal that was drafted for the same changes. @ret_open: as
 * journal_commit(). */
int install_drafted(struct journal *j, struct vfs *fs, const struct changes *changes,
		    struct record_open *ret_open, struct err *e);
