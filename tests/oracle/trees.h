/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * trees - whole trees as text, a line for each entry
 *
 * Lines are in the order of a walk with sorted names, so that equal trees have equal texts.
 */
#include "tests/oracle/facts.h"
#include "tests/oracle/real.h"

/* The merged tree as vfs sees it, from canonical @start on. */
void trees_of_view(const struct vfs *fs, const struct real *r, const char *start, struct buf *to);
/*
 * The same as the kernel shows it. Destinations that had to be made are no part of either; they
 * are to be asked for as @start of their own.
 */
void trees_of_mount(const struct real *r, const char *start, struct buf *to);

enum trees_detail {
	TREES_SHAPE, /* what an upper means: without bookkeeping, times of now equal */
	TREES_TIMES, /* bit for bit and time for time, change times excepted */
	TREES_EXACT, /* the very same files, too */
};

/* A host directory. */
void trees_of_host(const char *path, enum trees_detail detail, struct buf *to);

/* Print the first lines that differ, as @what. Returns true if the texts are the same. */
bool trees_same(const char *what, const struct buf *ours, const struct buf *theirs);
/* The same for shapes of uppers, where a directory may be opaque in the kernel's only. */
bool trees_same_uppers(const struct buf *ours, const struct buf *theirs);
