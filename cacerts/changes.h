/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * changes - a plan: what is to be done to container paths, as data
 *
 * Everything that writes into a container is first a list of changes: what an install will do,
 * what a helper did, what an undo will do. A list can be printed, kept on disk and played; each
 * change says what should be true afterwards, so playing a list twice is the same as once.
 */
#include <stdint.h>

#include "base/json.h"
#include "cacerts/record_file.h"
#include "vfs/vfs.h"

/* clang-format off */
#define CHANGE_KINDS(X)                                                              \
	X(MKDIR,  "mkdir")   /* a directory is there */                              \
	X(FILE,   "file")    /* a file with these bytes is there */                  \
	X(LINK,   "link")    /* a symlink with this text is there */                 \
	X(SAME,   "same")    /* it is another name of the file "target" */           \
	X(META,   "meta")    /* what is there has this metadata; missing: nothing */ \
	X(REMOVE, "remove")  /* nothing is there, as if the container removed it */  \
	X(DROP,   "drop")    /* the top has nothing there; what is below shows */    \
	X(SETTLE, "settle")  /* no mark of copied-up entries that are gone (vfs_settle) */ \
	X(ORIGIN, "origin")  /* its mark says what is below "target" (vfs_settle_origin) */

/* What a change is for: the receipt's word. */
#define CHANGE_ROLES(X)                                        \
	X(PARENT,   "parent")      /* a directory on the way */ \
	X(DROPIN,   "drop-in")     /* our own file in the family's directory */ \
	X(STORE,    "store")       /* a bundle, a hash link, ... */ \
	X(VARIABLE, "variable")    /* the file that variables name */ \
	X(STUB,     "mount-point") /* a destination for a mount */
/* clang-format on */

enum change_kind {
#define X(name, text) CHANGE_##name,
	CHANGE_KINDS(X)
#undef X
		CHANGE_KIND_MAX
};

enum change_role {
#define X(name, text) ROLE_##name,
	CHANGE_ROLES(X)
#undef X
		CHANGE_ROLE_MAX
};

struct change {
	enum change_kind kind;
	enum change_role role;
	char *path;  /* canonical; owned, as all here */
	char *bytes; /* FILE */
	size_t n_bytes;
	char *target;         /* LINK; SAME; ORIGIN: where it was copied up */
	struct vfs_meta meta; /* MKDIR, FILE, LINK, META; its xattrs are the next field */
	struct vfs_xattrs xattrs;
};

struct changes {
	struct change *v;
	size_t n;
	size_t max;      /* 0: LIMIT_CHANGES */
	uint32_t *slots; /* a hash table of paths: 0, or the number of the last change plus one */
	size_t n_slots;  /* a power of two, or 0 */
};

void changes_done(struct changes *c);
#define cleanup_changes cleanup(changes_done)

/* Append one; strings, bytes and xattrs are copied. @meta may be NULL: nothing to set. */
int changes_add_dir(struct changes *c, enum change_role role, const char *path,
		    const struct vfs_meta *meta, struct err *e);
int changes_add_file(struct changes *c, enum change_role role, const char *path, const void *bytes,
		     size_t n, const struct vfs_meta *meta, struct err *e);
int changes_add_link(struct changes *c, enum change_role role, const char *path, const char *target,
		     const struct vfs_meta *meta, struct err *e);
int changes_add_same(struct changes *c, const char *path, const char *existing, struct err *e);
int changes_add_meta(struct changes *c, const char *path, const struct vfs_meta *meta,
		     struct err *e);
int changes_add_remove(struct changes *c, const char *path, struct err *e);
int changes_add_drop(struct changes *c, const char *path, struct err *e);
int changes_add_settle(struct changes *c, const char *path, struct err *e);
int changes_add_origin(struct changes *c, const char *path, const char *of, struct err *e);

/* Forget all but the first @n. */
void changes_cut(struct changes *c, size_t n);

/* The last change of this path, or NULL; borrowed. */
const struct change *changes_find(const struct changes *c, const char *path);

/* Play one change. */
int change_apply(const struct change *c, struct vfs *fs, struct err *e);
/* Play all in order; stops at the first failure. */
int changes_apply(const struct changes *c, struct vfs *fs, struct err *e);

const char *change_role_name(enum change_role role);
const char *change_kind_name(enum change_kind kind);

/*
 * To and from the journal in a directory (cacerts/record_file.h), as its record of an undo.
 * changes_load() returns 0; -ENOENT (ERR_NOT_FOUND) when there is none; -EINVAL (ERR_INVALID) for
 * one that isn't what was written.
 */
int changes_save(const struct changes *c, int dirfd, enum record_sync sync, struct err *e);
/* @ret: empty, with its maximum. */
int changes_load(int dirfd, struct changes *ret, struct err *e);
