/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tree - a scratch directory for a test, made and removed with it
 *
 * tree_done() removes what the test made through tree_*() and nothing else, then uses plain
 * rmdir: whatever the code under test left behind fails the test.
 */
#include <stddef.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/strv.h"

struct tree {
	char path[256];   /* absolute host path of the directory */
	struct strv made; /* relative paths, in order of making */
};

void tree_init(struct tree *t);
void tree_done(struct tree *t);
/* Remove everything below, for tests whose subject may leave files on purpose. */
void tree_wipe(struct tree *t);

/* Make one thing at @rel (parents are made too). Mode 0644 and 0755; aborts the test on failure. */
void tree_dir(struct tree *t, const char *rel);
void tree_file(struct tree *t, const char *rel, const char *text);
void tree_link(struct tree *t, const char *rel, const char *target);
void tree_fifo(struct tree *t, const char *rel);
void tree_whiteout(struct tree *t, const char *rel);
void tree_opaque(struct tree *t, const char *rel);

/* Host path of @rel, in a static buffer of four that are used in turn. */
const char *tree_at(const struct tree *t, const char *rel);

/*
 * Everything about everything below @rel: a line each with path, type, mode, owner, size,
 * mtime in ns, link text, xattrs and a checksum of the content. The caller frees it.
 */
char *tree_manifest(const struct tree *t, const char *rel);
