/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mount_table - the mounts of a view: opened, in order, without those that others hide
 *
 * A mount is a list of layers, topmost first: an overlay's upper and lowers, or the only one
 * of a bind. A special file system has none.
 *
 * Invariant: at most one mount at a destination, and none at or below the destination of a
 * later one. So the mount of a path is the one with the longest destination above it.
 */
#include "base/limits.h"
#include "vfs/layer.h"
#include "vfs/mount_options.h"
#include "vfs/vfs.h"

struct vfs_seen_node;

struct vfs_mount {
	char *destination; /* canonical container path; owned */
	char *type;        /* of the spec; owned */
	enum mount_kind kind;
	bool userxattr;        /* names of overlay attributes begin with "user." */
	bool follow_redirects; /* as overlay_features.h, and the next three */
	bool writes_redirects;
	bool metacopy;
	bool index;
	bool has_submounts;          /* a recursive bind: other mounts of the host may be in it */
	struct vfs_written *written; /* sync.h; owned */
	size_t n_written;
	bool has_upper;             /* layers[0] is an overlay's upper */
	bool has_top;               /* layers[0] takes writes */
	bool has_own_times;         /* vfs_has_own_times() */
	bool is_dir;                /* the first layer is a directory */
	bool noexec;                /* programs in it can't be executed ... */
	bool nosymfollow;           /* ... nor links be followed */
	struct vfs_seen_node *seen; /* what looks at it are noted in (seen.h); borrowed, or NULL */
	struct vfs_layer *layers;   /* owned */
	size_t n_layers;            /* 0: special */
};

struct vfs {
	struct vfs_mount *mounts; /* owned */
	size_t n_mounts;
	struct vfs_cursor *cursor;  /* owned */
	struct vfs_clones clones;   /* what the layers are opened in */
	bool hold_removed;          /* sync.h */
	int removed[LIMIT_REMOVED]; /* owned */
	size_t n_removed;
	char temp[sizeof(".anchord.") + LIMIT_ID]; /* name of temporary files */
};

/* The mount that shows canonical @path; never NULL, since there is one at "/". */
const struct vfs_mount *vfs_mount_of(const struct vfs *fs, const char *path);
/* The mount whose destination is canonical @path, or NULL. */
const struct vfs_mount *vfs_mount_at(const struct vfs *fs, const char *path);
