/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"

enum {
	MARK = 0x7f,       /* DEL, which JSON allows in strings and nobody writes there */
	BIG_DIGITS = 19,   /* of 2^63, the smallest big number */
	MOST_DIGITS = 20,  /* of 2^64 - 1 */
	MARKED_LENGTH = 17 /* the mark and 16 hexadecimal digits */
};

/* Between quotes, a marked number is as long as the shortest big one: columns stay right. */
_Static_assert(MARKED_LENGTH + 2 == BIG_DIGITS, "a marked number has to fit");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number that these digits are, if it is a big one that 64 bits hold. */
static bool big_value(const char *digits, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if (n < BIG_DIGITS || n > MOST_DIGITS || digits[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(digits[i] - '0'), &value))
			return false;
	*ret = value;
	return value > INT64_MAX;
}

/* Write the marked form of @value over its @n digits. */
static void mark_number(char *digits, size_t n, uint64_t value)
{
	char marked[BIG_DIGITS + 1];

	snprintf(marked, sizeof(marked), "\"%c%016" PRIx64 "\"", MARK, value);
	memset(digits, ' ', n);
	memcpy(digits + n - BIG_DIGITS, marked, BIG_DIGITS);
}

/* Bytes of the string that begins with the quote at @text, its quotes included. */
static size_t string_length(const char *text, size_t n)
{
	size_t i = 1;

	while (i < n && text[i] != '"')
		i += text[i] == '\\' ? 2 : 1;
	return i < n ? i + 1 : n;
}

/* Bytes of the number at @text, a negative or a fractional one too; big ones are marked. */
static size_t mark_one(char *text, size_t n)
{
	size_t digits = 0;
	size_t length;
	uint64_t value;

	while (digits < n && is_digit(text[digits]))
		digits++;
	length = digits;
	while (length < n && (is_digit(text[length]) || strchr("+-.eE", text[length])))
		length++;
	if (length == digits && big_value(text, digits, &value))
		mark_number(text, digits, value);
	return length ? length : 1;
}

static void mark_big_numbers(char *text, size_t n)
{
	for (size_t i = 0; i < n;)
		if (text[i] == '"')
			i += string_length(text + i, n - i);
		else if (is_digit(text[i]) || text[i] == '-')
			i += mark_one(text + i, n - i);
		else
			i++;
}

void oci_make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int oci_value_parse(const char *text, size_t n, json_t **ret, struct err *e)
{
	cleanup_free char *copy = NULL;
	int r;

	if (n > LIMIT_OCI_CONFIG)
		return err_set(e, -E2BIG, ERR_LIMIT, "the document has more than %d bytes",
			       LIMIT_OCI_CONFIG);
	copy = malloc(n + 1);
	if (!copy)
		return err_oom(e);
	memcpy(copy, text, n);
	mark_big_numbers(copy, n);
	r = json_parse(copy, n, ret, e);
	if (r < 0 && e)
		oci_make_printable(e->msg);
	return r;
}

int oci_document_parse(const char *text, size_t n, json_t **ret, struct err *e)
{
	cleanup_json json_t *j = NULL;
	int r = oci_value_parse(text, n, &j, e);

	if (r < 0)
		return r;
	if (!json_is_object(j))
		return err_set(e, -EINVAL, ERR_INVALID, "the document is not a JSON object");
	*ret = take_ptr(j);
	return 0;
}

bool oci_big_number(const json_t *j, uint64_t *ret)
{
	const char *text = json_string_value(j);
	char *end;

	if (!text || text[0] != MARK || json_string_length(j) != MARKED_LENGTH)
		return false;
	*ret = strtoull(text + 1, &end, 16);
	return *end == '\0';
}
