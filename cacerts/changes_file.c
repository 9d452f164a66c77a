/* SPDX-License-Identifier: Apache-2.0 */
/* Change lists on disk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/changes.h"
#include "cacerts/state_json.h"

static const char *const kind_names[CHANGE_KIND_MAX] = {
#define X(name, text) [CHANGE_##name] = text,
	CHANGE_KINDS(X)
#undef X
};

static json_t *meta_to_json(const struct change *c)
{
	const struct vfs_meta *m = &c->meta;

	return json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:o}", "fields", m->fields, "mode",
			 m->mode, "uid", m->uid, "gid", m->gid, "mtime_sec",
			 (json_int_t)m->mtime.tv_sec, "mtime_nsec", (json_int_t)m->mtime.tv_nsec,
			 "xattrs", state_xattrs_to_json(&c->xattrs));
}

static int save_one(const struct change *c, size_t i, int dirfd, const char *name, json_t *list,
		    struct err *e)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_names[c->kind], "role",
			      change_role_name(c->role), "path", json_path(c->path), "meta",
			      meta_to_json(c));
	char file[64];

	json_array_append_new(list, j);
	if (c->target)
		json_object_set_new(j, "target", json_path(c->target));
	if (c->kind != CHANGE_FILE)
		return 0;
	snprintf(file, sizeof(file), "%s-%zu", name, i);
	return io_write_file_at(dirfd, file, c->bytes, c->n_bytes, 0600, e);
}

int changes_save(const struct changes *c, int dirfd, const char *name, struct err *e)
{
	cleanup_json json_t *list = json_array();
	cleanup_free char *text = NULL;
	char file[64];

	for (size_t i = 0; i < c->n; i++) {
		int r = save_one(&c->v[i], i, dirfd, name, list, e);

		if (r < 0)
			return r;
	}
	text = json_line(list);
	if (!text)
		return err_oom(e);
	snprintf(file, sizeof(file), "%s.json", name);
	return io_write_file_at(dirfd, file, text, strlen(text), 0600, e);
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

static int load_content(int dirfd, const char *name, size_t i, struct buf *to, struct err *e)
{
	char file[64];
	int r;

	snprintf(file, sizeof(file), "%s-%zu", name, i);
	r = io_read_file_at(dirfd, file, to, e);
	if (r == -ENOENT) /* not the "there is none" of a list that was never saved */
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' is missing", file);
	return r;
}

static int load_one(const json_t *j, size_t i, int dirfd, const char *name, struct changes *ret,
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
	int r;

	if (kind < 0 || !path)
		return err_set(e, -EINVAL, ERR_INVALID, "malformed change in a state file");
	r = path_unescape(path, plain, sizeof(plain), e);
	if (r == 0 && target)
		r = path_unescape(target, text, sizeof(text), e);
	if (r == 0 && kind == CHANGE_FILE)
		r = load_content(dirfd, name, i, &content, e);
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
	else if (kind == CHANGE_META)
		r = changes_add_meta(ret, plain, &meta, e);
	else if (kind == CHANGE_REMOVE)
		r = changes_add_remove(ret, plain, e);
	else if (kind == CHANGE_DROP)
		r = changes_add_drop(ret, plain, e);
	else
		r = changes_add_settle(ret, plain, e);
	vfs_xattrs_done(&xattrs);
	return r;
}

int changes_load(int dirfd, const char *name, struct changes *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_JOURNAL);
	cleanup_changes struct changes c = {0};
	cleanup_json json_t *list = NULL;
	char file[64];
	int r;

	snprintf(file, sizeof(file), "%s.json", name);
	r = io_read_file_at(dirfd, file, &text, e);
	if (r == 0)
		r = json_parse(text.data, text.n, &list, e);
	if (r == 0 && !json_is_array(list))
		r = err_set(e, -EINVAL, ERR_INVALID, "'%s' holds no list", file);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = load_one(json_array_get(list, i), i, dirfd, name, &c, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct changes){0};
	return 0;
}
