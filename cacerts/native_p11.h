/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * native_p11 - what a script that has p11-kit extract everything does with our drop-in file
 *
 * p11-kit reads certificates of two source directories, the administrator's before the
 * distribution's, and writes them all, in one order, to bundles, keystores and hashed directories.
 * Our drop-in file lies in the administrator's. Where nothing else does, our authorities come
 * first everywhere; that is all that a run changes, if what is there is its last run's work:
 *
 *	sources    the administrator's hold nothing; the distribution's hold certificates in one
 *	           file, older than the outputs. p11-kit is set up to read these and no others
 *	all        one output holds every certificate with what it is trusted for: the same
 *	           certificates in the same order as in the source file
 *	others     each output holds those of "all" that are for its purpose, in that order, and is
 *	           byte for byte what p11-kit writes for this list
 *	directories each of those has its file, of the name and size that p11-kit gives it, two hash
 *	           links lead to it, and there is nothing else
 *
 * So each certificate of each output is proved, not assumed. What isn't looked at: which hash a
 *link of the image has, and the text inside a file of a hashed directory beyond its size.
 *
 * A run also writes anew what it doesn't change. Here only what differs is written; the keystore
 * always does, as all of its entries get the time of the run.
 */
#include "cacerts/native.h"
#include "cacerts/p11_ours.h"

/* A file, or a hashed directory of files, that the tool makes. Lists of these end without path. */
struct p11_output {
	const char *path;
	struct p11_style style;
	enum p11_purpose purpose;
	bool is_all; /* authorities or not, trusted or not: the one that shows what the others hold
		      */
	unsigned n_head;          /* files: lines of a text of the tool's own before it */
	const char *const *links; /* directories: links "name", "text", ... that the tool adds */
};

struct p11_layout {
	const char *generation;
	const char *own;             /* the administrator's sources */
	const char *vendor;          /* the distribution's */
	const char *program;         /* of p11-kit, that the tool calls */
	const char *const *commands; /* of the system, that it calls by name */
	const struct p11_output *files;
	const struct p11_output *dirs;
	const char *linked; /* a directory that gets a link for each hash link of dirs[0]; NULL */
	uint64_t date;      /* of keystore entries, in ms; 0: the time of the run */
};

/* A plan in the making. */
struct p11 {
	struct native *n;
	const struct p11_layout *layout;
	struct p11_ours ours;
	struct p11_certs source; /* what the distribution's file holds */
	struct buf source_text;  /* which source borrows from */
	struct timespec source_mtime;
	struct p11_certs all; /* with aux and label; of the output that is_all */
	struct buf all_text;  /* which all borrows from */
};

/* Add the changes. Returns as plan_native(). */
int native_p11(struct native *n, const struct p11_layout *layout, struct err *e);

/* ---- its parts ------------------------------------------------------------------------------ */

/* p11_sources.c: guards p11-kit's configuration and the sources, reads the distribution's. */
int p11_sources_check(struct p11 *g, struct err *e);

/* Those of all that an output holds: borrows from it. */
int p11_select(const struct p11 *g, const struct p11_output *o, struct p11_certs *ret,
	       struct err *e);
/* Declines unless @path is an entry as p11-kit writes them. @ret_path: LIMIT_PATH bytes. */
int p11_check_output(struct p11 *g, const char *path, enum vfs_type type, mode_t mode,
		     char *ret_path, struct vfs_stat *ret, struct err *e);

/* p11_hash_dir.c: a hashed directory, and the directory of links to it. */
int p11_hash_dir_plan(struct p11 *g, const struct p11_output *o, struct err *e);
/* Adds one of ours and its links to a directory at canonical @dir. */
int p11_hash_dir_add(struct cacerts_plan *p, const char *dir, enum p11_format format,
		     const struct p11_our *our, const char *strategy, struct err *e);
/* Reads all of a directory of TRUSTED files, in the order of the source, into @g->all. */
int p11_hash_dir_read_all(struct p11 *g, const struct p11_output *o, struct err *e);

/* ---- without the tool -------------------------------------------------------------------------
 */

/* The layout of a family, as its youngest tool has it; NULL: none of p11-kit's. */
const struct p11_layout *p11_layout_rhel(void);
const struct p11_layout *p11_layout_suse(void);

enum { PLAN_P11_NOT = 1 };

/*
 * plan_p11_append - our authorities before all others, in each file that p11-kit has extracted
 *
 * For images that have such files and no tool: what is written is what the family's tool would
 * write if it came, so its later run changes nothing. Files that aren't p11-kit's work, or hold an
 * authority already, stay as they are: those that are bundles can still be appended to.
 *
 * Returns: 0: changes and notes were added; PLAN_P11_NOT: none was; -errno.
 */
int plan_p11_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		    struct err *e);
