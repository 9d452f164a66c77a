/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* plan - what the strategies share; used by plan*.c and helper*.c only */
#include "cacerts/cacerts.h"

/* New files and directories of ours belong to root and can be read by everybody. */
extern const struct vfs_meta plan_new_file;
extern const struct vfs_meta plan_new_dir;

/* Add to the report: a store that will be installed, one that can't be. */
void plan_note_store(struct cacerts_plan *p, const char *path, const char *kind,
		     const char *strategy);
void plan_note_skip(struct cacerts_plan *p, const char *path, const char *reason);

/* Is there a note on this store? */
bool plan_is_noted(const struct cacerts_plan *p, const char *path);
/* Is canonical @path in a store whose files are never written (nix, guix)? */
bool plan_is_sealed(const char *path);

/* Does the request allow this? */
bool plan_allows(const struct cacerts_request *q, enum cacerts_strategy strategy);

enum { PLAN_SKIPPED = 1 }; /* nothing was planned, and a note says why */

/*
 * Plan other bytes for the file at canonical @path, which keeps its mode, owner and xattrs; its
 * time is that of the change. @to: @path, or the link that a file takes the place of.
 * @st: of the file, as it is. Returns 0; PLAN_SKIPPED; -errno.
 */
int plan_rewrite(struct cacerts_plan *p, const struct vfs *fs, const char *path, const char *to,
		 const struct vfs_stat *st, const struct buf *bytes, struct err *e);

/*
 * plan_make_dirs - plan the directories that canonical @path lacks, itself included
 *
 * As all that is planned, also where nothing can be written: plan_masks() sees to that.
 * Returns: 0; 1 with a note when it can't be (unreachable, not a directory); -errno.
 */
int plan_make_dirs(struct cacerts_plan *p, const struct vfs *fs, const char *path, struct err *e);

/* "NAME" in the user process's environment, or NULL. */
const char *plan_getenv(const struct cacerts_request *q, const char *name);

/* ---- the strategies, one file each: they add changes and notes ------------------------------- */

int plan_dropin(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);
int plan_helper(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);
/* Bundles, then hashed directories, then a new bundle if there was none. */
int plan_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);
/* To the bundle that @probe leads to; @ret_found: there is something, be it no bundle. */
int plan_append_to(const struct cacerts_request *q, const struct vfs *fs, const char *probe,
		   struct cacerts_plan *p, bool *ret_found, struct err *e);
/* An entry for each authority in the hashed directory that @dir leads to. */
int plan_hash_into(const struct cacerts_request *q, const struct vfs *fs, const char *dir,
		   struct cacerts_plan *p, struct err *e);
/* What the user process's own variables name. */
int plan_variables(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		   struct err *e);
/* The keystores that the image's Java reads. */
int plan_java(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
	      struct err *e);
/* Entries in the directories in which OpenSSL looks by itself. */
int plan_hashed(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);

/*
 * plan_masks - take what can't be written in the container out of the changes
 *
 * It becomes a mask where it can: a file that is there is masked itself; for other changes the
 * directory they are in is, with a copy of all that it holds. The rest is noted as skipped.
 */
int plan_masks(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
	       struct err *e);

/* Will the user process find what was planned for canonical @path? After plan_masks(). */
bool plan_shows(const struct cacerts_plan *p, const char *path);

/*
 * The file with our authorities alone that variables name, if none of the drop-in files is one:
 * before plan_masks(). @ret_path (LIMIT_PATH bytes) is "" where there is no place for one.
 */
int plan_environment_file(const struct cacerts_request *q, const struct vfs *fs,
			  struct cacerts_plan *p, char *ret_path, struct err *e);
/* The variables: after plan_masks(). @path is that of plan_environment_file(). */
int plan_environment(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		     const char *path, struct err *e);

/* Does the container have the family's tool, as a program? */
int plan_has_tool(const struct vfs *fs, const struct distro_family *family, bool *ret,
		  struct err *e);
