/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No tool in the image: our certificates go behind those of every bundle that is there. A
 * bundle that isn't there is made at the family's own path only, and only if no reader would
 * find another one: readers stop at the first hit, so a file of ours alone would hide the rest.
 */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/plan.h"

static int add_certificates(const struct authorities *set, struct buf *text, struct err *e)
{
	int r = 0;

	if (text->n > 0 && text->data[text->n - 1] != '\n')
		r = buf_add(text, "\n", 1, e);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = buf_addf(text, e, "%s", set->v[i].pem);
	return r;
}

/* The bundle keeps its mode, owner and xattrs; its time is that of the change. */
static int append_to(const struct cacerts_request *q, const struct vfs *fs, const char *path,
		     const struct vfs_stat *st, struct cacerts_plan *p, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	struct vfs_xattrs xattrs = {0};
	const struct vfs_meta meta = {
		.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_XATTRS,
		.mode = st->mode,
		.uid = st->uid,
		.gid = st->gid,
		.xattrs = &xattrs,
	};
	int r = vfs_read_file(fs, path, &text, e);

	if (r == 0)
		r = add_certificates(q->authorities, &text, e);
	if (r == -E2BIG) {
		plan_note_skip(p, path, "it is larger than any bundle (16 MiB)");
		err_clear(e);
		return 0;
	}
	if (r == 0)
		r = vfs_get_xattrs(fs, path, &xattrs, e);
	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_STORE, path, text.data, text.n, &meta, e);
	vfs_xattrs_done(&xattrs);
	if (r == 0) {
		plan_note_store(p, path, "bundle", "append");
		p->complete = true;
	}
	return r;
}

/* Returns 0; 1 when @path is no bundle that can be appended to. */
static int try_append(const struct cacerts_request *q, const struct vfs *fs, const char *probe,
		      struct cacerts_plan *p, bool *found, struct err *e)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = vfs_resolve(fs, probe, true /* follow_last= */, path, NULL);

	if (r != 0)
		return 0; /* missing, or a link to nowhere */
	r = vfs_lstat(fs, path, &st, e);
	if (r < 0)
		return r;
	*found = true;
	if (changes_find(&p->changes, path))
		return 0; /* another name of a bundle that we have */
	if (st.type != VFS_FILE)
		plan_note_skip(p, path, "it is not a regular file");
	else if (!st.writable)
		plan_note_skip(p, path, "it is on a read-only mount");
	else if (st.mountpoint)
		plan_note_skip(p, path, "a mount of a single file can't be replaced");
	else
		return append_to(q, fs, path, &st, p, e);
	return 0;
}

static int create(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	const char *bundle = p->distro.family->bundle;
	char path[LIMIT_PATH];
	char dir[LIMIT_PATH];
	int r = vfs_resolve(fs, bundle, true /* follow_last= */, path, NULL);

	if (r < 0) {
		plan_note_skip(p, bundle, "a part of the path is not a directory");
		return 0;
	}
	path_parent(path, dir);
	r = plan_make_dirs(p, fs, dir, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = add_certificates(q->authorities, &text, e);
	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_STORE, path, text.data, text.n,
				     &plan_new_file, e);
	if (r == 0) {
		plan_note_store(p, path, "bundle", "create");
		p->complete = true;
	}
	return r;
}

int plan_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	bool found = false;
	int r = 0;

	for (const char *const *probe = distro_bundles; r == 0 && *probe; probe++)
		r = try_append(q, fs, *probe, p, &found, e);
	if (r < 0 || found)
		return r;
	if (p->distro.family)
		return create(q, fs, p, e);
	plan_note_skip(p, "/", "no bundle where any reader looks, and no family to make one for");
	return 0;
}
