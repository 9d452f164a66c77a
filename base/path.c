/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int too_long(struct err *e)
{
	return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a path is too long");
}

int path_canonical(const char *path, char *ret, size_t size, struct err *e)
{
	size_t n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (n > 0 && ret[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			if (n + 1 + len + 1 > size)
				return too_long(e);
			ret[n++] = '/';
			memcpy(ret + n, path, len);
			n += len;
		}
		path += len;
		path += strspn(path, "/");
	}
	if (n == 0)
		ret[n++] = '/';
	ret[n] = '\0';
	return 0;
}

int path_join(const char *dir, const char *name, char *ret, size_t size, struct err *e)
{
	int n = snprintf(ret, size, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);

	return n < 0 || (size_t)n >= size ? too_long(e) : 0;
}

void path_parent(const char *path, char *ret)
{
	size_t n = (size_t)(path_name(path) - path);

	n = n > 1 ? n - 1 : 1;
	memmove(ret, path, n);
	ret[n] = '\0';
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

int path_escape(const char *path, char *ret, size_t size, struct err *e)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		bool plain = *p > ' ' && *p < 0x7f && *p != '%';

		if (n + (plain ? 1 : 3) + 1 > size)
			return too_long(e);
		if (plain)
			ret[n++] = (char)*p;
		else
			n += (size_t)snprintf(ret + n, 4, "%%%02X", *p);
	}
	ret[n] = '\0';
	return 0;
}

int path_unescape(const char *text, char *ret, size_t size, struct err *e)
{
	size_t n = 0;

	while (*text) {
		char c = *text++;

		if (c == '%') {
			char hex[3] = {text[0], text[0] ? text[1] : '\0', '\0'};
			char *end;

			c = (char)strtoul(hex, &end, 16);
			if (!isxdigit((unsigned char)hex[0]) || end != hex + 2 || c == '\0')
				return err_set(e, -EINVAL, ERR_INVALID, "a malformed %%-escape");
			text += 2;
		}
		if (n + 1 >= size)
			return too_long(e);
		ret[n++] = c;
	}
	ret[n] = '\0';
	return 0;
}
