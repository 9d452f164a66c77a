/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/changes.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "vfs/origin.h"

static const char *const role_names[CHANGE_ROLE_MAX] = {
#define X(name, text) [ROLE_##name] = text,
	CHANGE_ROLES(X)
#undef X
};

const char *change_role_name(enum change_role role)
{
	return role_names[role];
}

static void change_done(struct change *c)
{
	free(c->path);
	free(c->bytes);
	free(c->target);
	vfs_xattrs_done(&c->xattrs);
}

/* ---- paths ------------------------------------------------------------------------------- */

/* The slot of @path, or the free one in which it belongs (FNV-1a). */
static uint32_t *slot_of(const struct changes *c, const char *path)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t i;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	i = (size_t)(hash ^ hash >> 32) & (c->n_slots - 1);
	while (c->slots[i] && strcmp(c->v[c->slots[i] - 1].path, path) != 0)
		i = (i + 1) & (c->n_slots - 1);
	return &c->slots[i];
}

static void fill_slots(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		*slot_of(c, c->v[i].path) = (uint32_t)i + 1;
}

/* Half of the slots stay free. Returns 0, or -ENOMEM. */
static int make_room(struct changes *c, struct err *e)
{
	size_t n = c->n_slots ? 2 * c->n_slots : 64;
	uint32_t *slots;

	if (2 * (c->n + 1) <= c->n_slots)
		return 0;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return err_oom(e);
	free(c->slots);
	c->slots = slots;
	c->n_slots = n;
	fill_slots(c);
	return 0;
}

void changes_cut(struct changes *c, size_t n)
{
	if (c->n <= n)
		return;
	while (c->n > n)
		change_done(&c->v[--c->n]);
	memset(c->slots, 0, c->n_slots * sizeof(*c->slots));
	fill_slots(c);
}

void changes_done(struct changes *c)
{
	changes_cut(c, 0);
	free(c->v);
	free(c->slots);
	*c = (struct changes){.max = c->max};
}

/* Appends an empty change and gives it its common parts; NULL when that failed. */
static struct change *append(struct changes *c, enum change_kind kind, enum change_role role,
			     const char *path, const struct vfs_meta *meta, struct err *e)
{
	struct change one = {.kind = kind, .role = role, .path = strdup(path)};
	struct change *v = NULL;
	size_t max = c->max ? c->max : LIMIT_CHANGES;
	int r = one.path ? 0 : err_oom(e);

	if (meta)
		one.meta = *meta;
	if (r == 0 && (one.meta.fields & VFS_META_XATTRS) && one.meta.xattrs)
		r = vfs_xattrs_copy(one.meta.xattrs, &one.xattrs, e);
	if (r == 0 && c->n >= max)
		r = err_set(e, -E2BIG, ERR_LIMIT, "more than %zu changed paths", max);
	if (r == 0)
		r = make_room(c, e);
	if (r == 0) {
		bool is_full = (c->n & (c->n - 1)) == 0; /* there is room up to a power of two */

		v = is_full ? realloc(c->v, (c->n ? 2 * c->n : 1) * sizeof(*v)) : c->v;
		if (!v)
			err_oom(e);
	}
	if (!v) {
		change_done(&one);
		return NULL;
	}
	one.meta.xattrs = NULL; /* see metadata(): the list may move */
	c->v = v;
	v[c->n] = one;
	*slot_of(c, one.path) = (uint32_t)c->n + 1;
	return &v[c->n++];
}

static int failed(const struct err *e)
{
	return e && e->code ? e->code : -ENOMEM;
}

int changes_add_dir(struct changes *c, enum change_role role, const char *path,
		    const struct vfs_meta *meta, struct err *e)
{
	return append(c, CHANGE_MKDIR, role, path, meta, e) ? 0 : failed(e);
}

int changes_add_file(struct changes *c, enum change_role role, const char *path, const void *bytes,
		     size_t n, const struct vfs_meta *meta, struct err *e)
{
	struct change *one = append(c, CHANGE_FILE, role, path, meta, e);

	if (!one)
		return failed(e);
	one->bytes = malloc(n + 1);
	if (!one->bytes)
		return err_oom(e);
	if (n)
		memcpy(one->bytes, bytes, n);
	one->n_bytes = n;
	return 0;
}

int changes_add_link(struct changes *c, enum change_role role, const char *path, const char *target,
		     const struct vfs_meta *meta, struct err *e)
{
	struct change *one = append(c, CHANGE_LINK, role, path, meta, e);

	if (!one)
		return failed(e);
	one->target = strdup(target);
	return one->target ? 0 : err_oom(e);
}

int changes_add_same(struct changes *c, const char *path, const char *existing, struct err *e)
{
	struct change *one = append(c, CHANGE_SAME, ROLE_STORE, path, NULL, e);

	if (!one)
		return failed(e);
	one->target = strdup(existing);
	return one->target ? 0 : err_oom(e);
}

int changes_add_meta(struct changes *c, const char *path, const struct vfs_meta *meta,
		     struct err *e)
{
	return append(c, CHANGE_META, ROLE_PARENT, path, meta, e) ? 0 : failed(e);
}

int changes_add_remove(struct changes *c, const char *path, struct err *e)
{
	return append(c, CHANGE_REMOVE, ROLE_STORE, path, NULL, e) ? 0 : failed(e);
}

int changes_add_drop(struct changes *c, const char *path, struct err *e)
{
	return append(c, CHANGE_DROP, ROLE_STORE, path, NULL, e) ? 0 : failed(e);
}

int changes_add_settle(struct changes *c, const char *path, struct err *e)
{
	return append(c, CHANGE_SETTLE, ROLE_PARENT, path, NULL, e) ? 0 : failed(e);
}

int changes_add_origin(struct changes *c, const char *path, const char *of, struct err *e)
{
	struct change *one = append(c, CHANGE_ORIGIN, ROLE_PARENT, path, NULL, e);

	if (!one)
		return failed(e);
	one->target = strdup(of);
	return one->target ? 0 : err_oom(e);
}

const struct change *changes_find(const struct changes *c, const char *path)
{
	uint32_t number = c->n_slots ? *slot_of(c, path) : 0;

	return number ? &c->v[number - 1] : NULL;
}

/* ---- playing ----------------------------------------------------------------------------- */

static struct vfs_meta metadata(const struct change *c)
{
	struct vfs_meta meta = c->meta;

	meta.xattrs = &c->xattrs;
	return meta;
}

static int make_dir(const struct change *c, const struct vfs_meta *meta, struct vfs *fs,
		    struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(fs, c->path, &st, e);

	if (r < 0)
		return r;
	if (st.type == VFS_DIR)
		return 0;
	return vfs_mkdir(fs, c->path, meta, e);
}

static int set_meta(const struct change *c, const struct vfs_meta *meta, struct vfs *fs,
		    struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(fs, c->path, &st, e);

	if (r < 0 || st.type == VFS_ABSENT)
		return r;
	return vfs_set_meta(fs, c->path, meta, e);
}

int change_apply(const struct change *c, struct vfs *fs, struct err *e)
{
	const struct vfs_meta meta = metadata(c);
	int r = -EINVAL;

	switch (c->kind) {
	case CHANGE_MKDIR:
		r = make_dir(c, &meta, fs, e);
		break;
	case CHANGE_FILE:
		r = vfs_put_file(fs, c->path, c->bytes, c->n_bytes, &meta, e);
		break;
	case CHANGE_LINK:
		r = vfs_put_link(fs, c->path, c->target, &meta, e);
		break;
	case CHANGE_SAME:
		r = vfs_put_hard_link(fs, c->path, c->target, e);
		break;
	case CHANGE_META:
		r = set_meta(c, &meta, fs, e);
		break;
	case CHANGE_REMOVE:
		r = vfs_remove(fs, c->path, e);
		break;
	case CHANGE_DROP:
		r = vfs_drop(fs, c->path, e);
		break;
	case CHANGE_SETTLE:
		r = vfs_settle(fs, c->path, e);
		break;
	case CHANGE_ORIGIN:
		r = vfs_settle_origin(fs, c->path, c->target, e);
		break;
	case CHANGE_KIND_MAX:
		break;
	}
	return r < 0 ? err_wrap(e, r, "'%s'", c->path) : 0;
}

int changes_apply(const struct changes *c, struct vfs *fs, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		int r = change_apply(&c->v[i], fs, e);

		if (r < 0)
			return r;
	}
	return 0;
}
