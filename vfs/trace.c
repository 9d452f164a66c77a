/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/trace.h"

#include <errno.h>
#include <string.h>

#include "vfs/place.h"
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
	free(s->content);
}

void vfs_trace_done(struct vfs_trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		step_done(&t->v[i]);
	free(t->v);
	*t = (struct vfs_trace){0};
}

/* @target: NULL at the end of the way */
static int add_step(struct tracer *t, const char *path, const char *target, struct err *e)
{
	struct vfs_trace_step *s = &t->trace->v[t->trace->n];
	cleanup_vfs_place struct vfs_place p = {0};
	char content[LIMIT_PATH];
	char layer[LIMIT_PATH];
	int r = vfs_place_find(t->fs, path, &p, e);

	if (r < 0)
		return err_wrap(e, r, "looking at '%s'", vfs_text(path).s);
	vfs_place_describe(&p, layer, sizeof(layer));
	if (p.entry.metacopy)
		vfs_place_describe_content(&p, content, sizeof(content));
	*s = (struct vfs_trace_step){
		.path = strdup(path),
		.type = target ? VFS_LINK : p.entry.type,
		.target = target ? strdup(target) : NULL,
		.mount = strdup(p.mount->destination),
		.layer = strdup(layer),
		.content = p.entry.metacopy ? strdup(content) : NULL,
	};
	t->trace->n++;
	if (!s->path || !s->mount || !s->layer || (target && !s->target) ||
	    (p.entry.metacopy && !s->content))
		return err_oom(e);
	return 0;
}

static int followed(void *arg, const char *path, const char *target, struct err *e)
{
	return add_step(arg, path, target, e);
}

int vfs_trace(const struct vfs *fs, const char *path, bool follow_last, struct vfs_trace *ret,
	      struct err *e)
{
	cleanup_vfs_trace struct vfs_trace trace = {
		.v = calloc(LIMIT_SYMLINKS + 1, sizeof(*ret->v))};
	struct tracer tracer = {.fs = fs, .trace = &trace};
	const struct vfs_resolve_watcher watcher = {.followed = followed, .arg = &tracer};
	char end[LIMIT_PATH];
	int r;

	if (!trace.v)
		return err_oom(e);
	r = vfs_resolve_watched(fs, path, follow_last, &watcher, end, e);
	if (r >= 0)
		r = add_step(&tracer, end, NULL, e);
	if (r < 0)
		return r;
	*ret = trace;
	trace = (struct vfs_trace){0};
	return 0;
}
