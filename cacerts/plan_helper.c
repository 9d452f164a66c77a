/* SPDX-License-Identifier: Apache-2.0 */
/* The image's own tool decides what its stores look like with our drop-in files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/helper_diff.h"
#include "cacerts/helper_traps.h"
#include "cacerts/pem.h"
#include "cacerts/plan.h"

/* The drop-in files go into the scratch layer too: that is what the tool shall find. */
static int prepare_view(const struct helper_layers *layers, const struct changes *dropins,
			struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	int r = vfs_new(&layers->rootfs, &layers->mounts, &fs, e);

	return r < 0 ? r : changes_apply(dropins, fs, e);
}

/* The last lines of what the tool said, for an error. */
static const char *tail_of(const struct buf *output)
{
	enum { TAIL = 200 };
	const char *text = output->data ? output->data : "";

	return output->n > TAIL ? text + output->n - TAIL : text;
}

static int run_tool(const struct cacerts_request *q, const struct helper_layers *layers,
		    const struct distro_family *family, struct cacerts_plan *p, struct err *e)
{
	cleanup_buf struct buf output = BUF(LIMIT_HELPER_OUTPUT);
	int status;
	int r = q->helper(q->helper_arg, &layers->rootfs, &layers->mounts, family->tool, &output,
			  &status, e);

	if (r < 0)
		return r;
	json_object_set_new(p->report, "helper",
			    json_pack("{s:s, s:i}", "tool", family->tool[0], "status", status));
	if (status != 0)
		return err_set(e, -EIO, ERR_PRECONDITION, "'%s' failed with status %d: %s",
			       family->tool[0], status, tail_of(&output));
	return 0;
}

/* A tool may succeed and still not have taken our certificates. */
static int check_bundle(const struct cacerts_request *q, const struct vfs *fs,
			const struct distro_family *family, const struct changes *made,
			struct err *e)
{
	const struct change *bundle;
	char path[LIMIT_PATH];

	if (vfs_resolve(fs, family->bundle, false /* follow_last= */, path, e) < 0)
		return e && e->code ? e->code : -EIO;
	bundle = changes_find(made, path);
	for (size_t i = 0; i < q->authorities->n; i++)
		if (!bundle || bundle->kind != CHANGE_FILE ||
		    pem_count(bundle->bytes, bundle->n_bytes, &q->authorities->v[i]) == 0)
			return err_set(e, -EIO, ERR_PRECONDITION,
				       "'%s' succeeded but did not add the authorities to '%s'",
				       family->tool[0], family->bundle);
	return 0;
}

/* Takes over what the tool did. */
static int adopt(const struct changes *made, struct cacerts_plan *p, struct err *e)
{
	for (size_t i = 0; i < made->n; i++) {
		const struct change *c = &made->v[i];
		struct vfs_meta meta = c->meta;
		int r;

		meta.xattrs = &c->xattrs;
		if (c->kind == CHANGE_MKDIR)
			r = changes_add_dir(&p->changes, c->role, c->path, &meta, e);
		else if (c->kind == CHANGE_FILE)
			r = changes_add_file(&p->changes, c->role, c->path, c->bytes, c->n_bytes,
					     &meta, e);
		else if (c->kind == CHANGE_LINK)
			r = changes_add_link(&p->changes, c->role, c->path, c->target, &meta, e);
		else
			r = changes_add_remove(&p->changes, c->path, e);
		if (r < 0)
			return r;
		p->complete |= c->kind == CHANGE_FILE;
		plan_note_store(p, c->path, c->kind == CHANGE_LINK ? "hash-link" : "bundle",
				"helper");
	}
	return 0;
}

static int run(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
	       struct err *e)
{
	const struct distro_family *family = p->distro.family;
	cleanup_helper_layers struct helper_layers layers = {.n = 0};
	cleanup_changes struct changes made = {0};
	int r = helper_layers_make(q->rootfs, q->mounts, fs, q->scratch, &layers, e);

	if (r == 0)
		r = prepare_view(&layers, &p->changes, e);
	if (r == 0)
		r = run_tool(q, &layers, family, p, e);
	if (r == 0)
		r = helper_diff(&layers, fs, family->outputs, &made, e);
	if (r == 0)
		r = check_bundle(q, fs, family, &made, e);
	return r == 0 ? adopt(&made, p, e) : r;
}

int plan_helper(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	const struct distro_family *family = p->distro.family;
	char trap[HELPER_TRAP_SIZE];
	struct err why = ERR_NONE;
	int r;

	p->is_repeatable = false;
	r = helper_traps_find(fs, family, trap, e);
	if (r < 0)
		return r;
	if (trap[0]) {
		plan_note_skip(p, family->tool[0], trap);
		return 0;
	}
	if (!q->helper) { /* only asked what would be done */
		plan_note_store(p, family->bundle, "bundle", "helper");
		p->complete = true;
		return 0;
	}
	r = run(q, fs, p, &why);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return err_oom(e);
	/* A tool that can't do it is the image's business: the exec goes on without. */
	plan_note_skip(p, family->bundle, why.msg);
	p->complete = false;
	return 0;
}
