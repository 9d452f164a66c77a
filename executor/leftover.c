/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exec left that lives no more: its journals, its scratch directory. The start of the
 * daemon and executor_repair() undo it in the same way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "cacerts/undo.h"
#include "executor/leftover.h"
#include "executor/runc_trees.h"

/* ---- which there are --------------------------------------------------------------------- */

int leftover_names(int dirfd, struct strv *ret, struct err *e)
{
	cleanup_closedir DIR *d = NULL;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int r = 0;

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_sys(e, "listing a state directory");
	while (r == 0 && (entry = io_next_entry(d)))
		r = strv_add(ret, entry->d_name, e);
	return r;
}

bool leftover_is_alive(struct executor *ex, const char *id)
{
	return claims_has(&ex->claims, id) || targets_owns(&ex->targets, id) ||
	       (runc_trees_is_id(id) && runc_trees_is_alive(ex, id));
}

struct dated {
	char *id;              /* borrowed */
	struct timespec since; /* when its last journal was begun, else the directory's time */
};

static void date(struct executor *ex, struct dated *x)
{
	/* A directory's time is that of the name of the journal in it, which grows later. */
	static const char *const files[] = {"", "/" JOURNAL_MOUNT_POINTS, "/" JOURNAL_TRUST};

	if (runc_trees_is_id(x->id)) {
		x->since = runc_trees_date(ex, x->id);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[LIMIT_PATH];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", x->id, files[i]);
		if (fstatat(ex->execs_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			x->since = st.st_mtim;
	}
}

static int newest_first(const void *a, const void *b)
{
	const struct dated *x = a;
	const struct dated *y = b;
	int order = clock_compare(y->since, x->since);

	return order ? order : strcmp(x->id, y->id);
}

int leftover_list(struct executor *ex, struct strv *ret, struct err *e)
{
	cleanup_strv struct strv ids = STRV(LIMIT_LEFTOVERS);
	cleanup_free struct dated *v = NULL;
	size_t n = 0;
	int r = leftover_names(ex->execs_fd, &ids, e);

	if (r == 0)
		r = runc_trees_list(ex, &ids, e);
	if (r < 0)
		return r;
	v = calloc(ids.n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	for (size_t i = 0; i < ids.n; i++) {
		if (claims_has(&ex->claims, ids.v[i]) || targets_owns(&ex->targets, ids.v[i]))
			continue;
		v[n].id = ids.v[i];
		date(ex, &v[n++]);
	}
	qsort(v, n, sizeof(*v), newest_first);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_add(ret, v[i].id, e);
	return r;
}

/* ---- one journal ------------------------------------------------------------------------- */

/* What was written for nobody is not undone; its journals go before the mark that says so. */
static bool is_throwaway(const struct leftover *l)
{
	return faccessat(l->dirfd, "throwaway", F_OK, 0) == 0;
}

/* A repair undoes only what nobody runs over. */
static int claim_tree(struct leftover *l, const struct vfs *fs, struct err *e)
{
	struct vfs_stat root;
	int r = vfs_lstat(fs, "/", &root, e);

	return r == 0 ? claims_take_tree(&l->ex->claims, l->claim, root.dev, root.ino, e) : r;
}

/* All that a person is told of a journal before it is undone; makes sure that it may be. */
static int look(struct leftover *l, int fd, struct err *e)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_changes struct changes plan = {.max = LIMIT_UNDO_CHANGES};
	cleanup_json json_t *kept = json_array();
	cleanup_vfs struct vfs *fs = NULL;
	int r;

	l->step = LEFTOVER_READ;
	r = undo_load(fd, &j, e);
	if (r != 0)
		return r < 0 ? r : 0; /* nothing was touched yet */
	leftover_show_journal(l->doc, &j);
	l->step = LEFTOVER_REACH;
	r = vfs_new(&j.rootfs, &j.mounts, &fs, e);
	if (r == 0)
		r = undo_check_tree(&j, fs, e);
	if (r < 0)
		return r;
	l->step = LEFTOVER_UNDO;
	if (l->dry_run) {
		r = undo_preview(&j, fs, &plan, kept, e);
		if (r < 0)
			return r;
		leftover_show_plan(l->doc, &plan, kept);
	}
	l->step = LEFTOVER_CLAIM;
	return claim_tree(l, fs, e);
}

static int undo(struct leftover *l, int fd, struct err *e)
{
	cleanup_json json_t *report = json_object();
	cleanup_changes struct changes plan = {.max = LIMIT_UNDO_CHANGES};
	int r = undo_run(fd, report, e);

	/* What is on disk is what was done, or will be when it is tried again. */
	if (l->doc && changes_load(fd, &plan, NULL) == 0)
		leftover_show_plan(l->doc, &plan, json_object_get(report, "kept"));
	return r;
}

int leftover_settle_journal(struct leftover *l, const char *name, struct err *e)
{
	cleanup_close int fd = openat(l->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "opening the journal '%s'", name);
	if (is_throwaway(l)) {
		if (l->doc)
			json_object_set_new(l->doc, "throwaway", json_true());
	} else {
		r = l->doc ? look(l, fd, e) : 0;
		l->step = r == 0 ? LEFTOVER_UNDO : l->step;
		if (r == 0 && !l->dry_run)
			r = undo(l, fd, e);
	}
	if (r < 0)
		return err_wrap(e, r, "%s '%s'", runc_trees_is_id(l->id) ? "tree" : "exec", l->id);
	return l->dry_run ? 0 : journal_remove(l->dirfd, name, RECORD_DURABLE, e);
}

/* ---- all of it --------------------------------------------------------------------------- */

int leftover_settle(struct leftover *l, struct err *e)
{
	int r = 0;

	if (runc_trees_is_id(l->id))
		return runc_trees_settle(l, e);
	l->step = LEFTOVER_READ;
	l->dirfd = openat(l->ex->execs_fd, l->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l->dirfd < 0)
		return errno == ENOENT ? LEFTOVER_GONE
				       : err_sys(e, "opening the state directory of '%s'", l->id);
	for (const char *const *name = exec_journals; r == 0 && *name; name++)
		r = leftover_settle_journal(l, *name, e);
	l->dirfd = fd_close(l->dirfd);
	if (r == 0 && !l->dry_run)
		r = leftover_forget(l, e);
	fault_point("exec.finish.end");
	return r;
}

/* The journals' entries go first: what is half removed must not be taken for a journal. */
int leftover_forget(struct leftover *l, struct err *e)
{
	cleanup_close int dir = -EBADF;
	int r = 0;

	if (runc_trees_is_id(l->id))
		return runc_trees_forget(l, e);
	dir = openat(l->ex->execs_fd, l->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		return LEFTOVER_GONE;
	if (dir < 0 && unlinkat(l->ex->execs_fd, l->id, 0) < 0) /* not even a directory */
		return err_sys(e, "removing '%s'", l->id);
	if (dir < 0)
		return 0;
	for (const char *const *name = exec_journals; r == 0 && *name; name++)
		r = journal_remove(dir, *name, RECORD_DURABLE, e);
	if (r == 0)
		r = io_remove_tree_at(l->ex->scratch_fd, l->id, e);
	return r == 0 ? io_remove_tree_at(l->ex->execs_fd, l->id, e) : r;
}

int leftover_remove_underlays(struct executor *ex, struct err *e)
{
	cleanup_strv struct strv ids = STRV(4 * LIMIT_EXECS);
	int r = leftover_names(ex->execs_fd, &ids, e);

	return r == 0 && ids.n == 0 ? underlay_remove_all(ex->known_images.underlays, e) : r;
}
