/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* undo_plan - what the parts of the planner share; used by undo*.c only */
#include "cacerts/undo.h"

struct undo {
	const struct journal *j;
	struct vfs *fs;
	struct state *t2; /* of each entry, at the same index */
	/* Of an install by an underlay, at the same index; NULL of others (undo_underlay.c): */
	struct state *t1; /* with the identity of what was copied up; borrows the journal's */
	char **copies;    /* path to which the entry has been copied up; NULL: it hasn't */
	bool *is_marked;  /* what is at its path is marked as a copy of the underlay's */
	struct changes *out;
	json_t *kept;                /* borrowed; may be NULL */
	struct undo_source *sources; /* undo_count_sources(): found there; NULL: not yet */
	size_t n_sources;
	size_t n_read; /* bytes of the user's files, for undo_may_read() */
};

/* T1 of entry @i. */
const struct state *undo_t1(const struct undo *u, size_t i);
/* Note that the user's change of @path stays. */
void undo_keep(struct undo *u, const char *path);
/* Is @path one that the plan takes away? */
bool undo_removes(const struct undo *u, const char *path);
/* Names in @dir that the plan lets stay (undo_directory.c). -E2BIG above LIMIT_DIR_ENTRIES. */
int undo_list_left(const struct undo *u, const char *dir, struct strv *ret, struct err *e);

/*
 * May a file of the user's be searched for certificates? One that is large, or one too many, has
 * none for us: he decides how much there is to read.
 */
bool undo_may_read(struct undo *u, off_t size);

/* Has it been touched since the install began? */
bool undo_is_newer(const struct undo *u, const struct vfs_stat *st);

/* Is @path an entry directly in directory @dir? */
bool undo_is_in(const char *path, const char *dir);

/* Did the mtime move by the clock? Other times were set by the user. */
bool undo_moved_by_itself(const struct state *t1, const struct state *t2);

/* Where what the install put at entry @i is now. */
struct undo_place {
	size_t i;
	const char *path;       /* the entry's own, or where the user moved it; borrowed */
	const struct state *t2; /* of that path; borrowed */
};

/* undo_underlay.c */
/* The view that the user process had. */
int undo_open_view(const struct journal *j, struct vfs **ret, struct err *e);
/* T2 is known: tell what the process copied up from the underlay from what it made. */
int undo_adopt_copies(struct undo *u, struct err *e);
/* The last changes: what stays of such copies is marked as a copy of the image's. */
int undo_settle_origins(struct undo *u, struct err *e);
/* Nothing of the file at entry @i is in the top, unless a whiteout of what was ours alone. */
bool undo_is_below(const struct undo *u, size_t i);
void undo_underlay_done(struct undo *u);
/* Has the process, whose install was by an underlay, touched nothing that the undo would look at?
 */
bool undo_is_untouched(const struct journal *j);

/* undo_file.c: entries that are not directories. */
int undo_plan_file(struct undo *u, size_t i, struct err *e);
int undo_plan_place(struct undo *u, const struct undo_place *p, struct err *e);
/* undo_anew.c: is the file at entry @i one that the user made where nothing of ours was left? */
bool undo_is_anew(const struct undo *u, size_t i);
/*
 * undo_moved.c: files of the install's that the user gave other names. Those are undone like the
 * entry's own path, and stay links to one another.
 */
int undo_plan_moved(struct undo *u, struct err *e);
/*
 * Was what is at @path, which has the inode number that entry @i had at T1, made during the
 * install? Numbers are given again, birthdays aren't. @ret: false also when that can't be told.
 */
int undo_is_of_the_install(const struct undo *u, size_t i, const char *path, bool *ret,
			   struct err *e);
/* The plan changes what is in @path's directory; the time that it has is the user's. */
int undo_keep_time(struct undo *u, const char *path, struct err *e);
/* undo_lists.c: what a tool has noted of ours. */
int undo_strip_lists(struct undo *u, struct err *e);
/* undo_directory.c: an entry that is a directory; all that is in it has been planned. */
int undo_plan_directory(struct undo *u, size_t i, struct err *e);
/*
 * undo_adopted_time (undo_adopted.c) - the time of directory @i that the user would have given it
 * @made: the install made the directory itself; else it may have made some in it
 *
 * Returns 1 and the time; 0 if it has the right one.
 */
int undo_adopted_time(const struct undo *u, size_t i, bool made, struct timespec *ret,
		      struct err *e);
/* undo_p11.c: files and links of ours that p11-kit made in its directories. */
int undo_sweep_p11(struct undo *u, struct err *e);
/*
 * Entry @i holds what the install put there, but the user's run of a tool wrote it. Would it be so
 * without us? It would if one of our authorities is among the user's own sources, and the tool is
 * p11-kit, which puts the same certificate out once, or our own file was gone.
 */
int undo_is_users_run(struct undo *u, size_t i, bool *ret, struct err *e);
/* undo_sweep.c: links to our drop-in files that a tool made, and their numbering. */
int undo_sweep(struct undo *u, struct err *e);

/* When was the user's entry @path put there? What was moved in is older; its ctime tells. */
int undo_arrival(const struct undo *u, const char *path, struct timespec *ret, struct err *e);

/* A file of the user's own, other than our drop-in file and newer than the journal. */
struct undo_source {
	size_t k; /* the authority that it holds */
	size_t n; /* how often */
	struct timespec came;
};

/*
 * undo_count_sources (undo_sources.c): how often @a stands in files of the user's that had come
 * before @store was changed last; what came later no tool has put into it. @store: NULL: in all.
 */
int undo_count_sources(struct undo *u, const struct authority *a, const struct state *store,
		       size_t *ret, struct err *e);
