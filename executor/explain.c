/* SPDX-License-Identifier: Apache-2.0 */
/* What exec_start() would do, as data. */
#include <errno.h>

#include "base/limits.h"
#include "executor/internal.h"
#include "runtime/defaults.h"
#include "vfs/trace.h"

/* ---- a path ------------------------------------------------------------------------------ */

static const char *const type_words[] = {
	[VFS_ABSENT] = "absent", [VFS_FILE] = "file",       [VFS_DIR] = "directory",
	[VFS_LINK] = "link",     [VFS_SPECIAL] = "special", [VFS_UNREACHABLE] = "unreachable",
};

static json_t *step_json(const struct vfs_trace_step *s)
{
	json_t *j =
		json_pack("{s:o, s:s}", "path", json_path(s->path), "type", type_words[s->type]);

	if (s->target)
		json_object_set_new(j, "target", json_path(s->target));
	json_object_set_new(j, "mount", json_path(s->mount));
	json_object_set_new(j, "layer", json_sentence(s->layer));
	if (s->content)
		json_object_set_new(j, "content", json_sentence(s->content));
	return j;
}

static json_t *path_json(const char *asked, const struct vfs_trace *t)
{
	const struct vfs_trace_step *end = &t->v[t->n - 1];
	json_t *steps = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(steps, step_json(&t->v[i]));
	return json_pack("{s:o, s:o, s:s, s:o}", "asked", json_path(asked), "resolved",
			 json_path(end->path), "type", type_words[end->type], "steps", steps);
}

/* As the container has it: with the mounts of the runtime, and the default rootfs' real layer. */
static int whole_view(const struct mount_specs *rootfs, const struct mount_specs *mounts,
		      struct vfs **ret, struct err *e)
{
	cleanup_mount_specs struct mount_specs root = {.n = 0};
	cleanup_mount_specs struct mount_specs defaults = {.n = 0};
	cleanup_vfs struct vfs *fs = NULL;
	int r = rootfs->n ? mount_specs_extend(&root, rootfs, e)
			  : mount_specs_add(&root, "overlay", "overlay", "/", "lowerdir+=/", e);

	if (r == 0)
		r = container_default_mounts(&defaults, e);
	if (r == 0)
		r = vfs_new(&root, &defaults, &fs, e);
	for (size_t i = 0; r == 0 && i < mounts->n; i++)
		r = vfs_add_mount(fs, &mounts->v[i], e);
	if (r < 0)
		return r;
	*ret = take_ptr(fs);
	return 0;
}

static int explain_path(const struct mount_specs *rootfs, const struct mount_specs *mounts,
			const char *path, json_t **ret, struct err *e)
{
	cleanup_vfs_trace struct vfs_trace t = {.n = 0};
	cleanup_vfs struct vfs *fs = NULL;
	int r = whole_view(rootfs, mounts, &fs, e);

	if (r < 0)
		return r;
	r = vfs_trace(fs, path, /* follow_last= */ true, &t, e);
	if (r < 0)
		return err_wrap(e, r, "path");
	*ret = path_json(path, &t);
	return *ret ? 0 : err_oom(e);
}

/* ---- the plan ---------------------------------------------------------------------------- */

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

/* The set that the exec would trust. */
static int choose_authorities(struct executor *ex, const struct exec_request *q,
			      struct authorities **ret, struct err *e)
{
	cleanup_authorities struct authorities *set = executor_authorities(ex);

	if (q->authorities.n > 0)
		return authorities_select(set, &q->authorities, ret, e);
	*ret = take_ptr(set);
	return 0;
}

static int plan(struct executor *ex, const struct exec_request *q, const struct mount_specs *rootfs,
		const struct authorities *set, struct cacerts_plan *ret, struct err *e)
{
	struct cacerts_request c = {
		.rootfs = rootfs,
		.mounts = &q->mounts,
		.authorities = set,
		.env = &q->env,
		.known_tools = &ex->known_tools,
	};
	cleanup_vfs struct vfs *fs = NULL;
	int r = exec_strategies(q, &c.strategies, e);

	if (r == 0)
		r = exec_open_view(rootfs, &q->mounts, q->readonly_rootfs, &fs, e);
	return r == 0 ? cacerts_plan(&c, fs, ret, e) : r;
}

int executor_explain(struct executor *ex, const struct exec_request *q, const char *path,
		     json_t **ret, struct err *e)
{
	cleanup_authorities struct authorities *set = NULL;
	cleanup_cacerts_plan struct cacerts_plan p = {.report = NULL};
	cleanup_mount_specs struct mount_specs look = {.n = 0};
	cleanup_changes struct changes points = {0};
	cleanup_json json_t *traced = NULL;
	int r = choose_authorities(ex, q, &set, e);

	if (r == 0)
		r = rootfs_to_look_at(&q->rootfs, &look, e);
	if (r == 0)
		r = exec_plan_mount_points(&look, &q->mounts, &points, e);
	if (r == 0 && path)
		r = explain_path(&q->rootfs, &q->mounts, path, &traced, e);
	if (r == 0)
		r = plan(ex, q, &look, set, &p, e);
	if (r < 0)
		return r;
	json_object_set_new(p.report, "rootfs", json_string(q->rootfs.n ? "given" : "default"));
	json_object_set_new(p.report, "complete", json_boolean(p.complete));
	json_object_set_new(p.report, "authorities", authorities_json(set));
	json_object_set_new(p.report, "mount_points", mount_points_json(&points));
	if (traced)
		json_object_set(p.report, "path", traced);
	*ret = take_ptr(p.report);
	return 0;
}
