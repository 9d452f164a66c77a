/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * box - an image with trust stores, an install in it, a user, an undo
 *
 *	box_make()     the image, everything in it of a time long ago
 *	box_install()  what a plan of the debian family does, as a hand-made list of changes
 *	box_user()     a shell script, run as the container would see its files
 *	box_undo()
 *	box_picture()  all that is there, as text
 *
 * The law is that two boxes show the same picture, one with and one without install and undo.
 *
 * The image holds "sys" and "twin". The authorities are "ours" and another "twin", of the same
 * subject, so that their hash links compete. A script runs in the root directory and has these
 * variables, relative paths but for those that say "host":
 *
 *	B D S        the bundle, the drop-in directory, the hashed directory
 *	F L H        drop-in file, ".pem" link and hash link of "ours"
 *	TWIN         subject hash of both twins; the image's is $S/$TWIN.0, ours is $S/$TWIN.1
 *	OURS WIDE    host files: the certificate "ours" as we write it, and in long lines
 *	OTHER        host file: a certificate of the user's
 *	OUTSIDE      host directory, outside of the container
 *
 * A picture shows times of this century as "now" and leaves out how overlayfs has organized an
 * upper directory (origin, impure, opaque); the merged tree is in it too.
 */
#include "cacerts/journal.h"
#include "cacerts/underlay.h"
#include "tests/unit/vfs/view.h"

/* BOX_UNDERLAY: an overlay, with the install in an underlay where there can be one */
enum box_backing { BOX_BIND, BOX_OVERLAY, BOX_UNDERLAY, BOX_BACKING_MAX };

struct box {
	struct view v;
	enum box_backing backing;
	struct underlay *underlay; /* what was installed; owned; NULL: it is in the tree */
	int journal;               /* descriptor of the journal's directory */
	const char *root;          /* where box_user() works, in the tree */
	const char *more;          /* another part of the tree that a picture shows, or NULL */
};

const char *box_backing_name(enum box_backing backing);

/* Certificates and authorities for all boxes of the process, and a private /tmp. */
void box_begin(void);
void box_end(void);
const struct authorities *box_authorities(void);
/* The one called "ours". */
const struct authority *box_ours(void);

/* @has_dropin_dir: the image has the family's directory, or the install makes it */
void box_make(struct box *b, enum box_backing backing, bool has_dropin_dir);
void box_done(struct box *b);

/* What box_install() plays; the caller owns it. */
void box_changes(struct box *b, struct changes *ret);
/* A journal for the box as install_run() wants it; the caller owns it. */
void box_journal(struct box *b, struct journal *ret);
/* Play @changes by that journal, in the open view, which is closed. */
void box_play(struct box *b, struct journal *j, const struct changes *changes);
void box_install(struct box *b);
/* An install of other changes. */
void box_install_changes(struct box *b, const struct changes *changes);
void box_user(struct box *b, const char *script);
/* Returns undo_run()'s result. */
int box_try_undo(struct box *b, struct err *e);
void box_undo(struct box *b);

/* The caller frees it. */
char *box_picture(struct box *b);
/* Fail and print the first line in which they differ. */
void box_compare(const char *what, const char *a, const char *b);
