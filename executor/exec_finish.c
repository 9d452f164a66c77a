/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_finish: the way back, in reverse: kill, reap, undo the authorities, undo the mount
 * points, remove scratch and state. What can't be undone keeps its journal and fails the exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "cacerts/undo.h"
#include "executor/internal.h"

enum { KILL_TIMEOUT_USEC = 30 * 1000 * 1000 };

static json_t *phases_of(struct exec *x)
{
	return json_object_get(x->receipt, "phases_usec");
}

static int end_process(struct exec *x, struct err *e)
{
	int r = 0;

	if (x->has_leaf)
		r = cgroup_leaf_destroy(x->ex->cgroups, x->q.id, KILL_TIMEOUT_USEC, e);
	if (r < 0 || !x->started || x->reaped)
		return r;
	r = runtime_reap(&x->process, &x->exit, e);
	x->reaped = r == 0;
	if (r == 0)
		json_object_set_new(
			x->receipt, "exit",
			json_pack("{s:i, s:i}", "code", x->exit.code, "signal", x->exit.signal));
	return r;
}

/*
 * The disk needn't know yet. But mount points are undone after the authorities, and a scratch layer
 * goes away with its mark.
 */
static bool may_settle_later(const struct exec *x)
{
	return !x->has_mount_points && !x->is_default;
}

/* @job: gets what is left to be done */
static int undo_journal(struct exec *x, struct target_trust *trust, const char *owner,
			struct settle_job *job, json_t *report, struct err *e)
{
	return exec_undo_journal(x->ex, owner, JOURNAL_TRUST, trust ? &trust->journal : NULL,
				 report, may_settle_later(x) ? &job->rest : NULL, e);
}

static int undo_and_settle(struct exec *x, struct target *target, const char *owner, json_t *report,
			   struct err *e)
{
	struct target_trust *trust = targets_trust(&x->ex->targets, target);
	struct settle_job *job = calloc(1, sizeof(*job));
	int r = job ? undo_journal(x, trust, owner, job, report, e) : err_oom(e);

	if (r == UNDO_RESTS) {
		snprintf(job->owner, sizeof(job->owner), "%s", owner);
		job->target = target;
		x->settle = job;
		return r;
	}
	free(job);
	if (r < 0 && trust && trust->image->underlay)
		underlay_keep(trust->image->underlay);
	return r;
}

/* The tree's journal is undone by whoever leaves last, which may be another exec's. */
static int undo_trust(struct exec *x, json_t *report, struct err *e)
{
	struct target *target = take_ptr(x->target);
	char owner[LIMIT_ID + 1];
	int r;

	if (!target)
		return 0;
	targets_leave(&x->ex->targets, target, owner);
	if (owner[0] == '\0')
		return 0;
	r = undo_and_settle(x, target, owner, report, e);
	if (r == UNDO_RESTS)
		return 0;
	/* The installer left its directory for us; its own exec is long over. */
	if (r == 0 && strcmp(owner, x->q.id) != 0)
		unlinkat(x->ex->execs_fd, owner, AT_REMOVEDIR);
	targets_forget(&x->ex->targets, target); /* what still is there is a leftover now */
	return r;
}

static int count_upper(struct exec *x, struct err *e)
{
	size_t n;
	int r;

	if (!x->is_default)
		return 0;
	r = exec_count_upper(x->upper, &n, e);
	if (r == 0)
		json_object_set_new(json_object_get(x->receipt, "rootfs"), "upper_entries",
				    json_integer((json_int_t)n));
	return r;
}

static int undo(struct exec *x, struct err *e)
{
	json_t *report = json_object();
	int r = undo_trust(x, report, e);

	json_object_set_new(x->receipt, "undo", report);
	if (r == 0 && x->state_fd >= 0) { /* else the directory of this id is another's */
		cleanup_json json_t *ignored = json_object();

		r = exec_undo_journal(x->ex, x->q.id, JOURNAL_MOUNT_POINTS, NULL, ignored, NULL, e);
	}
	return r == 0 ? count_upper(x, e) : r;
}

/* The state directory stays while others need the journal in it. */
static int remove_state(struct exec *x, struct err *e)
{
	int r = x->scratch ? io_remove_tree_at(x->ex->scratch_fd, x->q.id, e) : 0;

	if (r == 0 && x->work && x->q.default_upper && x->q.default_upper[0])
		r = io_remove_tree_at(AT_FDCWD, x->work, e);
	if (r < 0 || x->state_fd < 0)
		return r;
	unlinkat(x->state_fd, "throwaway", 0);
	if (unlinkat(x->ex->execs_fd, x->q.id, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT)
		return err_sys(e, "removing the state directory of '%s'", x->q.id);
	return 0;
}

/* The id is free when its journal is gone. */
static void end_claim(struct exec *x)
{
	struct settle_job *job = take_ptr(x->settle);
	struct claim *claim = take_ptr(x->claim);

	if (!job) {
		claims_drop(&x->ex->claims, claim);
		return;
	}
	claims_end(&x->ex->claims, claim);
	job->claim = claim;
	settle_add(x->ex, job);
}

int exec_finish(struct exec *x, struct runtime_exit *ret_exit, struct err *e)
{
	uint64_t began = clock_mono_usec();
	struct err why = ERR_NONE;
	int sealed;
	int r;

	if (x->started)
		json_object_set_new(phases_of(x), "run",
				    json_integer((json_int_t)(began - x->launched_usec)));
	sealed = exec_wait_sealed(x, &why); /* of one that was never launched */
	r = end_process(x, e);
	if (r < 0 && x->underlay)
		underlay_keep(x->underlay);
	fault_point("exec.finish.begin");
	if (r == 0)
		r = undo(x, e);
	if (r == 0)
		r = remove_state(x, e);
	if (r == 0 && sealed < 0 && why.dirty) {
		r = sealed;
		if (e)
			*e = why;
	}
	fault_point("exec.finish.end");
	end_claim(x);
	if (x->reaped)
		*ret_exit = x->exit;
	json_object_set_new(phases_of(x), "finish",
			    json_integer((json_int_t)(clock_mono_usec() - began)));
	if (r < 0 && e) {
		e->kind = ERR_CLEANUP;
		e->dirty = 1;
	}
	return r < 0 ? err_wrap(e, r, "finishing exec '%s'", x->q.id) : 0;
}
