/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/journal_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "distro/families.h"

static json_t *counts_to_json(const struct journal *j, const struct journal_entry *entry)
{
	json_t *list = json_array();

	for (size_t i = 0; i < j->authorities->n; i++)
		json_array_append_new(list, json_integer((json_int_t)entry->n_ours[i]));
	return list;
}

static json_t *entry_to_json(const struct journal *j, const struct journal_entry *entry)
{
	json_t *doc = json_pack("{s:o, s:i, s:o}", "path", json_path(entry->path), "role",
				entry->role, "before", state_to_json(&entry->t0));

	if (entry->n_ours)
		json_object_set_new(doc, "n_ours", counts_to_json(j, entry));
	if (entry->kept.how != CONTENT_NONE)
		json_object_set_new(doc, "content",
				    json_pack("[i, I, I]", entry->kept.how,
					      (json_int_t)entry->kept.at,
					      (json_int_t)entry->kept.n));
	return doc;
}

int journal_add_authorities(const struct journal *j, struct buf *data, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->authorities->n; i++)
		r = buf_addf(data, e, "%s", j->authorities->v[i].pem);
	return r;
}

/* Where the contents begin. */
static size_t size_of_authorities(const struct journal *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->authorities->n; i++)
		n += strlen(j->authorities->v[i].pem);
	return n;
}

/* T1 of each entry; null where it is T0. */
static json_t *after_to_json(const struct journal *j)
{
	json_t *list = json_array();

	for (size_t i = 0; i < j->n; i++)
		json_array_append_new(list,
				      j->v[i].is_left ? json_null() : state_to_json(&j->v[i].t1));
	return list;
}

static json_t *underlay_to_json(const struct journal *j)
{
	return json_pack("{s:o, s:I, s:o}", "path", json_path(j->underlay), "n_below",
			 (json_int_t)j->n_below, "after", after_to_json(j));
}

int journal_save_before(struct journal *j, struct err *e)
{
	cleanup_json json_t *doc = NULL;
	json_t *entries = json_array();

	for (size_t i = 0; i < j->n; i++)
		json_array_append_new(entries, entry_to_json(j, &j->v[i]));
	doc = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s?, s:o, s:o, s:o}", "id", j->id, "boot",
			j->boot, "n_authorities", (json_int_t)j->authorities->n,
			"n_authorities_bytes", (json_int_t)size_of_authorities(j), "began_sec",
			(json_int_t)j->began.tv_sec, "began_nsec", (json_int_t)j->began.tv_nsec,
			"family", j->family ? j->family->name : NULL, "rootfs",
			mount_specs_to_json(&j->rootfs), "mounts", mount_specs_to_json(&j->mounts),
			"entries", entries);
	if (doc && j->underlay)
		json_object_set_new(doc, "underlay", underlay_to_json(j));
	record_done(&j->before);
	return doc ? record_create(j->dirfd, doc, &j->data, &j->before, e) : err_oom(e);
}

int journal_save_after(const struct journal *j, struct record_open *ret_open, struct err *e)
{
	cleanup_json json_t *doc = after_to_json(j);

	if (ret_open)
		return record_append_open(j->dirfd, RECORD_AFTER, doc, NULL, ret_open, e);
	return record_append(j->dirfd, RECORD_AFTER, doc, NULL, RECORD_DURABLE, e);
}

/* ---- reading ----------------------------------------------------------------------------- */

static int load_authorities(struct journal *j, struct err *e)
{
	long long n = json_get_int(j->before.doc, "n_authorities_bytes", -1);
	cleanup_buf struct buf text = BUF(LIMIT_JOURNAL);
	int r;

	if (n < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "no authorities");
	r = record_read(j->dirfd, &j->before, 0, (size_t)n, &text, e);
	if (r < 0)
		return r;
	if (text.n == 0) { /* mount points only */
		j->authorities = authorities_new();
		return j->authorities ? 0 : err_oom(e);
	}
	return authorities_parse(text.data, text.n, "the journal", &j->authorities, e);
}

static int load_counts(struct journal *j, struct journal_entry *entry, const json_t *list,
		       struct err *e)
{
	if (!list)
		return 0;
	entry->n_ours = calloc(j->authorities->n + 1, sizeof(*entry->n_ours));
	if (!entry->n_ours)
		return err_oom(e);
	for (size_t i = 0; i < j->authorities->n; i++) {
		json_int_t n = json_integer_value(json_array_get(list, i));

		if (n < 0 || n > LIMIT_STORE_FILE)
			return err_set(e, -EINVAL, ERR_INVALID, "a count that can't be");
		entry->n_ours[i] = (size_t)n;
	}
	return 0;
}

static int load_content(struct journal_entry *entry, const json_t *list, struct err *e)
{
	json_int_t how = json_integer_value(json_array_get(list, 0));
	json_int_t at = json_integer_value(json_array_get(list, 1));
	json_int_t n = json_integer_value(json_array_get(list, 2));

	if (!list)
		return 0;
	if (how < 0 || how >= CONTENT_MAX || at < 0 || n < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' has malformed content", entry->path);
	entry->kept = (struct journal_content){(enum journal_how)how, (size_t)at, (size_t)n};
	return 0;
}

/* Entries were written sorted, so each one is added at the end. */
static int load_entry(struct journal *j, const json_t *doc, struct err *e)
{
	const char *text = json_get_string(doc, "path");
	long long role = json_get_int(doc, "role", -1);
	struct journal_entry *entry;
	char path[LIMIT_PATH];
	size_t n = j->n;
	int r;

	if (!text || role < 0 || role >= CHANGE_ROLE_MAX)
		return err_set(e, -EINVAL, ERR_INVALID, "an entry without a path or a role");
	r = path_unescape(text, path, sizeof(path), e);
	if (r == 0)
		r = journal_add(j, path, (enum change_role)role, e);
	if (r < 0)
		return r;
	if (j->n != n + 1 || strcmp(j->v[n].path, path) != 0)
		return err_set(e, -EINVAL, ERR_INVALID, "entries out of order");
	entry = &j->v[n];
	r = state_from_json(json_object_get(doc, "before"), &entry->t0, e);
	if (r == 0)
		r = load_counts(j, entry, json_object_get(doc, "n_ours"), e);
	return r < 0 ? r : load_content(entry, json_object_get(doc, "content"), e);
}

static int load_header(struct journal *j, const json_t *doc, struct err *e)
{
	const char *family = json_get_string(doc, "family");
	const char *boot = json_get_string(doc, "boot");
	const char *id = json_get_string(doc, "id");
	int r;

	if (!id)
		return err_set(e, -EINVAL, ERR_INVALID, "no id");
	j->id = strdup(id);
	snprintf(j->boot, sizeof(j->boot), "%s", boot ? boot : "");
	j->family = family ? distro_family_get(family) : NULL;
	j->began.tv_sec = (time_t)json_get_int(doc, "began_sec", 0);
	j->began.tv_nsec = (long)json_get_int(doc, "began_nsec", 0);
	if (!j->id)
		return err_oom(e);
	if (family && !j->family) /* an undo that knows no family would leave what a tool did */
		return err_set(e, -EINVAL, ERR_INVALID, "there is no family '%.64s'", family);
	if (json_get_int(doc, "n_authorities", -1) != (long long)j->authorities->n)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "another number of authorities than there are");
	r = mount_specs_from_json(json_object_get(doc, "rootfs"), &j->rootfs, e);
	if (r == 0)
		r = mount_specs_from_json(json_object_get(doc, "mounts"), &j->mounts, e);
	return r;
}

static int load_after_of(struct journal_entry *entry, const json_t *doc, struct err *e)
{
	entry->is_left = json_is_null(doc);
	return entry->is_left ? state_copy(&entry->t0, &entry->t1, e)
			      : state_from_json(doc, &entry->t1, e);
}

static int load_after_list(struct journal *j, const json_t *list, struct err *e)
{
	int r = 0;

	if (json_array_size(list) != j->n)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "another number of paths after the install");
	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = load_after_of(&j->v[i], json_array_get(list, i), e);
	j->installed = r == 0;
	return r;
}

static int load_after(struct journal *j, struct err *e)
{
	cleanup_record struct record after = {.doc = NULL};
	int r = record_find(j->dirfd, RECORD_AFTER, &after, e);

	if (r == -ENOENT) {
		err_clear(e); /* the install never completed */
		return 0;
	}
	return r == 0 ? load_after_list(j, after.doc, e) : r;
}

static int load_underlay(struct journal *j, const json_t *doc, struct err *e)
{
	const char *text = json_get_string(doc, "path");
	long long n_below = json_get_int(doc, "n_below", -1);
	char path[LIMIT_PATH];
	int r;

	if (!text || n_below < 0 || n_below > LIMIT_LAYERS)
		return err_set(e, -EINVAL, ERR_INVALID, "an underlay that can't be");
	r = path_unescape(text, path, sizeof(path), e);
	if (r < 0)
		return r;
	j->underlay = strdup(path);
	j->n_below = (size_t)n_below;
	return j->underlay ? load_after_list(j, json_object_get(doc, "after"), e) : err_oom(e);
}

static int load_all(struct journal *j, struct err *e)
{
	const json_t *doc = j->before.doc;
	const json_t *entries = json_object_get(doc, "entries");
	const json_t *underlay = json_object_get(doc, "underlay");
	int r = load_authorities(j, e);

	if (r == 0)
		r = load_header(j, doc, e);
	if (r == 0 && !json_is_array(entries))
		r = err_set(e, -EINVAL, ERR_INVALID, "no list of entries");
	for (size_t i = 0; r == 0 && i < json_array_size(entries); i++)
		r = load_entry(j, json_array_get(entries, i), e);
	if (r < 0)
		return r;
	return underlay ? load_underlay(j, underlay, e) : load_after(j, e);
}

int journal_load(int dirfd, struct journal *ret, struct err *e)
{
	struct journal j = {.dirfd = dirfd};
	int r = record_find(dirfd, RECORD_BEFORE, &j.before, e);

	if (r < 0)
		return r == -ENOENT ? r : err_wrap(e, r, "reading the journal");
	r = load_all(&j, e);
	if (r < 0) {
		j.dirfd = -EBADF; /* stays the caller's */
		journal_done(&j);
		return err_wrap(e, r == -ENOENT ? -EINVAL : r, "reading the journal");
	}
	*ret = j;
	return 0;
}
