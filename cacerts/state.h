/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * state - everything about one container path at one moment
 *
 * The three-way undo compares three of them: T0 before the install, T1 after it, T2 after the
 * user process. A state of a file carries a digest of its content; what the content was, T0
 * keeps as a backup in the journal (cacerts/journal.h).
 */
#include "base/json.h"
#include "vfs/vfs.h"

enum { STATE_SHA256 = 32 };

struct state {
	struct vfs_stat st;
	struct vfs_xattrs xattrs;           /* files and directories; owned */
	char *target;                       /* links; owned */
	unsigned char sha256[STATE_SHA256]; /* files: of the content; directories of the names in
					       them, after state_capture_names() */
	struct vfs_dir_facts dir;           /* directories */
};

void state_done(struct state *s);
#define cleanup_state cleanup(state_done)

int state_copy(const struct state *s, struct state *ret, struct err *e);

/*
 * Capture @path. @content, if given, also gets a file's bytes, none of one that is large.
 * What is too much to read (a large file) has a digest that is another one once anybody has
 * touched it.
 * Returns: 0, also when nothing is there; -E2BIG (ERR_LIMIT) for a file above @content's maximum.
 */
int state_capture(const struct vfs *fs, const char *path, struct state *ret, struct buf *content,
		  struct err *e);
/* Of a directory also the digest of the names in it; above LIMIT_DIR_ENTRIES as of a large file. */
int state_capture_names(const struct vfs *fs, const char *path, struct state *s, struct err *e);

/*
 * Capture @path, of which @was is an earlier state: what has the same change time isn't read again.
 */
int state_recapture(const struct vfs *fs, const char *path, const struct state *was,
		    struct state *ret, struct err *e);
/* Capture @path, at which a file with these bytes was written just now. */
int state_capture_written(const struct vfs *fs, const char *path, const unsigned char *sha256,
			  struct state *ret, struct err *e);

/* Is that the content that the file had? */
bool state_has_content(const struct state *s, const void *bytes, size_t n);
/* Raise -EINVAL unless these are the bytes that the file at @path held. */
int state_check_content(const struct state *s, const char *path, const struct buf *bytes,
			struct err *e);

/* A file above LIMIT_STORE_FILE, which nobody reads? */
bool state_is_large(const struct state *s);

/* The digest that a file's state has for these bytes. */
int state_digest(const struct buf *bytes, unsigned char ret[STATE_SHA256], struct err *e);
/* The digest that a directory's state has for these sorted names. */
int state_digest_names(const struct strv *names, unsigned char ret[STATE_SHA256], struct err *e);

/* Did nobody touch the path in between? True only for the same inode with the same ctime. */
bool state_untouched(const struct state *a, const struct state *b);
/* Same type and same inode? A directory that took over a removed one's number is another one. */
bool state_same_object(const struct state *a, const struct state *b);
/* Same type and same bytes (file), text (link); directories: the same inode. */
bool state_same_content(const struct state *a, const struct state *b);
bool state_same_mtime(const struct state *a, const struct state *b);
bool state_same_xattrs(const struct state *a, const struct state *b);
/* Same mode, owner, mtime and xattrs? */
bool state_same_metadata(const struct state *a, const struct state *b);

/*
 * state_merge_metadata - three-way merge, attribute by attribute
 *
 * What the user process changed (@t2 differs from @t1) is kept, the rest is as it was before
 * (@t0). @ret borrows xattrs from one of them.
 */
void state_merge_metadata(const struct state *t0, const struct state *t1, const struct state *t2,
			  struct vfs_meta *ret);
/* All metadata of one state, to be set again; borrows its xattrs. */
struct vfs_meta state_metadata(const struct state *s);

json_t *state_to_json(const struct state *s);
int state_from_json(const json_t *j, struct state *ret, struct err *e);
