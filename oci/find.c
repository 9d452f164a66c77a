/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/find.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

/* Is the next one @byte? Then pass it. */
static bool take(struct cursor *c, char byte)
{
	skip_blanks(c);
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

/* A string, of which the quote was passed; what a backslash stands before is no end. */
static bool skip_string(struct cursor *c)
{
	const char *quote = NULL, *back;

	while (c->at < c->end) {
		if (!quote || quote < c->at)
			quote = memchr(c->at, '"', (size_t)(c->end - c->at));
		if (!quote)
			return false;
		back = memchr(c->at, '\\', (size_t)(quote - c->at));
		c->at = back ? back + 2 : quote + 1;
		if (!back)
			return true;
	}
	return false;
}

/* A name as it is written, without its quotes. */
static bool take_name(struct cursor *c, struct oci_text *ret)
{
	if (!take(c, '"'))
		return false;
	ret->data = c->at;
	if (!skip_string(c))
		return false;
	ret->n = (size_t)(c->at - 1 - ret->data);
	return true;
}

/* Up to the comma or the bracket behind it. */
static bool skip_value(struct cursor *c)
{
	size_t depth = 0;

	for (; c->at < c->end; c->at++) {
		char byte = *c->at;

		if (depth == 0 && (byte == ',' || byte == '}' || byte == ']'))
			return true;
		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
		if (byte == '"') {
			c->at++;
			if (!skip_string(c))
				return false;
			c->at--;
		}
	}
	return false;
}

/* Go to the value of a member of the object that comes next. */
static bool enter(struct cursor *c, const char *name)
{
	struct oci_text found;

	if (!take(c, '{'))
		return false;
	do {
		if (!take_name(c, &found) || !take(c, ':'))
			return false;
		if (found.n == strlen(name) && memcmp(found.data, name, found.n) == 0)
			return true;
		if (!skip_value(c))
			return false;
	} while (take(c, ','));
	return false;
}

bool oci_find_list(struct oci_text document, const char *const *path, struct oci_text *ret)
{
	struct cursor c = {.at = document.data, .end = document.data + document.n};

	for (; *path; path++)
		if (!enter(&c, *path))
			return false;
	skip_blanks(&c);
	ret->data = c.at;
	if (c.at == c.end || *c.at != '[' || !skip_value(&c))
		return false;
	while (is_blank(c.at[-1]))
		c.at--;
	ret->n = (size_t)(c.at - ret->data);
	return c.at[-1] == ']';
}
