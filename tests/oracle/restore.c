/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot; anything at these paths; restore: the layers are as they were */
#include <string.h>

#include "tests/oracle/must.h"
#include "tests/oracle/op.h"
#include "tests/oracle/sequence.h"
#include "tests/oracle/trees.h"
#include "tests/oracle/world.h"
#include "vfs/snapshot.h"

enum { MAX_PATHS = 6, N_WRITES = 16 };

struct kept {
	char path[LIMIT_PATH];
	struct vfs_stat st;
	struct vfs_snapshot *snapshot;
};

/*
 * A file that has lost every name comes back as a new one (snapshot.h). So that none does, only
 * one name of a file is written at.
 */
static bool is_kept(const struct vfs_stat *st, const struct kept *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (st->type == VFS_FILE && k[i].st.type == VFS_FILE && st->ino == k[i].st.ino &&
		    st->dev == k[i].st.dev)
			return true;
	return false;
}

/* Take a snapshot of a path that takes writes, as @k[@n]; false for others. */
static bool keep(struct vfs *fs, const char *path, struct kept *k, size_t n)
{
	struct kept *new = &k[n];

	if (strcmp(path, "/") == 0 || vfs_lstat(fs, path, &new->st, NULL) < 0 ||
	    new->st.type == VFS_UNREACHABLE || new->st.mountpoint || is_kept(&new->st, k, n))
		return false;
	strcpy(new->path, path);
	return vfs_snapshot(fs, path, &new->snapshot, NULL) == 0;
}

static size_t keep_some(struct dice *d, struct vfs *fs, const struct real *r, struct kept *k)
{
	size_t want = 1 + dice_roll(d, MAX_PATHS);
	size_t n = 0;

	for (int tries = 0; tries < 40 && n < want; tries++) {
		struct op op;

		op_roll(d, r, /* may_write= */ true, &op);
		if (op.verb != OP_resolve && op.verb != OP_exists && keep(fs, op.path, k, n))
			n++;
	}
	return n;
}

/*
 * A snapshot of a directory is of itself. What takes its content along (moving it, or removing
 * it with the whiteouts in it) is for its owner to keep.
 */
static bool takes_content_along(const struct vfs *fs, const struct op *op)
{
	struct vfs_stat st;
	size_t n_top;

	if (op->verb != OP_remove && op->verb != OP_rename)
		return false;
	if (vfs_lstat(fs, op->path, &st, NULL) < 0 || st.type != VFS_DIR)
		return op->verb == OP_rename && vfs_lstat(fs, op->to, &st, NULL) == 0 &&
		       st.type == VFS_DIR;
	return op->verb == OP_rename || vfs_count_top(fs, op->path, &n_top, NULL) < 0 || n_top > 0;
}

static void write_at(struct dice *d, struct vfs *fs, const struct real *r, const struct kept *k,
		     size_t n, bool verbose)
{
	struct outcome outcome = OUTCOME;
	struct op op;

	do
		op_roll(d, r, /* may_write= */ true, &op);
	while (!op_kinds[op.verb].writes);
	strcpy(op.path, k[dice_roll(d, (unsigned)n)].path);
	if (op.verb == OP_rename)
		strcpy(op.to, k[dice_roll(d, (unsigned)n)].path);
	if (takes_content_along(fs, &op))
		return;
	op_kinds[op.verb].vfs(fs, &op, &outcome);
	if (verbose) {
		op_print(&op);
		printf("  %d\n", outcome.r);
	}
	buf_done(&outcome.text);
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int deepest_first(const void *a, const void *b)
{
	size_t x = depth(((const struct kept *)a)->path);
	size_t y = depth(((const struct kept *)b)->path);

	return (x < y) - (x > y);
}

static bool restore_all(struct kept *k, size_t n)
{
	bool good = true;

	qsort(k, n, sizeof(*k), deepest_first);
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_NONE;

		if (vfs_restore(k[i].snapshot, &e) < 0) {
			printf("restoring %s: %s\n", k[i].path, e.msg);
			good = false;
		}
	}
	return good;
}

/* Everything of our side, with all times but those of changes. */
static void all_layers(const struct world *w, struct buf *to)
{
	static const char *const others[] = {"u", "v0", "v1", "v2"};
	char path[LIMIT_PATH];

	for (unsigned i = 0; i < w->n_lowers; i++) {
		world_lower(w, OURS, i, path);
		trees_of_host(path, TREES_TIMES, to);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(path, sizeof(path), "%s/%s", world_at(OURS), others[i]);
		trees_of_host(path, TREES_TIMES, to);
	}
}

static enum sequence_result play(const struct world *w, struct vfs *fs, const struct real *r,
				 struct dice *d, const struct sequence_options *o)
{
	cleanup_buf struct buf before = BUF(FACTS_MAX);
	cleanup_buf struct buf after = BUF(FACTS_MAX);
	cleanup_buf struct buf again = BUF(FACTS_MAX);
	static struct kept kept[MAX_PATHS];
	bool good;
	size_t n;

	all_layers(w, &before);
	n = keep_some(d, fs, r, kept);
	for (int i = 0; i < N_WRITES && n > 0; i++)
		write_at(d, fs, r, kept, n, o->verbose);
	good = restore_all(kept, n);
	all_layers(w, &after);
	good = good && trees_same("before and after", &before, &after);
	good = good && restore_all(kept, n);
	all_layers(w, &again);
	good = good && trees_same("restored once and twice", &after, &again);
	for (size_t i = 0; i < n; i++) {
		if (!good && !o->verbose)
			printf("of %s\n", kept[i].path);
		vfs_snapshot_free(kept[i].snapshot);
	}
	return good ? SEQUENCE_SAME : sequence_different(o);
}

enum sequence_result sequence_restore(uint64_t seed, const struct sequence_options *o)
{
	static struct real r;
	struct dice d = dice_of(seed, 2);
	enum sequence_result result = SEQUENCE_REFUSED;
	struct vfs *fs = NULL;
	struct world w;

	sequence_isolate();
	world_make(&w, seed, &r);
	if (o->verbose)
		world_print(&w);
	if (vfs_new(&w.rootfs[OURS], &w.mounts[OURS], &fs, NULL) == 0)
		result = play(&w, fs, &r, &d, o);
	vfs_free(fs);
	if (result == SEQUENCE_DIFFERENT && !o->verbose)
		world_print(&w);
	world_done(&w);
	return result;
}
