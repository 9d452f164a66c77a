/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/sequence.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/oracle/differences.h"
#include "tests/oracle/must.h"
#include "tests/oracle/trees.h"
#include "tests/oracle/world.h"

enum { N_OPS = 24 };

static void show(const char *who, const struct outcome *o)
{
	printf("  %s %d %s\n", who, o->r, o->text.data ? o->text.data : "");
}

static enum difference play_one(struct vfs *fs, struct real *r, const struct op *op,
				const struct sequence_options *o)
{
	struct outcome ours = OUTCOME;
	struct outcome kernels = OUTCOME;
	enum difference verdict;
	const char *why;

	op_kinds[op->verb].vfs(fs, op, &ours);
	if (op_kinds[op->verb].writes &&
	    (real_is_unreachable(r, op->path) ||
	     (op->verb == OP_rename && real_is_unreachable(r, op->to))))
		kernels.r = -EROFS; /* what can't be reached isn't written there either */
	else
		op_kinds[op->verb].kernel(r, op, &kernels);
	verdict = difference_judge(r, op, &ours, &kernels, &why);
	if (verdict == DIFFERENCE_BUG && *r->gave_up)
		verdict = DIFFERENCE_DIVERGES;
	if (o->verbose || verdict == DIFFERENCE_BUG) {
		op_print(op);
		show("ours    ", &ours);
		show("kernel's", &kernels);
		if (why)
			printf("  %s\n", why);
	}
	buf_done(&ours.text);
	buf_done(&kernels.text);
	return verdict;
}

/* Texts of the kernel's live tree and of the view; also from each destination that was made. */
static bool same_view(const struct vfs *fs, const struct real *r)
{
	cleanup_buf struct buf ours = BUF(FACTS_MAX);
	cleanup_buf struct buf kernels = BUF(FACTS_MAX);

	trees_of_view(fs, r, "/", &ours);
	trees_of_mount(r, "/", &kernels);
	for (size_t i = 0; i < r->n_mounts; i++) {
		if (!r->mounts[i].made[0] || !real_shows(r, i))
			continue;
		trees_of_view(fs, r, r->mounts[i].destination, &ours);
		trees_of_mount(r, r->mounts[i].destination, &kernels);
	}
	return *r->gave_up || trees_same("the view and the mount", &ours, &kernels);
}

/* Text of what a side's specs show in a fresh mount. */
static void fresh_tree(const struct world *w, enum world_side side, struct real *r, struct buf *to)
{
	real_mount_again(r, &w->rootfs[side], &w->mounts[side]);
	trees_of_mount(r, "/", to);
	real_unmount(r);
}

static bool same_in_fresh_mounts(const struct world *w, struct real *r)
{
	cleanup_buf struct buf ours = BUF(FACTS_MAX);
	cleanup_buf struct buf kernels = BUF(FACTS_MAX);

	fresh_tree(w, OURS, r, &ours);
	fresh_tree(w, KERNELS, r, &kernels);
	return *r->gave_up || trees_same("fresh mounts", &ours, &kernels);
}

/* Everything of a side that nobody may have written. */
static void add_lowers(const struct world *w, enum world_side side, struct buf *to)
{
	for (unsigned i = 0; i < w->n_lowers; i++) {
		char path[LIMIT_PATH];

		world_lower(w, side, i, path);
		trees_of_host(path, TREES_EXACT, to);
	}
}

static bool same_uppers(void)
{
	cleanup_buf struct buf ours = BUF(FACTS_MAX);
	cleanup_buf struct buf kernels = BUF(FACTS_MAX);
	char path[LIMIT_PATH];

	snprintf(path, sizeof(path), "%s/u", world_at(OURS));
	trees_of_host(path, TREES_SHAPE, &ours);
	snprintf(path, sizeof(path), "%s/u", world_at(KERNELS));
	trees_of_host(path, TREES_SHAPE, &kernels);
	return trees_same_uppers(&ours, &kernels);
}

void sequence_isolate(void)
{
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", "/tmp", "tmpfs", MS_NOATIME, "nr_inodes=0") == 0,
	     "a mount namespace");
}

enum sequence_result sequence_different(const struct sequence_options *o)
{
	fflush(NULL);
	if (o->shell)
		(void)!system(o->shell);
	return SEQUENCE_DIFFERENT;
}

static enum sequence_result play_all(struct world *w, struct vfs *fs, struct real *r,
				     struct dice *d, const struct sequence_options *o)
{
	bool diverged = false;
	bool good = same_view(fs, r);

	for (int i = 0; i < N_OPS && good && !diverged && !*r->gave_up; i++) {
		struct op op;
		enum difference verdict;

		op_roll(d, r, !w->has_made_mountpoints, &op);
		verdict = play_one(fs, r, &op, o);
		good = verdict != DIFFERENCE_BUG;
		diverged = verdict == DIFFERENCE_DIVERGES;
	}
	if (!good)
		return sequence_different(o);
	if (diverged || *r->gave_up)
		return SEQUENCE_DIVERGED;
	return same_view(fs, r) ? SEQUENCE_SAME : sequence_different(o);
}

static enum sequence_result play_world(struct world *w, struct real *r, struct dice *d,
				       const struct sequence_options *o)
{
	cleanup_buf struct buf before = BUF(FACTS_MAX);
	cleanup_buf struct buf after = BUF(FACTS_MAX);
	enum sequence_result result;
	struct err e = ERR_NONE;
	struct vfs *fs = NULL;
	int code;

	add_lowers(w, OURS, &before);
	code = vfs_new(&w->rootfs[OURS], &w->mounts[OURS], &fs, &e);
	if (code == -EOPNOTSUPP && o->verbose)
		printf("refused: %s\n", e.msg);
	if (code == -EOPNOTSUPP)
		return SEQUENCE_REFUSED;
	if (code < 0) {
		printf("vfs_new: %d %s\n", code, e.msg);
		return SEQUENCE_DIFFERENT;
	}
	result = play_all(w, fs, r, d, o);
	vfs_free(fs);
	add_lowers(w, OURS, &after);
	if (!trees_same("lowers before and after", &before, &after))
		return SEQUENCE_DIFFERENT;
	real_unmount(r);
	if (result == SEQUENCE_SAME && !(same_in_fresh_mounts(w, r) && same_uppers()))
		return sequence_different(o);
	return result;
}

enum sequence_result sequence_play(uint64_t seed, const struct sequence_options *o)
{
	static struct real r;
	struct dice d = dice_of(seed, 1);
	enum sequence_result result;
	bool gave_up = false;
	struct world w;

	sequence_isolate();
	r.gave_up = &gave_up;
	world_make(&w, seed, &r);
	if (o->verbose)
		world_print(&w);
	result = play_world(&w, &r, &d, o);
	if (result == SEQUENCE_DIFFERENT && !o->verbose)
		world_print(&w);
	world_done(&w);
	return result;
}
