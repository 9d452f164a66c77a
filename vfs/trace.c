/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/trace.h"

#include <errno.h>
#include <string.h>

#include "vfs/mount_table.h"
#include "vfs/resolve.h"
#include "vfs/text.h"

struct tracer {
	const struct vfs *fs;
	struct vfs_trace *trace; /* its array has room for every step there can be */
};

static void step_done(struct vfs_trace_step *s)
{
	free(s->path);
	free(s->target);
	free(s->mount);
	free(s->layer);
}

void vfs_trace_done(struct vfs_trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		step_done(&t->v[i]);
	free(t->v);
	*t = (struct vfs_trace){0};
}

/* @target: NULL at the end of the way */
static int add_step(struct tracer *t, const char *path, const char *target, enum vfs_type type,
		    struct err *e)
{
	struct vfs_trace_step *s = &t->trace->v[t->trace->n];
	char layer[LIMIT_PATH + 64];
	int r = vfs_describe(t->fs, path, layer, sizeof(layer), e);

	if (r < 0)
		return r;
	*s = (struct vfs_trace_step){
		.path = strdup(path),
		.type = type,
		.target = target ? strdup(target) : NULL,
		.mount = strdup(vfs_mount_of(t->fs, path)->destination),
		.layer = strdup(layer),
	};
	t->trace->n++;
	return s->path && s->mount && s->layer && (s->target || !target) ? 0 : err_oom(e);
}

static int followed(void *arg, const char *path, const char *target, struct err *e)
{
	return add_step(arg, path, target, VFS_LINK, e);
}

int vfs_trace(const struct vfs *fs, const char *path, bool follow_last, struct vfs_trace *ret,
	      struct err *e)
{
	cleanup_vfs_trace struct vfs_trace trace = {
		.v = calloc(LIMIT_SYMLINKS + 1, sizeof(*ret->v))};
	struct tracer tracer = {.fs = fs, .trace = &trace};
	const struct vfs_resolve_watcher watcher = {.followed = followed, .arg = &tracer};
	char end[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	if (!trace.v)
		return err_oom(e);
	r = vfs_resolve_watched(fs, path, follow_last, &watcher, end, e);
	if (r >= 0)
		r = vfs_lstat(fs, end, &st, e);
	if (r == 0)
		r = add_step(&tracer, end, NULL, st.type, e);
	if (r < 0)
		return err_wrap(e, r, "tracing '%s'", vfs_text(path).s);
	*ret = trace;
	trace = (struct vfs_trace){0};
	return 0;
}
