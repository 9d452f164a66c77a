/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>

#include "base/limits.h"
#include "base/path.h"

int json_parse(const char *text, size_t n, json_t **ret, struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);

	if (!j)
		return err_set(e, -EINVAL, ERR_INVALID, "not JSON: line %d column %d: %s", why.line,
			       why.column, why.text);
	*ret = j;
	return 0;
}

char *json_line(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
}

const char *json_get_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

long long json_get_int(const json_t *object, const char *key, long long missing)
{
	const json_t *j = json_object_get(object, key);

	return json_is_integer(j) ? json_integer_value(j) : missing;
}

bool json_get_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

json_t *json_path(const char *path)
{
	char text[3 * LIMIT_PATH];

	return path_escape(path, text, sizeof(text), NULL) < 0 ? NULL : json_string(text);
}

json_t *json_sentence(const char *text)
{
	json_t *j = json_string(text);

	return j ? j : json_path(text);
}
