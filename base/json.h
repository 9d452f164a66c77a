/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * json - jansson with our manners
 *
 * Sizes are bounded before parsing (jansson takes up to 75 bytes a byte). Documents from
 * outside reject duplicate keys. Callers own what they get; cleanup_json is in cleanup.h.
 */
#include <jansson.h>

#include "base/err.h"

/* Parse @n bytes. Returns 0, -EINVAL (ERR_INVALID, with line and column). */
int json_parse(const char *text, size_t n, json_t **ret, struct err *e);
/* One line without spaces, sorted by insertion; the caller frees it. NULL without memory. */
char *json_line(const json_t *j);

/* A member of a type, or a default: for documents whose shape we wrote ourselves. */
const char *json_get_string(const json_t *object, const char *key);
long long json_get_int(const json_t *object, const char *key, long long missing);
bool json_get_bool(const json_t *object, const char *key);

/* A container path as text that JSON can carry (base/path.h, path_escape). */
json_t *json_path(const char *path);
/* A sentence for people: as it is, or as json_path() if JSON can't carry it. */
json_t *json_sentence(const char *text);
