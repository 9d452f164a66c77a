/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "cacerts/undo_plan.h"
#include "vfs/mount_options.h"

const struct state *undo_t1(const struct undo *u, size_t i)
{
	if (u->t1)
		return &u->t1[i];
	/* Without a complete install the user process never ran: all that is there is ours. */
	return u->j->installed ? &u->j->v[i].t1 : &u->t2[i];
}

void undo_keep(struct undo *u, const char *path)
{
	if (u->kept)
		json_array_append_new(u->kept, json_path(path));
}

bool undo_is_newer(const struct undo *u, const struct vfs_stat *st)
{
	return clock_compare(st->ctime, u->j->began) > 0;
}

bool undo_is_in(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/' && path[n + 1] != '\0' &&
	       !strchr(path + n + 1, '/');
}

bool undo_moved_by_itself(const struct state *t1, const struct state *t2)
{
	return !state_same_mtime(t1, t2) && clock_compare(t1->st.ctime, t2->st.mtime) <= 0 &&
	       clock_compare(t2->st.mtime, t2->st.ctime) <= 0;
}

bool undo_removes(const struct undo *u, const char *path)
{
	const struct change *c = changes_find(u->out, path);

	return c && (c->kind == CHANGE_DROP || c->kind == CHANGE_REMOVE);
}

bool undo_may_read(struct undo *u, off_t size)
{
	if (size > LIMIT_AUTHORITY_FILE || u->n_read + (size_t)size > LIMIT_UNDO_READ)
		return false;
	u->n_read += (size_t)size;
	return true;
}

static bool is_directory_entry(const struct undo *u, size_t i)
{
	const struct journal_entry *entry = &u->j->v[i];

	return entry->t0.st.type == VFS_DIR || undo_t1(u, i)->st.type == VFS_DIR ||
	       (entry->t0.st.type == VFS_ABSENT && u->t2[i].st.type == VFS_DIR);
}

/*
 * A power cut may keep the name of a file that the install made, and lose its content. Nobody can
 * have written to a file that has T1's change time: it is ours, whatever is in it now.
 */
static void mend_torn(const struct undo *u, size_t i)
{
	const struct state *t1 = &u->j->v[i].t1;
	struct state *t2 = &u->t2[i];

	if (t2->st.type == VFS_FILE && state_untouched(t1, t2))
		memcpy(t2->sha256, t1->sha256, sizeof(t2->sha256));
}

/* T2 of entry @i; what the install left, and nobody can have touched, isn't read again. */
static int capture_entry(struct undo *u, size_t i, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];

	if (!u->j->installed || journal_may_hide(u->j, entry->t1.st.ctime) ||
	    !vfs_has_own_times(u->fs, entry->path))
		return state_capture(u->fs, entry->path, &u->t2[i], NULL, e);
	return state_recapture(u->fs, entry->path, &entry->t1, &u->t2[i], e);
}

static int capture_all(struct undo *u, struct err *e)
{
	bool may_be_torn =
		u->j->installed && !journal_is_fresh(u->j) && journal_is_of_another_boot(u->j);
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->j->n; i++) {
		r = capture_entry(u, i, e);
		if (r == 0 && may_be_torn)
			mend_torn(u, i);
	}
	return r;
}

/* Files first, then what no journal knows, then directories from the deepest up. */
static int plan_all(struct undo *u, struct err *e)
{
	const struct journal *j = u->j;
	int r = capture_all(u, e);

	if (r == 0 && j->underlay)
		r = undo_adopt_copies(u, e);
	for (size_t i = j->n; r == 0 && i-- > 0;)
		if (!is_directory_entry(u, i))
			r = undo_plan_file(u, i, e);
	if (r == 0)
		r = undo_plan_moved(u, e);
	if (r == 0)
		r = undo_sweep_p11(u, e);
	if (r == 0)
		r = undo_sweep(u, e);
	if (r == 0)
		r = undo_strip_lists(u, e);
	for (size_t i = j->n; r == 0 && i-- > 0;)
		if (is_directory_entry(u, i))
			r = undo_plan_directory(u, i, e);
	return r == 0 && j->underlay ? undo_settle_origins(u, e) : r;
}

static int plan_in(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *ret_kept,
		   struct err *e)
{
	cleanup_changes struct changes out = {.max = LIMIT_UNDO_CHANGES};
	struct undo u = {.j = j, .fs = fs, .out = &out, .kept = ret_kept};
	int r;

	u.t2 = calloc(j->n + 1, sizeof(*u.t2));
	if (!u.t2)
		return err_oom(e);
	r = plan_all(&u, e);
	for (size_t i = 0; i < j->n; i++)
		state_done(&u.t2[i]);
	free(u.t2);
	undo_underlay_done(&u);
	free(u.sources);
	if (r < 0)
		return r;
	*ret = out;
	out = (struct changes){0};
	return 0;
}

int undo_plan(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *ret_kept,
	      struct err *e)
{
	cleanup_vfs struct vfs *was = NULL;
	int r = j->underlay ? undo_open_view(j, &was, e) : 0;

	return r == 0 ? plan_in(j, was ? was : fs, ret, ret_kept, e) : r;
}

/* What a crash in the middle of a write left. */
static int drop_temporaries(const struct journal *j, struct vfs *fs, struct err *e)
{
	for (size_t i = 0; i < j->n; i++) {
		struct vfs_stat st;
		int r = vfs_lstat(fs, j->v[i].path, &st, e);

		if (r == 0 && st.type == VFS_DIR && st.in_top)
			r = vfs_drop_temporary(fs, j->v[i].path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Is nothing made, only taken away or given its old metadata? With an underlay, what is taken away
 * may be a whiteout, and what is below shows again.
 */
static bool only_takes_away(const struct journal *j, const struct changes *plan)
{
	if (j->underlay)
		return false;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].kind != CHANGE_DROP && plan->v[i].kind != CHANGE_REMOVE &&
		    plan->v[i].kind != CHANGE_META && plan->v[i].kind != CHANGE_SETTLE)
			return false;
	return true;
}

enum { PLAN_IS_NEW = 1 };

/* The plan that an interrupted undo left; one that is damaged is made anew. */
static int find_plan(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *kept,
		     struct err *e)
{
	struct err damage = ERR_NONE;
	int r = journal_is_fresh(j) ? -ENOENT : changes_load(j->dirfd, ret, &damage);

	if (r == 0 || r == -ENOMEM)
		return r == 0 ? 0 : err_oom(e);
	r = undo_plan(j, fs, ret, kept, e);
	return r < 0 ? r : PLAN_IS_NEW;
}

int undo_preview(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *ret_kept,
		 struct err *e)
{
	int r = find_plan(j, fs, ret, ret_kept, e);

	return r < 0 ? r : 0;
}

/*
 * Plans and notes the plan, or takes the one that is there. Half of a plan that only takes away is
 * planned anew just as well, so after a power cut it needn't be there.
 */
static int get_plan(const struct journal *j, struct vfs *fs, struct changes *ret, json_t *kept,
		    struct err *e)
{
	int r = find_plan(j, fs, ret, kept, e);

	if (r != PLAN_IS_NEW)
		return r;
	return changes_save(ret, j->dirfd, only_takes_away(j, ret) ? RECORD_LATER : RECORD_DURABLE,
			    e);
}

/*
 * A view that can't be written shows nothing as being in the top: a plan made of it leaves our
 * entries where they are, and would be played as it is when the tree can be written again.
 */
static int check_writable(const struct journal *j, const struct vfs *fs, struct err *e)
{
	for (size_t i = 0; i < j->n; i++) {
		int r = j->v[i].role == ROLE_PARENT ? 1 : vfs_is_writable(fs, j->v[i].path, e);

		if (r < 0)
			return r;
		if (r == 0)
			return err_set(e, -EROFS, ERR_PRECONDITION,
				       "what holds '%.200s' is read-only now", j->v[i].path);
	}
	return 0;
}

/* Does the top hold an entry, or a whiteout, of any path of the journal below "/"? */
static int top_has_any(const struct journal *j, const struct vfs *fs, bool *ret, struct err *e)
{
	*ret = false;
	for (size_t i = 0; i < j->n && !*ret; i++) {
		struct vfs_stat st;
		int r = strcmp(j->v[i].path, "/") ? vfs_lstat(fs, j->v[i].path, &st, e) : -EISDIR;

		if (r < 0 && r != -EISDIR)
			return r;
		*ret = r == 0 && (st.in_top || st.whiteout);
	}
	return 0;
}

int undo_check_tree(const struct journal *j, const struct vfs *fs, struct err *e)
{
	const struct journal_entry *root = journal_find(j, "/");
	cleanup_free char *top = NULL;
	struct vfs_stat st;
	bool any = true;
	int r = check_writable(j, fs, e);

	if (r == 0)
		r = vfs_lstat(fs, "/", &st, e);
	if (r < 0 || !root || st.ino == root->t0.st.ino)
		return r;
	r = top_has_any(j, fs, &any, e);
	if (r < 0 || any)
		return r;
	r = mount_specs_top(&j->rootfs, &top, e);
	return r < 0 ? r
		     : err_set(e, -ESTALE, ERR_PRECONDITION,
			       "'%s' is another directory than the one that was changed, without "
			       "its files: is its file system mounted?",
			       top);
}

/*
 * The journal goes when the tree is as it was, also on the disk. A file system that keeps the order
 * of changes to names and metadata sees to that by itself, if the journal is on it too: nothing has
 * to wait. Content has no such order.
 */
static bool is_ordered(const struct journal *j, const struct vfs *fs, const struct changes *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].kind == CHANGE_FILE || !vfs_is_beside(fs, plan->v[i].path, j->dirfd))
			return false;
	return vfs_keeps_order(j->dirfd);
}

/* How a journal goes whose undo has been played. */
struct ending {
	enum record_sync sync;
	bool may_wait; /* in: the sync may come later ... */
	bool waits;    /* ... and does */
	struct vfs_unsynced rest;
};

/* The plan is done: somebody else may touch the tree before the journal goes, and it wasn't him. */
static int put_off(const struct journal *j, struct vfs *fs, struct ending *end, struct err *e)
{
	int r = record_void(j->dirfd, RECORD_UNDO, e);

	if (r == 0)
		r = vfs_unsynced_get(fs, &end->rest, e);
	end->waits = r == 0;
	return r;
}

static int play(const struct journal *j, const struct changes *plan, struct vfs *fs,
		struct ending *end, struct err *e)
{
	if (end->may_wait)
		vfs_hold_removed(fs);
	for (size_t i = 0; i < plan->n; i++) {
		int r = change_apply(&plan->v[i], fs, e);

		if (r < 0)
			return r;
		fault_point("undo.applied");
	}
	end->sync = is_ordered(j, fs, plan) ? RECORD_LATER : RECORD_DURABLE;
	if (end->sync == RECORD_LATER)
		return 0;
	return end->may_wait && only_takes_away(j, plan) ? put_off(j, fs, end, e) : vfs_sync(fs, e);
}

/* Has the process touched nothing of the underlay? An undo that was begun has to be ended. */
static bool is_untouched(const struct journal *j)
{
	return j->underlay && journal_is_fresh(j) && undo_is_untouched(j);
}

static int run(const struct journal *j, json_t *report, struct ending *end, struct err *e)
{
	cleanup_changes struct changes plan = {.max = LIMIT_UNDO_CHANGES};
	cleanup_vfs struct vfs *fs = NULL;
	json_t *kept = json_array();
	int r;

	json_object_set_new(report, "kept", kept);
	if (is_untouched(j)) {
		end->waits = end->may_wait;
		end->sync = RECORD_DURABLE; /* the underlay may go before it */
		json_object_set_new(report, "result", json_string("restored"));
		return 0;
	}
	r = vfs_new(&j->rootfs, &j->mounts, &fs, e);
	if (r < 0)
		return r;
	vfs_set_tag(fs, j->id);
	r = undo_check_tree(j, fs, e);
	if (r == 0 && !journal_is_fresh(j))
		r = drop_temporaries(j, fs, e);
	if (r == 0)
		r = get_plan(j, fs, &plan, kept, e);
	if (r == 0)
		r = play(j, &plan, fs, end, e);
	if (r < 0)
		return r;
	json_object_set_new(report, "result",
			    json_string(json_array_size(kept) ? "merged" : "restored"));
	return 0;
}

int undo_load(int dirfd, struct journal *ret, struct err *e)
{
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	int r = fd < 0 ? err_sys(e, "duplicating a descriptor") : journal_load(fd, ret, e);

	if (r == 0)
		return 0;
	fd_close(fd);
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return UNDO_NOTHING;
}

static int load_and_run(int dirfd, json_t *report, struct ending *end, struct err *e)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	int r = undo_load(dirfd, &j, e);

	if (r != UNDO_NOTHING)
		return r == 0 ? run(&j, report, end, e) : r;
	json_object_set_new(report, "result", json_string("nothing"));
	return 0;
}

/* @known may be NULL. */
static int undo_journal(int dirfd, struct journal *known, json_t *report, struct ending *end,
			struct err *e)
{
	int r;

	if (known && known->installed) {
		known->dirfd = dirfd;
		r = run(known, report, end, e);
		known->dirfd = -EBADF; /* the caller's */
	} else {
		r = load_and_run(dirfd, report, end, e);
	}
	if (r < 0) {
		json_object_set_new(report, "result", json_string("failed"));
		if (e) {
			e->dirty = 1;
			e->kind = ERR_CLEANUP;
		}
		return err_wrap(e, r, "undoing the authorities");
	}
	fault_point("undo.done");
	return 0;
}

int undo_run(int dirfd, json_t *report, struct err *e)
{
	struct ending ignored = {.may_wait = false};

	return undo_journal(dirfd, NULL, report, &ignored, e);
}

int undo_take(int parent, const char *name, struct journal *known, json_t *report,
	      struct vfs_unsynced *ret_rest, struct err *e)
{
	cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ending end = {.may_wait = ret_rest != NULL};
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "opening the journal '%s'", name);
	r = undo_journal(fd, known, report, &end, e);
	if (r == 0 && end.waits) {
		*ret_rest = end.rest;
		return UNDO_RESTS;
	}
	vfs_unsynced_done(&end.rest);
	return r == 0 ? journal_remove(parent, name, end.sync, e) : r;
}

int undo_settle(int parent, const char *name, struct vfs_unsynced *rest, struct err *e)
{
	int r = vfs_unsynced_flush(rest, e);

	return r == 0 ? journal_remove(parent, name, RECORD_DURABLE, e) : r;
}
