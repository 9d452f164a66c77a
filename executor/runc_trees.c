/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/runc_trees.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "cacerts/shared_tree.h"
#include "vfs/mounted_overlay.h"

/* Two digests stand before a container's id in a user's name (runc/trust.c). */
enum { DIGESTS = 2 * (16 + 1) };

static void name_state(const struct executor *ex, char ret[LIMIT_PATH])
{
	snprintf(ret, LIMIT_PATH, "%s/runc", ex->state_dir);
}

bool runc_trees_is_id(const char *id)
{
	return strncmp(id, EXECUTOR_RUNC_TREE, strlen(EXECUTOR_RUNC_TREE)) == 0;
}

/* Returns 0; SHARED_TREE_NONE; SHARED_TREE_BUSY when somebody lives in it; -errno. */
static int open_tree(const struct executor *ex, const char *name, struct shared_tree *ret,
		     struct err *e)
{
	char state[LIMIT_PATH];
	int n, r;

	name_state(ex, state);
	r = shared_tree_open_named(state, name, ret, e);
	if (r != 0)
		return r;
	n = shared_tree_count_others(ret, "", e);
	if (n > 0)
		shared_tree_done(ret);
	return n > 0 ? SHARED_TREE_BUSY : n;
}

/* ---- which there are --------------------------------------------------------------------- */

/* One that can't be looked at is shown: its repair says why. */
static bool is_left(const struct executor *ex, const char *name)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	int r = open_tree(ex, name, &t, NULL);

	return r != SHARED_TREE_NONE && r != SHARED_TREE_BUSY;
}

int runc_trees_list(const struct executor *ex, struct strv *ret, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_TREE_USERS);
	char state[LIMIT_PATH], id[NAME_MAX + sizeof(EXECUTOR_RUNC_TREE)];
	int r;

	name_state(ex, state);
	r = shared_tree_list(state, &names, e);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (!is_left(ex, names.v[i]))
			continue;
		snprintf(id, sizeof(id), EXECUTOR_RUNC_TREE "%s", names.v[i]);
		r = strv_add(ret, id, e);
	}
	return r;
}

bool runc_trees_is_alive(const struct executor *ex, const char *id)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;

	return open_tree(ex, id + strlen(EXECUTOR_RUNC_TREE), &t, NULL) == SHARED_TREE_BUSY;
}

struct timespec runc_trees_date(const struct executor *ex, const char *id)
{
	char path[LIMIT_PATH];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/runc/trees/%s/" JOURNAL_TRUST, ex->state_dir,
		     id + strlen(EXECUTOR_RUNC_TREE)) >= (int)sizeof(path) ||
	    lstat(path, &st) < 0)
		return (struct timespec){.tv_sec = 0};
	return st.st_mtim;
}

/* ---- one --------------------------------------------------------------------------------- */

static int show(const struct leftover *l, const struct shared_tree *t, struct err *e)
{
	cleanup_strv struct strv users = STRV(LIMIT_TREE_USERS);
	json_t *ids = json_array();
	int r = shared_tree_users(t, &users, e);

	for (size_t i = 0; i < users.n && i < LIMIT_REPAIR_PATHS; i++)
		if (strlen(users.v[i]) > DIGESTS)
			json_array_append_new(ids, json_path(users.v[i] + DIGESTS));
	json_object_set_new(l->doc, "kind", json_string("runc"));
	json_object_set_new(l->doc, "containers", ids);
	json_object_set_new(l->doc, "n_containers", json_integer((json_int_t)users.n));
	return r;
}

/* Returns 0; LEFTOVER_GONE; -EBUSY when somebody has come to live in it. */
static int open_left(struct leftover *l, struct shared_tree *t, struct err *e)
{
	int r;

	l->step = LEFTOVER_CLAIM;
	r = open_tree(l->ex, l->id + strlen(EXECUTOR_RUNC_TREE), t, e);
	if (r == SHARED_TREE_BUSY)
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "a container of anchor-runc uses the tree");
	if (r != 0)
		return r < 0 ? r : LEFTOVER_GONE;
	return l->doc ? show(l, t, e) : 0;
}

/* A mount that is still there would go on showing it. */
static void forget_mounted(const struct shared_tree *t)
{
	char mounted[LIMIT_PATH];

	if (shared_tree_mounted(t, mounted, NULL) == 0 && *mounted)
		mounted_overlay_forget(mounted, NULL);
}

int runc_trees_settle(struct leftover *l, struct err *e)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	int r = open_left(l, &t, e);

	if (r != 0)
		return r;
	l->dirfd = t.fd;
	r = leftover_settle_journal(l, JOURNAL_TRUST, e);
	l->dirfd = -EBADF;
	if (r < 0 || l->dry_run)
		return r;
	forget_mounted(&t);
	return shared_tree_remove(&t, e);
}

int runc_trees_forget(struct leftover *l, struct err *e)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	int r = open_left(l, &t, e);

	if (r == 0)
		r = journal_remove(t.fd, JOURNAL_TRUST, RECORD_DURABLE, e);
	return r == 0 ? shared_tree_remove(&t, e) : r;
}
