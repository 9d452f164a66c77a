/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier life of the daemon left: containers, journals, scratch. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "cacerts/journal.h"
#include "executor/internal.h"

enum { KILL_TIMEOUT_USEC = 30 * 1000 * 1000 };

static void note_failure(json_t *report, const char *id, const struct err *why)
{
	json_array_append_new(json_object_get(report, "failed"),
			      json_pack("{s:s, s:s}", "id", id, "error", why->msg));
}

static int kill_containers(struct executor *ex, json_t *report, struct err *e)
{
	cleanup_strv struct strv ids = STRV(4 * LIMIT_EXECS);
	int r = cgroup_leaf_list(ex->cgroups, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct err why = ERR_NONE;

		if (cgroup_leaf_destroy(ex->cgroups, ids.v[i], KILL_TIMEOUT_USEC, &why) < 0)
			note_failure(report, ids.v[i], &why);
		else
			json_array_append_new(json_object_get(report, "killed"),
					      json_string(ids.v[i]));
	}
	return r;
}

/* Names in a directory of ours. */
static int list(int dirfd, struct strv *ret, struct err *e)
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

static bool is_throwaway(struct executor *ex, const char *id)
{
	char path[LIMIT_PATH];

	snprintf(path, sizeof(path), "%s/throwaway", id);
	return faccessat(ex->execs_fd, path, F_OK, 0) == 0;
}

/* What was written for nobody is not undone; its journals go before the mark that says so. */
static int settle_journal(struct executor *ex, const char *id, const char *name, struct err *e)
{
	cleanup_json json_t *ignored = json_object();
	char path[LIMIT_PATH];

	if (!is_throwaway(ex, id))
		return exec_undo_journal(ex, id, name, ignored, e);
	snprintf(path, sizeof(path), "%s/%s", id, name);
	return journal_remove(ex->execs_fd, path, RECORD_DURABLE, e);
}

static int undo_one(struct executor *ex, const char *id, struct err *e)
{
	int r = 0;

	for (const char *const *name = exec_journals; r == 0 && *name; name++)
		r = settle_journal(ex, id, *name, e);
	if (r == 0)
		r = io_remove_tree_at(ex->execs_fd, id, e);
	fault_point("exec.finish.end");
	return r;
}

static int undo_all(struct executor *ex, json_t *report, struct err *e)
{
	cleanup_strv struct strv ids = STRV(4 * LIMIT_EXECS);
	int r = list(ex->execs_fd, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct err why = ERR_NONE;

		if (undo_one(ex, ids.v[i], &why) < 0)
			note_failure(report, ids.v[i], &why);
		else
			json_array_append_new(json_object_get(report, "undone"),
					      json_string(ids.v[i]));
	}
	return r;
}

static int remove_scratch(struct executor *ex, struct err *e)
{
	cleanup_strv struct strv names = STRV(4 * LIMIT_EXECS);
	int r = list(ex->scratch_fd, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = io_remove_tree_at(ex->scratch_fd, names.v[i], e);
	return r;
}

int executor_recover(struct executor *ex, json_t **ret_report, struct err *e)
{
	cleanup_json json_t *report = json_pack("{s:[], s:[], s:[]}", "killed", "undone", "failed");
	int r = kill_containers(ex, report, e);

	if (r == 0)
		r = undo_all(ex, report, e);
	if (r == 0)
		r = remove_scratch(ex, e);
	if (r < 0)
		return err_wrap(e, r, "recovering");
	*ret_report = take_ptr(report);
	return 0;
}
