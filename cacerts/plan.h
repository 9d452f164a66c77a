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

/*
 * plan_make_dirs - plan the directories that canonical @path lacks, itself included
 * Returns: 0; 1 with a note when it can't be (read-only, unreachable, not a directory); -errno.
 */
int plan_make_dirs(struct cacerts_plan *p, const struct vfs *fs, const char *path, struct err *e);

/* plan_dropin.c, plan_append.c, plan_helper.c: each adds its changes and notes. */
int plan_dropin(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);
int plan_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);
int plan_helper(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);

/* Does the container have the family's tool, as a program? */
int plan_has_tool(const struct vfs *fs, const struct distro_family *family, bool *ret,
		  struct err *e);
