/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * journal - what every touched path was, on disk before it is touched
 *
 * A journal is a file of records (cacerts/record_file.h) in a directory of one exec, on persistent
 * disk:
 *
 *	before  specs, family, authorities, and T0 of each path, durable before any change
 *	after   T1 of each path; durable when the install is complete. Without it the user process
 *	        has never run, so all that differs from T0 is ours.
 *	undo    what the undo will do (cacerts/undo.h), written before it does it
 *
 * Of an install by an underlay, which changes nothing in the tree, the first record has T1 too.
 *
 * A record is there whole or not at all, so a crash leaves a journal that can be read, at a step
 * that can be told. Entries are the changed paths, their directories up to "/", and the bundle
 * paths that are only watched; sorted, so a directory comes before what is in it.
 */
#include "cacerts/authorities.h"
#include "cacerts/changes.h"
#include "cacerts/record_file.h"
#include "cacerts/state.h"
#include "distro/distro.h"

/* How the content that a file had at T0 comes back. */
enum journal_how {
	CONTENT_NONE,   /* not needed: it isn't changed */
	CONTENT_KEPT,   /* it is in the journal */
	CONTENT_WITHIN, /* a lower layer has it, and T1 is the same but for bytes put in */
	CONTENT_MAX,
};

struct journal_content {
	enum journal_how how;
	size_t at; /* KEPT: among the attachments; WITHIN: of the bytes put in */
	size_t n;
};

struct journal_entry {
	char *path;
	enum change_role role;
	bool has_made;                    /* the install writes a file there ... */
	unsigned char made[STATE_SHA256]; /* ... with this content */
	struct state t0;                  /* before the install */
	struct state t1;                  /* after it */
	bool is_left;                     /* the install has nothing to do with it: T1 is T0 */
	struct journal_content kept;      /* files: the content at T0 */
	size_t *n_ours; /* how often authority i stood in the file at T0; NULL: never */
};

enum { JOURNAL_BOOT_ID = 40 };

struct journal {
	int dirfd; /* the journal's directory; owned */
	char *id;  /* of the exec; owned */
	struct mount_specs rootfs;
	struct mount_specs mounts;
	const struct distro_family *family; /* NULL: unknown */
	struct authorities *authorities;    /* one reference */
	char *underlay;        /* directory that the install lies in (cacerts/underlay.h); owned.
				  NULL: in the tree itself */
	size_t n_below;        /* of an underlay: lower directories beneath it */
	struct timespec began; /* wall clock at T0 */
	/* Of one that this process has installed, by the clock of change times: */
	struct timespec first;      /* before the first change */
	struct timespec ended;      /* when T1 was known; 0 in one that was loaded */
	char boot[JOURNAL_BOOT_ID]; /* of the kernel at T0; empty: not known */
	struct journal_entry *v;
	size_t n;
	struct buf data;      /* of a draft: the attachments of its record */
	bool installed;       /* t1 is valid */
	struct record before; /* of one that was written or loaded: what entry.kept speaks of */
};

void journal_done(struct journal *j);
#define cleanup_journal cleanup(journal_done)

/*
 * journal_draft - look up T0 of all that @changes and its directories will touch
 * @j:     family and authorities are set; entries and attachments are filled in
 * @watch: NULL-terminated further paths whose T0 the undo will want
 *
 * Changes nothing, in the container or on the disk. Without journal_draft_names() it isn't
 * complete.
 */
int journal_draft(struct journal *j, const struct vfs *fs, const struct changes *changes,
		  const char *const *watch, struct err *e);

/*
 * Add to the draft what is in its directories. That is apart since a view that shows the same files
 * may show more of other names, when a layer was put on top.
 */
int journal_draft_names(struct journal *j, const struct vfs *fs, struct err *e);

/*
 * The same from an earlier draft for the same changes, in a view that shows the same but for
 * directories of layers on top (vfs/seen.h): only those are looked at.
 */
int journal_redraft(struct journal *j, const struct journal *draft, const struct vfs *fs,
		    struct err *e);

/*
 * Write what was drafted; dirfd, id and specs are set. After 0 everything is durable and the
 * changes may be played; by an underlay they have been. On failure the directory may be removed.
 */
int journal_begin(struct journal *j, struct err *e);

/*
 * journal_lend - the install lies in an underlay, so T1 is known
 * @j:       redrafted from @draft
 * @t1:      what a container sees of each entry, at the same index
 * @path:    of the underlay, which lies above the @n_below lowest lower directories
 *
 * Before journal_begin(), which then writes all there is.
 */
int journal_lend(struct journal *j, const struct journal *draft, const struct state *t1,
		 const char *path, size_t n_below, struct err *e);

/*
 * Record T1, after @changes, and that the install is complete. Durable after 0; or with @ret_open
 * when that record has been sealed, before which the user process must not run.
 */
int journal_commit(struct journal *j, const struct vfs *fs, const struct changes *changes,
		   struct record_open *ret_open, struct err *e);

/*
 * Read a journal back. Takes @dirfd, on success only.
 * Returns: 0; -ENOENT (ERR_NOT_FOUND) when the directory holds none (nothing was touched yet).
 */
int journal_load(int dirfd, struct journal *ret, struct err *e);

/*
 * Remove the journal that is the directory @name of @parent, undone or never needed. The entries go
 * first: a journal without them is none, while one that had lost its T1 would take all that the
 * user did for ours. Missing is fine.
 */
int journal_remove(int parent, const char *name, enum record_sync sync, struct err *e);

/*
 * What the file of entry @i held at T0, of a journal that was written or loaded.
 * @now: what is there now, for CONTENT_WITHIN
 * @to:  empty
 *
 * Returns: 0; JOURNAL_UNTOLD, with nothing in @to, when it can't be told from @now: never if that
 *          is what the install put there, or begins with it; -EINVAL for a damaged journal.
 */
enum { JOURNAL_UNTOLD = 1 };
int journal_read_before(const struct journal *j, size_t i, const struct buf *now, struct buf *to,
			struct err *e);

/* Is it what this process has just installed? Then no crash can have left anything half done. */
bool journal_is_fresh(const struct journal *j);
/*
 * Can a change after T1 have left the change time @ctime? The clock of change times moves in ticks,
 * but where the kernel takes finer ones for what has been looked at (Linux 6.13: multigrain), a
 * time between ticks tells so. True of all times in a journal that isn't fresh.
 */
bool journal_may_hide(const struct journal *j, struct timespec ctime);
/* Has the machine been started anew since T0? Then what was written last may be torn. */
bool journal_is_of_another_boot(const struct journal *j);

/* The entry of this path, or NULL. */
const struct journal_entry *journal_find(const struct journal *j, const char *path);
