/* SPDX-License-Identifier: Apache-2.0 */
/* Change lists on disk. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/changes.h"
#include "cacerts/state_json.h"

static const char *const kind_names[CHANGE_KIND_MAX] = {
#define X(name, text) [CHANGE_##name] = text,
	CHANGE_KINDS(X)
#undef X
};

const char *change_kind_name(enum change_kind kind)
{
	return kind_names[kind];
}

static json_t *meta_to_json(const struct change *c)
{
	const struct vfs_meta *m = &c->meta;

	return json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:o}", "fields", m->fields, "mode",
			 m->mode, "uid", m->uid, "gid", m->gid, "mtime_sec",
			 (json_int_t)m->mtime.tv_sec, "mtime_nsec", (json_int_t)m->mtime.tv_nsec,
			 "xattrs", state_xattrs_to_json(&c->xattrs));
}

/* @data gets the content of files. */
static int add_one(const struct change *c, struct buf *data, json_t *list, struct err *e)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_names[c->kind], "role",
			      change_role_name(c->role), "path", json_path(c->path), "meta",
			      meta_to_json(c));

	json_array_append_new(list, j);
	if (c->target)
		json_object_set_new(j, "target", json_path(c->target));
	if (c->kind != CHANGE_FILE)
		return 0;
	json_object_set_new(j, "content",
			    json_pack("[I, I]", (json_int_t)data->n, (json_int_t)c->n_bytes));
	return buf_add(data, c->bytes, c->n_bytes, e);
}

int changes_save(const struct changes *c, int dirfd, enum record_sync sync, struct err *e)
{
	cleanup_buf struct buf data = BUF(LIMIT_JOURNAL_DATA);
	cleanup_json json_t *list = json_array();
	int r = list ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = add_one(&c->v[i], &data, list, e);
	return r == 0 ? record_append(dirfd, RECORD_UNDO, list, &data, sync, e) : r;
}

static int index_of(const char *const names[], size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static int meta_from_json(const json_t *j, struct vfs_meta *ret, struct vfs_xattrs *xattrs,
			  struct err *e)
{
	ret->fields = (unsigned)json_get_int(j, "fields", 0);
	ret->mode = (mode_t)json_get_int(j, "mode", 0);
	ret->uid = (uid_t)json_get_int(j, "uid", 0);
	ret->gid = (gid_t)json_get_int(j, "gid", 0);
	ret->mtime.tv_sec = (time_t)json_get_int(j, "mtime_sec", 0);
	ret->mtime.tv_nsec = (long)json_get_int(j, "mtime_nsec", 0);
	ret->xattrs = xattrs;
	return state_xattrs_from_json(json_object_get(j, "xattrs"), xattrs, e);
}

static int load_content(int dirfd, const struct record *rec, const json_t *j, struct buf *to,
			struct err *e)
{
	const json_t *list = json_object_get(j, "content");
	json_int_t at = json_integer_value(json_array_get(list, 0));
	json_int_t n = json_integer_value(json_array_get(list, 1));

	if (json_array_size(list) != 2 || at < 0 || n < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "a change lacks its content");
	return record_read(dirfd, rec, (size_t)at, (size_t)n, to, e);
}

static int load_one(const json_t *j, int dirfd, const struct record *rec, struct changes *ret,
		    struct err *e)
{
	int kind = index_of(kind_names, CHANGE_KIND_MAX, json_get_string(j, "kind"));
	const char *path = json_get_string(j, "path");
	const char *target = json_get_string(j, "target");
	cleanup_buf struct buf content = BUF(LIMIT_STORE_FILE);
	struct vfs_xattrs xattrs = {0};
	struct vfs_meta meta = {0};
	char plain[LIMIT_PATH];
	char text[LIMIT_PATH] = "";
	bool has_target = kind == CHANGE_LINK || kind == CHANGE_SAME || kind == CHANGE_ORIGIN;
	int r;

	if (kind < 0 || !path || has_target != (target != NULL))
		return err_set(e, -EINVAL, ERR_INVALID, "malformed change in a state file");
	r = path_unescape(path, plain, sizeof(plain), e);
	if (r == 0 && target)
		r = path_unescape(target, text, sizeof(text), e);
	if (r == 0 && kind == CHANGE_FILE)
		r = load_content(dirfd, rec, j, &content, e);
	if (r == 0)
		r = meta_from_json(json_object_get(j, "meta"), &meta, &xattrs, e);
	if (r < 0)
		return r;
	if (kind == CHANGE_MKDIR)
		r = changes_add_dir(ret, ROLE_STORE, plain, &meta, e);
	else if (kind == CHANGE_FILE)
		r = changes_add_file(ret, ROLE_STORE, plain, content.data, content.n, &meta, e);
	else if (kind == CHANGE_LINK)
		r = changes_add_link(ret, ROLE_STORE, plain, text, &meta, e);
	else if (kind == CHANGE_SAME)
		r = changes_add_same(ret, plain, text, e);
	else if (kind == CHANGE_META)
		r = changes_add_meta(ret, plain, &meta, e);
	else if (kind == CHANGE_REMOVE)
		r = changes_add_remove(ret, plain, e);
	else if (kind == CHANGE_DROP)
		r = changes_add_drop(ret, plain, e);
	else if (kind == CHANGE_SETTLE)
		r = changes_add_settle(ret, plain, e);
	else
		r = changes_add_origin(ret, plain, text, e);
	vfs_xattrs_done(&xattrs);
	return r;
}

int changes_load(int dirfd, struct changes *ret, struct err *e)
{
	cleanup_record struct record rec = {.doc = NULL};
	cleanup_changes struct changes c = {.max = ret->max};
	int r = record_find(dirfd, RECORD_UNDO, &rec, e);

	if (r == 0 && !json_is_array(rec.doc))
		r = err_set(e, -EINVAL, ERR_INVALID, "a list of changes is none");
	for (size_t i = 0; r == 0 && i < json_array_size(rec.doc); i++)
		r = load_one(json_array_get(rec.doc, i), dirfd, &rec, &c, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct changes){0};
	return 0;
}
