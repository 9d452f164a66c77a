/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the container can't be written, it is shown something else: a private file bound over the
 * one that is there, or a private copy of a directory with our entries in it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/plan.h"

struct masker {
	const struct vfs *fs;
	struct cacerts_plan *p;
	struct changes kept; /* what can be written; becomes the plan's changes */
	struct strv dirs;    /* masked directories, none below another */
	size_t n_bytes;      /* copied so far */
};

static void masker_done(struct masker *m)
{
	changes_done(&m->kept);
	strv_done(&m->dirs);
}

/* The path in the plan's masks that stands for canonical @path, in the mask of number @i. */
static int inside(const struct masker *m, size_t i, const char *path, char *ret, struct err *e)
{
	const char *rest = path + strlen(m->p->masked.v[i]);

	if ((size_t)snprintf(ret, LIMIT_PATH, "/%zu%s", i, rest) < LIMIT_PATH)
		return 0;
	return err_set(e, -ENAMETOOLONG, ERR_INVALID, "'%s' is too long to be masked", path);
}

/* ---- which ------------------------------------------------------------------------------- */

static bool is_planned_dir(const struct changes *list, const char *path)
{
	const struct change *c = changes_find(list, path);

	return c && c->kind == CHANGE_MKDIR;
}

/* Can @c be made in the container itself? Directories come before what is in them. */
static int can_write(const struct masker *m, const struct change *c, bool *ret, struct err *e)
{
	char parent[LIMIT_PATH];
	struct vfs_stat st;
	int r = vfs_lstat(m->fs, c->path, &st, e);

	if (r < 0)
		return r;
	*ret = st.writable && !st.mountpoint && !plan_is_sealed(c->path);
	if (!*ret || st.type != VFS_ABSENT)
		return 0;
	path_parent(c->path, parent);
	if (is_planned_dir(&m->p->changes, parent))
		*ret = is_planned_dir(&m->kept, parent);
	return 0;
}

/*
 * The directory that has to be masked for @c, which can't be written; "" if it is a file's mask, or
 * for a missing directory: what is above it may be large and has nothing to do with us.
 */
static int dir_to_mask(const struct masker *m, const struct change *c, char *ret, struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(m->fs, c->path, &st, e);

	ret[0] = '\0';
	if (r == 0 && c->kind != CHANGE_MKDIR && (c->kind != CHANGE_FILE || st.type != VFS_FILE))
		path_parent(c->path, ret);
	return r;
}

static void swap_strv(struct strv *a, struct strv *b)
{
	struct strv c = *a;

	*a = *b;
	*b = c;
}

/* A directory swallows those below it. */
static int add_dir(struct masker *m, const char *dir, struct err *e)
{
	cleanup_strv struct strv dirs = STRV(LIMIT_MASKS);
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->dirs.n; i++) {
		if (path_is_below(dir, m->dirs.v[i]))
			return 0;
		if (!path_is_below(m->dirs.v[i], dir))
			r = strv_add(&dirs, m->dirs.v[i], e);
	}
	if (r == 0)
		r = strv_add(&dirs, dir, e);
	if (r == 0)
		swap_strv(&dirs, &m->dirs);
	return r;
}

/* ---- a copy of a directory --------------------------------------------------------------- */

static int copy_entry(struct masker *m, const char *path, const char *to, int depth, struct err *e);

/* Extended attributes stay behind: what masks lie on may not take them. */
static struct vfs_meta meta_of(const struct vfs_stat *st)
{
	return (struct vfs_meta){
		.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME,
		.mode = st->mode,
		.uid = st->uid,
		.gid = st->gid,
		.mtime = st->mtime,
	};
}

static int copy_file(struct masker *m, const char *path, const char *to,
		     const struct vfs_meta *meta, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE - m->n_bytes);
	int r = vfs_read_file(m->fs, path, &text, e);

	if (r < 0)
		return r;
	m->n_bytes += text.n;
	return changes_add_file(&m->p->masks, ROLE_PARENT, to, text.data, text.n, meta, e);
}

static int copy_link(struct masker *m, const char *path, const char *to, const struct vfs_stat *st,
		     struct err *e)
{
	const struct vfs_meta meta = {.fields = VFS_META_OWNER, .uid = st->uid, .gid = st->gid};
	char target[LIMIT_PATH];
	int r = vfs_readlink(m->fs, path, target, e);

	return r < 0 ? r : changes_add_link(&m->p->masks, ROLE_PARENT, to, target, &meta, e);
}

static int copy_dir(struct masker *m, const char *path, const char *to, const struct vfs_meta *meta,
		    int depth, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	int r;

	if (depth > LIMIT_DEPTH)
		return err_set(e, -E2BIG, ERR_LIMIT, "'%s' is nested too deeply", path);
	r = vfs_list(m->fs, path, &names, e);
	if (r == 0)
		r = changes_add_dir(&m->p->masks, ROLE_PARENT, to, meta, e);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char from[LIMIT_PATH];
		char copy[LIMIT_PATH];

		r = path_join(path, names.v[i], from, sizeof(from), e);
		if (r == 0)
			r = path_join(to, names.v[i], copy, sizeof(copy), e);
		if (r == 0)
			r = copy_entry(m, from, copy, depth + 1, e);
	}
	return r;
}

/* What is neither file, link nor directory has no place among certificates and is left out. */
static int copy_entry(struct masker *m, const char *path, const char *to, int depth, struct err *e)
{
	struct vfs_meta meta;
	struct vfs_stat st;
	int r = vfs_lstat(m->fs, path, &st, e);

	if (r < 0)
		return r;
	if (depth > 0 && st.mountpoint)
		return err_set(e, -EBUSY, ERR_PRECONDITION, "a mount begins at '%s'", path);
	if (st.type == VFS_LINK)
		return copy_link(m, path, to, &st, e);
	if (st.type != VFS_FILE && st.type != VFS_DIR)
		return 0;
	meta = meta_of(&st);
	return st.type == VFS_FILE ? copy_file(m, path, to, &meta, e)
				   : copy_dir(m, path, to, &meta, depth, e);
}

/* ---- making the masks -------------------------------------------------------------------- */

/* The mask of a directory, without our changes; one that can't be is noted and left out. */
static int mask_dir(struct masker *m, const char *dir, struct err *e)
{
	size_t n = m->p->masks.n;
	struct err why = ERR_NONE;
	struct vfs_stat st;
	char to[LIMIT_PATH];
	int r = vfs_lstat(m->fs, dir, &st, e);

	if (r < 0)
		return r;
	if (st.type != VFS_DIR) {
		plan_note_skip(m->p, dir, "it is missing, and nothing can be made there");
		return 0;
	}
	snprintf(to, sizeof(to), "/%zu", m->p->masked.n);
	r = copy_entry(m, dir, to, /* depth= */ 0, &why);
	if (r == -ENOMEM)
		return err_oom(e);
	if (r == 0)
		return strv_add(&m->p->masked, dir, e);
	changes_cut(&m->p->masks, n);
	plan_note_skip(m->p, dir, why.msg);
	return 0;
}

/* The number of the mask that holds @path, or -ENOENT. */
static int mask_of(const struct cacerts_plan *p, const char *path)
{
	for (size_t i = 0; i < p->masked.n; i++)
		if (path_is_below(path, p->masked.v[i]))
			return (int)i;
	return -ENOENT;
}

static int add_change(struct changes *list, const struct change *c, const char *path,
		      unsigned fields, struct err *e)
{
	struct vfs_meta meta = c->meta;

	meta.fields &= fields;
	meta.xattrs = &c->xattrs;
	switch (c->kind) {
	case CHANGE_MKDIR:
		return changes_add_dir(list, c->role, path, &meta, e);
	case CHANGE_FILE:
		return changes_add_file(list, c->role, path, c->bytes, c->n_bytes, &meta, e);
	case CHANGE_LINK:
		return changes_add_link(list, c->role, path, c->target, &meta, e);
	default: /* plans have no others */
		return changes_add_remove(list, path, e);
	}
}

/* Mark the store in the report: what the strategy made is seen through a mask. */
static void note_mask(struct cacerts_plan *p, const char *path)
{
	cleanup_json json_t *wanted = json_path(path);
	json_t *store;
	size_t i;

	json_array_foreach (json_object_get(p->report, "stores"), i, store)
		if (json_equal(json_object_get(store, "path"), wanted))
			json_object_set_new(store, "masked", json_true());
}

static void drop_note(struct cacerts_plan *p, const char *path)
{
	cleanup_json json_t *wanted = json_path(path);
	json_t *stores = json_object_get(p->report, "stores");

	for (size_t i = json_array_size(stores); i-- > 0;)
		if (json_equal(json_object_get(json_array_get(stores, i), "path"), wanted))
			json_array_remove(stores, i);
}

/* Our change, in the mask of its directory or as one of its own. */
static int mask_change(struct masker *m, const struct change *c, struct err *e)
{
	int i = mask_of(m->p, c->path);
	char path[LIMIT_PATH];
	char dir[LIMIT_PATH];
	int r = 0;

	if (i < 0) {
		r = dir_to_mask(m, c, dir, e);
		if (r < 0)
			return r;
		if (dir[0] || c->kind == CHANGE_MKDIR) { /* its directory could not be masked */
			drop_note(m->p, c->path);
			return 0;
		}
		i = (int)m->p->masked.n;
		r = strv_add(&m->p->masked, c->path, e);
	}
	if (r == 0)
		r = inside(m, (size_t)i, c->path, path, e);
	if (r == 0)
		r = add_change(&m->p->masks, c, path, ~(unsigned)VFS_META_XATTRS, e);
	if (r == 0)
		note_mask(m->p, c->path);
	return r;
}

/* The directories that changes need masked; @ret_n counts what can't be written. */
static int sort_out(struct masker *m, bool *masked, size_t *ret_n, struct err *e)
{
	int r = 0;

	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < m->p->changes.n; i++) {
		const struct change *c = &m->p->changes.v[i];
		char dir[LIMIT_PATH];
		bool writable;

		r = can_write(m, c, &writable, e);
		if (r == 0 && writable)
			r = add_change(&m->kept, c, c->path, ~0u, e);
		if (r < 0 || writable)
			continue;
		masked[i] = true;
		++*ret_n;
		r = dir_to_mask(m, c, dir, e);
		if (r == 0 && dir[0])
			r = add_dir(m, dir, e);
	}
	return r;
}

static int make_masks(struct masker *m, const bool *masked, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->dirs.n; i++)
		r = mask_dir(m, m->dirs.v[i], e);
	for (size_t i = 0; r == 0 && i < m->p->changes.n; i++)
		if (masked[i])
			r = mask_change(m, &m->p->changes.v[i], e);
	return r;
}

static void skip_all(struct masker *m, const bool *masked)
{
	for (size_t i = 0; i < m->p->changes.n; i++) {
		if (!masked[i])
			continue;
		drop_note(m->p, m->p->changes.v[i].path);
		plan_note_skip(m->p, m->p->changes.v[i].path, "it is read-only, or a mount");
	}
}

static bool has_store(const struct changes *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].role == ROLE_STORE && list->v[i].kind == CHANGE_FILE)
			return true;
	return false;
}

static int split(const struct cacerts_request *q, struct masker *m, bool *masked, struct err *e)
{
	bool had_store = has_store(&m->p->changes);
	size_t n;
	int r = sort_out(m, masked, &n, e);

	if (r < 0 || n == 0)
		return r;
	if (plan_allows(q, CACERTS_MASK))
		r = make_masks(m, masked, e);
	else
		skip_all(m, masked);
	if (r < 0)
		return r;
	changes_done(&m->p->changes);
	m->p->changes = m->kept;
	m->kept = (struct changes){0};
	if (had_store && !has_store(&m->p->changes) && !has_store(&m->p->masks))
		m->p->complete = false;
	return 0;
}

int plan_masks(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
	       struct err *e)
{
	cleanup(masker_done) struct masker m = {.fs = fs, .p = p, .dirs = STRV(LIMIT_MASKS)};
	bool *masked = calloc(p->changes.n + 1, sizeof(*masked));
	int r = masked ? split(q, &m, masked, e) : err_oom(e);

	free(masked);
	return r;
}

bool plan_shows(const struct cacerts_plan *p, const char *path)
{
	return changes_find(&p->changes, path) || mask_of(p, path) >= 0;
}
