/* SPDX-License-Identifier: Apache-2.0 */
/* What exec_start() would do, as data. */
#include <errno.h>

#include "executor/internal.h"

static json_t *mount_points_json(const struct changes *changes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < changes->n; i++)
		json_array_append_new(list, json_path(changes->v[i].path));
	return list;
}

/* The default rootfs without an upper looks the same and needs no directories. */
static int rootfs_to_look_at(const struct mount_specs *given, struct mount_specs *ret,
			     struct err *e)
{
	return given->n ? mount_specs_extend(ret, given, e)
			: mount_specs_add(ret, "bind", "/", "/", "bind", e);
}

int executor_explain(struct executor *ex, const struct mount_specs *rootfs,
		     const struct mount_specs *mounts, json_t **ret, struct err *e)
{
	cleanup_authorities struct authorities *set = executor_authorities(ex);
	cleanup_cacerts_plan struct cacerts_plan p = {.report = NULL};
	cleanup_mount_specs struct mount_specs look = {.n = 0};
	cleanup_changes struct changes points = {0};
	cleanup_vfs struct vfs *fs = NULL;
	struct cacerts_request q = {.rootfs = &look, .mounts = mounts, .authorities = set};
	int r = rootfs_to_look_at(rootfs, &look, e);

	if (r == 0)
		r = vfs_new(&look, mounts, &fs, e);
	if (r == 0)
		r = exec_plan_mount_points(&look, mounts, &points, e);
	if (r == 0)
		r = cacerts_plan(&q, fs, &p, e);
	if (r < 0)
		return r;
	json_object_set_new(p.report, "rootfs", json_string(rootfs->n ? "given" : "default"));
	json_object_set_new(p.report, "complete", json_boolean(p.complete));
	json_object_set_new(p.report, "authorities", authorities_json(set));
	json_object_set_new(p.report, "mount_points", mount_points_json(&points));
	*ret = take_ptr(p.report);
	return 0;
}
