/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier life of the daemon left: containers, journals, scratch. */
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "executor/leftover.h"

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

static int undo_all(struct executor *ex, json_t *report, struct err *e)
{
	cleanup_strv struct strv ids = STRV(LIMIT_LEFTOVERS);
	int r = leftover_list(ex, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct leftover l = {.ex = ex, .id = ids.v[i]};
		struct err why = ERR_NONE;

		if (leftover_settle(&l, &why) < 0)
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
	int r = leftover_names(ex->scratch_fd, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = io_remove_tree_at(ex->scratch_fd, names.v[i], e);
	return r;
}

/* One that stays harms nobody. */
static void remove_underlays(struct executor *ex)
{
	struct err why = ERR_NONE;

	if (leftover_remove_underlays(ex, &why) < 0)
		log_info("recover.underlays", "%s", why.msg);
}

int executor_recover(struct executor *ex, json_t **ret_report, struct err *e)
{
	cleanup_json json_t *report = json_pack("{s:[], s:[], s:[]}", "killed", "undone", "failed");
	int r = kill_containers(ex, report, e);

	if (r == 0)
		r = undo_all(ex, report, e);
	if (r == 0)
		r = remove_scratch(ex, e);
	if (r == 0)
		remove_underlays(ex);
	if (r < 0)
		return err_wrap(e, r, "recovering");
	*ret_report = take_ptr(report);
	return 0;
}
