/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mount_spec.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"

static void spec_done(struct mount_spec *spec)
{
	free(spec->type);
	free(spec->source);
	free(spec->destination);
	strv_done(&spec->options);
}

void mount_specs_done(struct mount_specs *specs)
{
	for (size_t i = 0; i < specs->n; i++)
		spec_done(&specs->v[i]);
	free(specs->v);
	*specs = (struct mount_specs){0};
}

static int check_length(const char *text, struct err *e)
{
	if (strnlen(text, LIMIT_STRING) >= LIMIT_STRING)
		return err_set(e, -E2BIG, ERR_LIMIT, "a string of a mount has %d bytes or more",
			       LIMIT_STRING);
	return 0;
}

static int copy_string(const char *from, char **ret, struct err *e)
{
	char *copy;
	int r;

	from = from ? from : "";
	r = check_length(from, e);
	if (r < 0)
		return r;
	copy = strdup(from);
	if (!copy)
		return err_oom(e);
	*ret = copy;
	return 0;
}

/* The strings of a spec without its options. */
static int spec_init(struct mount_spec *spec, const char *type, const char *source,
		     const char *destination, struct err *e)
{
	int r;

	*spec = (struct mount_spec){.options = STRV(LIMIT_MOUNT_OPTIONS)};
	r = copy_string(type, &spec->type, e);
	if (r < 0)
		return r;
	r = copy_string(source, &spec->source, e);
	if (r < 0)
		return r;
	return copy_string(destination, &spec->destination, e);
}

/* Move @spec to the end of @specs; it is empty afterwards. The list is short, so it grows by one.
 */
static int append(struct mount_specs *specs, struct mount_spec *spec, struct err *e)
{
	struct mount_spec *v;

	if (specs->n >= LIMIT_MOUNTS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d mounts", LIMIT_MOUNTS);
	v = reallocarray(specs->v, specs->n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	specs->v = v;
	v[specs->n++] = *spec;
	*spec = (struct mount_spec){0};
	return 0;
}

/*
 * Backslashes stay in the pieces, as in the kernel: they still have to keep the colons of a
 * lowerdir list from splitting it.
 */
static int split_options(struct strv *to, const char *text, struct err *e)
{
	int r = check_length(text, e);

	while (r == 0 && *text) {
		cleanup_free char *piece = NULL;
		size_t n = 0;

		while (text[n] && text[n] != ',')
			n += text[n] == '\\' && text[n + 1] ? 2 : 1;
		piece = strndup(text, n);
		if (!piece)
			return err_oom(e);
		if (n > 0)
			r = strv_add(to, piece, e);
		text += n;
		text += *text == ',';
	}
	return r;
}

int mount_specs_add(struct mount_specs *specs, const char *type, const char *source,
		    const char *destination, const char *options, struct err *e)
{
	cleanup(spec_done) struct mount_spec spec = {0};
	int r = spec_init(&spec, type, source, destination, e);

	if (r < 0)
		return r;
	r = split_options(&spec.options, options ? options : "", e);
	if (r < 0)
		return err_wrap(e, r, "options of a mount");
	return append(specs, &spec, e);
}

int mount_specs_extend(struct mount_specs *specs, const struct mount_specs *from, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		cleanup(spec_done) struct mount_spec spec = {0};
		const struct mount_spec *s = &from->v[i];
		int r = spec_init(&spec, s->type, s->source, s->destination, e);

		if (r < 0)
			return r;
		r = strv_extend(&spec.options, &s->options, e);
		if (r < 0)
			return r;
		r = append(specs, &spec, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An overlay's lowerdir list can be longer than any path, so json_path() would not do. */
static json_t *escaped(const char *text)
{
	size_t size = 3 * strlen(text) + 1;
	cleanup_free char *out = malloc(size);

	if (!out || path_escape(text, out, size, NULL) < 0)
		return NULL;
	return json_string(out);
}

static json_t *spec_to_json(const struct mount_spec *spec)
{
	cleanup_json json_t *options = json_array();

	for (size_t i = 0; i < spec->options.n; i++)
		if (json_array_append_new(options, escaped(spec->options.v[i])) < 0)
			return NULL;
	return json_pack("{s:o, s:o, s:o, s:O}", "type", escaped(spec->type), "source",
			 escaped(spec->source), "destination", escaped(spec->destination),
			 "options", options);
}

json_t *mount_specs_to_json(const struct mount_specs *specs)
{
	cleanup_json json_t *list = json_array();

	for (size_t i = 0; i < specs->n; i++)
		if (json_array_append_new(list, spec_to_json(&specs->v[i])) < 0)
			return NULL;
	return take_ptr(list);
}

static int unescaped(const json_t *j, char **ret, struct err *e)
{
	const char *text = json_string_value(j);
	cleanup_free char *out = NULL;
	size_t size;
	int r;

	if (!text)
		return err_set(e, -EINVAL, ERR_INVALID, "a mount lacks a string");
	size = strlen(text) + 1;
	out = malloc(size);
	if (!out)
		return err_oom(e);
	r = path_unescape(text, out, size, e);
	if (r < 0)
		return r;
	*ret = take_ptr(out);
	return 0;
}

static int options_from_json(const json_t *list, struct strv *ret, struct err *e)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return err_set(e, -EINVAL, ERR_INVALID, "a mount lacks its options");
	json_array_foreach (list, i, item) {
		cleanup_free char *text = NULL;
		int r = unescaped(item, &text, e);

		if (r < 0)
			return r;
		r = strv_add(ret, text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int spec_from_json(const json_t *j, struct mount_spec *ret, struct err *e)
{
	int r = unescaped(json_object_get(j, "type"), &ret->type, e);

	if (r < 0)
		return r;
	r = unescaped(json_object_get(j, "source"), &ret->source, e);
	if (r < 0)
		return r;
	r = unescaped(json_object_get(j, "destination"), &ret->destination, e);
	if (r < 0)
		return r;
	return options_from_json(json_object_get(j, "options"), &ret->options, e);
}

int mount_specs_from_json(const json_t *j, struct mount_specs *ret, struct err *e)
{
	cleanup_mount_specs struct mount_specs specs = {0};
	json_t *item;
	size_t i;

	if (!json_is_array(j))
		return err_set(e, -EINVAL, ERR_INVALID, "mounts are not a list");
	json_array_foreach (j, i, item) {
		cleanup(spec_done) struct mount_spec spec = {.options = STRV(LIMIT_MOUNT_OPTIONS)};
		int r = spec_from_json(item, &spec, e);

		if (r < 0)
			return err_wrap(e, r, "mount %zu", i);
		r = append(&specs, &spec, e);
		if (r < 0)
			return r;
	}
	*ret = specs;
	specs = (struct mount_specs){0};
	return 0;
}
