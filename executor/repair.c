/* SPDX-License-Identifier: Apache-2.0 */
/* executor_repair: what is left of execs that live no more, shown, undone or forgotten. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "executor/leftover.h"
#include "executor/runc_trees.h"

enum { KILL_TIMEOUT_USEC = 10 * 1000 * 1000 };

/* clang-format off */
/* What an operator can do, by how far it came. */
static const char *const advice[LEFTOVER_STEP_MAX] = {
	[LEFTOVER_READ] =
		"put the journal back from a backup and repair again; or remove the authorities "
		"from the tree by hand, or the tree itself, then forget it: anchorctl repair --forget ID",
	[LEFTOVER_REACH] =
		"put the tree back where it was (mount its file system) and repair again; if it no "
		"longer exists, forget it: anchorctl repair --forget ID",
	[LEFTOVER_CLAIM] = "repair again when that exec has ended",
	[LEFTOVER_UNDO] =
		"remove the cause and repair again; if the tree is to be thrown away, forget it: "
		"anchorctl repair --forget ID",
	[LEFTOVER_KILL] = "end its processes and repair again",
};
/* clang-format on */

/* ---- which ------------------------------------------------------------------------------- */

static int check(const struct repair_request *q, struct err *e)
{
	if (q->forget && q->ids.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "forget: say which: it leaves traces in a tree that still exists");
	if (q->forget && q->dry_run)
		return err_set(e, -EINVAL, ERR_INVALID, "forget and dry_run exclude each other");
	return 0;
}

static int check_id(struct executor *ex, const struct strv *all, const char *id, struct err *e)
{
	if (strv_has(all, id))
		return 0;
	if (leftover_is_alive(ex, id))
		return err_set(
			e, -EBUSY, ERR_PRECONDITION,
			"exec '%s' lives, or shares its tree with one that does: it is undone "
			"when that ends",
			id);
	return err_set(
		e, -ENOENT, ERR_NOT_FOUND,
		"nothing is left of an exec '%s'; 'anchorctl repair --dry-run' shows what is", id);
}

/* The ids to work on, in the order of their undo. */
static int choose(struct executor *ex, const struct repair_request *q, struct strv *ret,
		  struct err *e)
{
	cleanup_strv struct strv all = STRV(LIMIT_LEFTOVERS);
	int r = leftover_list(ex, &all, e);

	for (size_t i = 0; r == 0 && i < q->ids.n; i++)
		r = check_id(ex, &all, q->ids.v[i], e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (q->ids.n == 0 || strv_has(&q->ids, all.v[i]))
			r = strv_add(ret, all.v[i], e);
	return r;
}

/* ---- one --------------------------------------------------------------------------------- */

/* What couldn't be killed when it ended. Nobody else has a leaf of this id. */
static int kill_container(struct leftover *l, struct err *e)
{
	char helper[NAME_MAX + 16];
	int r;

	l->step = LEFTOVER_KILL;
	if (runc_trees_is_id(l->id))
		return 0; /* who has made them ends them */
	snprintf(helper, sizeof(helper), "%s:helper", l->id);
	r = cgroup_leaf_destroy(l->ex->cgroups, l->id, KILL_TIMEOUT_USEC, e);
	return r == 0 ? cgroup_leaf_destroy(l->ex->cgroups, helper, KILL_TIMEOUT_USEC, e) : r;
}

static int work(struct leftover *l, bool forget, struct err *e)
{
	int r;

	l->step = LEFTOVER_CLAIM;
	r = claims_take(&l->ex->claims, CLAIM_REPAIR, l->id, &l->claim, e);
	/* A tree may have come to this owner since it was listed. */
	if (r == 0 && targets_owns(&l->ex->targets, l->id))
		r = err_set(e, -EBUSY, ERR_PRECONDITION, "exec '%s' shares its tree with others",
			    l->id);
	if (r == 0 && !l->dry_run)
		r = kill_container(l, e);
	if (r == 0)
		r = forget ? leftover_forget(l, e) : leftover_settle(l, e);
	claims_drop(&l->ex->claims, take_ptr(l->claim));
	return r;
}

static void note_failure(const struct leftover *l, const struct err *why)
{
	/* Messages have names of files, which may be any bytes. */
	json_object_set_new(l->doc, "error", json_sentence(why->msg));
	json_object_set_new(l->doc, "advice", json_string(advice[l->step]));
}

enum outcome { OUTCOME_GONE, OUTCOME_DONE, OUTCOME_STAYS };

/* Fills in @l->doc. */
static enum outcome repair_one(struct leftover *l, bool forget)
{
	const char *done = forget ? "forgotten" : "undone";
	struct err why = ERR_NONE;
	int r = work(l, forget, &why);

	if (r == LEFTOVER_GONE)
		return OUTCOME_GONE;
	if (r < 0)
		note_failure(l, &why);
	if (l->dry_run || (r < 0 && l->step == LEFTOVER_CLAIM))
		done = "left";
	else if (r < 0)
		done = "failed";
	json_object_set_new(l->doc, "result", json_string(done));
	return r < 0 || l->dry_run ? OUTCOME_STAYS : OUTCOME_DONE;
}

/* ---- all --------------------------------------------------------------------------------- */

struct report {
	json_t *leftovers;
	size_t n;
	size_t n_left;
	size_t n_omitted;
	size_t bytes;
};

/* Long lists go first, then all of it: the counts tell. */
static void show(struct report *report, json_t *doc)
{
	static const char *const lists[] = {"touched", "changes", "kept"};
	size_t left = LIMIT_REPAIR_SHOWN - report->bytes;
	size_t n = json_dumpb(doc, NULL, 0, JSON_COMPACT);

	if (n > left) {
		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			json_object_del(doc, lists[i]);
		n = json_dumpb(doc, NULL, 0, JSON_COMPACT);
	}
	if (n > left) {
		report->n_omitted++;
		return;
	}
	report->bytes += n + 1;
	json_array_append(report->leftovers, doc);
}

static void repair_all(struct executor *ex, const struct repair_request *q, const struct strv *ids,
		       struct report *report)
{
	for (size_t i = 0; i < ids->n; i++) {
		cleanup_json json_t *doc = json_pack("{s:o}", "id", json_path(ids->v[i]));
		struct leftover l = {.ex = ex, .id = ids->v[i], .dry_run = q->dry_run, .doc = doc};
		enum outcome outcome = repair_one(&l, q->forget);

		if (outcome == OUTCOME_GONE)
			continue;
		report->n++;
		report->n_left += outcome == OUTCOME_STAYS;
		show(report, doc);
	}
}

int executor_repair(struct executor *ex, const struct repair_request *q, json_t **ret,
		    struct err *e)
{
	cleanup_strv struct strv ids = STRV(LIMIT_LEFTOVERS);
	struct report report = {.n = 0};
	int r = check(q, e);

	if (r == 0 && pthread_mutex_trylock(&ex->repairing) != 0)
		r = err_set(e, -EBUSY, ERR_PRECONDITION,
			    "another repair is at work: wait until it is done");
	if (r < 0)
		return r;
	report.leftovers = json_array();
	r = choose(ex, q, &ids, e);
	if (r == 0)
		repair_all(ex, q, &ids, &report);
	pthread_mutex_unlock(&ex->repairing);
	if (r < 0) {
		json_decref(report.leftovers);
		return r;
	}
	*ret = json_pack("{s:b, s:I, s:I, s:I, s:o}", "dry_run", q->dry_run, "n_leftovers",
			 (json_int_t)report.n, "n_left", (json_int_t)report.n_left, "n_omitted",
			 (json_int_t)report.n_omitted, "leftovers", report.leftovers);
	return *ret ? 0 : err_oom(e);
}
