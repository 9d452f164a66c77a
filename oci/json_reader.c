/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/json_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "oci/document.h"

enum {
	PATH_SHOWN = 160, /* bytes of a node's path in a message */
	KEY_SHOWN = 48,   /* ... and of one name in it */
};

bool oci_member_of(const struct oci_node *at, const char *name, struct oci_node *ret)
{
	json_t *value = json_object_get(at->value, name);

	*ret = (struct oci_node){.parent = at,
				 .key = name,
				 .value = json_is_null(value) ? NULL : value,
				 .surroundings = at->surroundings};
	return ret->value != NULL;
}

int oci_read_members(const struct oci_node *at, const struct oci_member *members, size_t n,
		     void *to, struct err *e)
{
	if (!json_is_object(at->value))
		return oci_mistyped(at, "an object", e);
	for (size_t i = 0; i < n; i++) {
		const struct oci_member *m = &members[i];
		struct oci_node member;
		int r = 0;

		if (oci_member_of(at, m->name, &member)) {
			member.max = m->max;
			r = m->read(&member, (char *)to + m->offset, e);
		} else if (m->is_required) {
			r = oci_invalid(&member, e, "missing");
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int oci_read_items(const struct oci_node *at, size_t max, oci_reader *read, void *to, struct err *e)
{
	json_t *value;
	size_t i;

	if (!json_is_array(at->value))
		return oci_mistyped(at, "a list", e);
	if (json_array_size(at->value) > max)
		return oci_too_long(at, max, "items", e);
	json_array_foreach (at->value, i, value) {
		struct oci_node item = {
			.parent = at, .index = i, .value = value, .surroundings = at->surroundings};
		int r = read(&item, to, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int oci_read_pairs(const struct oci_node *at, size_t max, oci_reader *read, void *to, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(at->value))
		return oci_mistyped(at, "an object", e);
	if (json_object_size(at->value) > max)
		return oci_too_long(at, max, "members", e);
	json_object_foreach (at->value, key, value) {
		struct oci_node pair = {
			.parent = at, .key = key, .value = value, .surroundings = at->surroundings};
		int r = read(&pair, to, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- errors ---------------------------------------------------------------------------- */

static void step_text(const struct oci_node *at, char ret[KEY_SHOWN])
{
	if (at->key)
		snprintf(ret, KEY_SHOWN, "%s%s", at->parent->parent ? "." : "", at->key);
	else
		snprintf(ret, KEY_SHOWN, "[%zu]", at->index);
	oci_make_printable(ret);
}

/* The path of a node, outermost step first; what doesn't fit is left out at its end. */
static void path_text(const struct oci_node *at, char *ret, size_t size)
{
	char step[KEY_SHOWN];
	size_t used;

	if (!at->parent) {
		ret[0] = '\0';
		return;
	}
	path_text(at->parent, ret, size);
	used = strlen(ret);
	step_text(at, step);
	snprintf(ret + used, size - used, "%s", step);
}

struct sentence {
	char text[PATH_SHOWN + ERR_MSG_MAX];
};

static void sentence_make(struct sentence *ret, const struct oci_node *at, const char *fmt,
			  va_list ap) __attribute__((format(printf, 3, 0)));
static int raise_at(const struct oci_node *at, int code, enum err_kind kind, struct err *e,
		    const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/* "path: what the format says", or without the path for the document itself. */
static void sentence_make(struct sentence *ret, const struct oci_node *at, const char *fmt,
			  va_list ap)
{
	size_t used;

	path_text(at, ret->text, PATH_SHOWN);
	used = strlen(ret->text);
	if (used > 0)
		used += (size_t)snprintf(ret->text + used, sizeof(ret->text) - used, ": ");
	vsnprintf(ret->text + used, sizeof(ret->text) - used, fmt, ap);
	oci_make_printable(ret->text);
}

static int raise_at(const struct oci_node *at, int code, enum err_kind kind, struct err *e,
		    const char *fmt, va_list ap)
{
	struct sentence s;

	sentence_make(&s, at, fmt, ap);
	return err_set(e, code, kind, "%s", s.text);
}

int oci_invalid(const struct oci_node *at, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = raise_at(at, -EINVAL, ERR_INVALID, e, fmt, ap);
	va_end(ap);
	return r;
}

int oci_unsupported(const struct oci_node *at, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = raise_at(at, -EOPNOTSUPP, ERR_UNSUPPORTED, e, fmt, ap);
	va_end(ap);
	return r;
}

static const char *type_text(const json_t *j)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",    [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};
	uint64_t number;

	return names[oci_big_number(j, &number) ? JSON_INTEGER : json_typeof(j)];
}

int oci_mistyped(const struct oci_node *at, const char *expected, struct err *e)
{
	return oci_invalid(at, e, "expected %s, found %s", expected, type_text(at->value));
}

static int limit(const struct oci_node *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int limit(const struct oci_node *at, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = raise_at(at, -E2BIG, ERR_LIMIT, e, fmt, ap);
	va_end(ap);
	return r;
}

int oci_too_long(const struct oci_node *at, size_t max, const char *what, struct err *e)
{
	return limit(at, e, "more than %zu %s", max, what);
}

int oci_wrap(const struct oci_node *at, int code, struct err *e)
{
	char path[PATH_SHOWN];

	path_text(at, path, sizeof(path));
	return err_wrap(e, code, "%s", path);
}

int oci_warn(const struct oci_node *at, struct err *e, const char *fmt, ...)
{
	struct strv *warnings = at->surroundings->warnings;
	struct sentence s;
	va_list ap;

	if (!warnings || warnings->n >= warnings->max)
		return 0;
	va_start(ap, fmt);
	sentence_make(&s, at, fmt, ap);
	va_end(ap);
	return strv_add(warnings, s.text, e);
}
