/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/values.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "base/limits.h"
#include "oci/document.h"

enum { WORDS_SHOWN = 280 /* bytes of the words that a message lists */ };

/* ---- strings --------------------------------------------------------------------------- */

int oci_get_string(const struct oci_node *at, size_t max, const char **ret, struct err *e)
{
	uint64_t number;

	if (!json_is_string(at->value) || oci_big_number(at->value, &number))
		return oci_mistyped(at, "a string", e);
	if (json_string_length(at->value) > max)
		return oci_too_long(at, max, "bytes", e);
	*ret = json_string_value(at->value);
	return 0;
}

int oci_get_path(const struct oci_node *at, const char **ret, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_PATH - 1, &text, e);

	if (r < 0)
		return r;
	if (text[0] != '/')
		return oci_invalid(at, e, "'%.80s' is not an absolute path", text);
	*ret = text;
	return 0;
}

static int keep(const char *text, char **ret, struct err *e)
{
	char *copy = strdup(text);

	if (!copy)
		return err_oom(e);
	free(*ret);
	*ret = copy;
	return 0;
}

int oci_read_string(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, at->max ? at->max : LIMIT_STRING - 1, &text, e);

	return r < 0 || !text[0] ? r : keep(text, to, e);
}

int oci_read_path(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_path(at, &text, e);

	return r < 0 ? r : keep(text, to, e);
}

static int add_string(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	return r < 0 ? r : strv_add(to, text, e);
}

static int add_path(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_path(at, &text, e);

	return r < 0 ? r : strv_add(to, text, e);
}

static int read_list(const struct oci_node *at, oci_reader *add, struct strv *to, struct err *e)
{
	if (to->max < at->max)
		to->max = at->max;
	return oci_read_items(at, at->max, add, to, e);
}

int oci_read_strings(const struct oci_node *at, void *to, struct err *e)
{
	return read_list(at, add_string, to, e);
}

int oci_read_paths(const struct oci_node *at, void *to, struct err *e)
{
	return read_list(at, add_path, to, e);
}

static int add_variable(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = json_string_value(at->value);

	if (text && (text[0] == '=' || !strchr(text, '=')))
		return oci_invalid(at, e, "'%.80s' is not NAME=VALUE", text);
	return add_string(at, to, e);
}

int oci_read_environment(const struct oci_node *at, void *to, struct err *e)
{
	return read_list(at, add_variable, to, e);
}

int oci_add_setting(const struct oci_node *at, void *to, struct err *e)
{
	cleanup_free char *setting = NULL;
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0)
		return r;
	if (!at->key[0] || strchr(at->key, '='))
		return oci_invalid(at, e, "a name is empty or has a '='");
	if (asprintf(&setting, "%s=%s", at->key, text) < 0)
		return err_oom(e);
	return strv_add(to, setting, e);
}

/* ---- numbers --------------------------------------------------------------------------- */

int oci_get_unsigned(const struct oci_node *at, uint64_t max, uint64_t *ret, struct err *e)
{
	uint64_t value;

	if (!oci_big_number(at->value, &value)) {
		if (!json_is_integer(at->value))
			return oci_mistyped(at, "a whole number", e);
		if (json_integer_value(at->value) < 0)
			return oci_invalid(at, e, "%" JSON_INTEGER_FORMAT " is below 0",
					   json_integer_value(at->value));
		value = (uint64_t)json_integer_value(at->value);
	}
	if (value > max)
		return oci_invalid(at, e, "%" PRIu64 " is above %" PRIu64, value, max);
	*ret = value;
	return 0;
}

int oci_get_signed(const struct oci_node *at, int64_t min, int64_t max, int64_t *ret, struct err *e)
{
	uint64_t big;
	int64_t value;

	if (oci_big_number(at->value, &big))
		return oci_invalid(at, e, "%" PRIu64 " is above %" PRId64, big, max);
	if (!json_is_integer(at->value))
		return oci_mistyped(at, "a whole number", e);
	value = json_integer_value(at->value);
	if (value < min || value > max)
		return oci_invalid(at, e, "%" PRId64 " is not between %" PRId64 " and %" PRId64,
				   value, min, max);
	*ret = value;
	return 0;
}

static uint64_t at_most(const struct oci_node *at, uint64_t of_the_type)
{
	return at->max ? at->max : of_the_type;
}

int oci_read_bool(const struct oci_node *at, void *to, struct err *e)
{
	if (!json_is_boolean(at->value))
		return oci_mistyped(at, "true or false", e);
	*(bool *)to = json_is_true(at->value);
	return 0;
}

int oci_read_uint16(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, at_most(at, UINT16_MAX), &value, e);

	if (r == 0)
		*(uint16_t *)to = (uint16_t)value;
	return r;
}

int oci_read_uint32(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, at_most(at, UINT32_MAX), &value, e);

	if (r == 0)
		*(uint32_t *)to = (uint32_t)value;
	return r;
}

int oci_read_uint64(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, at_most(at, UINT64_MAX), &value, e);

	if (r == 0)
		*(uint64_t *)to = value;
	return r;
}

int oci_read_int64(const struct oci_node *at, void *to, struct err *e)
{
	int64_t value = 0;
	int r = oci_get_signed(at, INT64_MIN, INT64_MAX, &value, e);

	if (r == 0)
		*(int64_t *)to = value;
	return r;
}

int oci_read_id(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, UINT32_MAX - 1, &value, e);

	_Static_assert(sizeof(uid_t) == sizeof(gid_t), "one reader for both");
	if (r == 0)
		*(uid_t *)to = (uid_t)value;
	return r;
}

/* ---- words ----------------------------------------------------------------------------- */

bool oci_find_word(const char *text, const struct oci_word *words, size_t n, long long *ret)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].word, text) == 0) {
			*ret = words[i].value;
			return true;
		}
	return false;
}

static int unknown_word(const struct oci_node *at, const char *text, const struct oci_word *words,
			size_t n, struct err *e)
{
	char list[WORDS_SHOWN] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 words[i].word);
	return oci_invalid(at, e, "'%.40s' is not one of %s", text, list);
}

int oci_get_word(const struct oci_node *at, const struct oci_word *words, size_t n, long long *ret,
		 struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0)
		return r;
	return oci_find_word(text, words, n, ret) ? 0 : unknown_word(at, text, words, n, e);
}
