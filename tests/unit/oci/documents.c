/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci/documents.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

const struct oci_place documents_place = {.bundle = "/bundle", .last_capability = 40};

static const char small[] = "{'ociVersion': '1.0.2', 'process': {'cwd': '/', 'args': ['true']},"
			    " 'root': {'path': 'rootfs'},"
			    " 'linux': {'namespaces': [{'type': 'mount'}]}}";

char *document_quoted(const char *text)
{
	char *copy = strdup(text);

	ck_assert_ptr_nonnull(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

static json_t *parsed(const char *text)
{
	cleanup_free char *json = document_quoted(text);
	json_error_t why;
	json_t *j = json_loads(json, 0, &why);

	ck_assert_msg(j != NULL, "%s: %s", json, why.text);
	return j;
}

char *document_text(const char *fragment)
{
	cleanup_json json_t *document = parsed(small);
	cleanup_json json_t *more = parsed(fragment);
	char *text;

	ck_assert_int_eq(json_object_update_recursive(document, more), 0);
	text = json_line(document);
	ck_assert_ptr_nonnull(text);
	return text;
}

int document_read(const char *fragment, struct oci_config *ret, struct err *e)
{
	cleanup_free char *text = document_text(fragment);

	return oci_config_read(text, strlen(text), &documents_place, ret, e);
}

void document_must_read(const char *fragment, struct oci_config *ret)
{
	struct err e = ERR_NONE;

	ck_ok(document_read(fragment, ret, &e), e);
}

void documents_are_refused(const struct document_error *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct oci_config c = {.root_path = (char *)"untouched"};
		struct err e = ERR_NONE;
		int r = document_read(rows[i].fragment, &c, &e);

		ck_assert_msg(r < 0, "read: %s", rows[i].fragment);
		ck_assert_str_eq(e.msg, rows[i].message);
		ck_assert_int_eq(r, rows[i].code ? rows[i].code : -EINVAL);
		ck_assert_int_eq(e.code, r);
		ck_assert_str_eq(c.root_path, "untouched");
	}
}
