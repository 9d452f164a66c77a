/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/utf8.h"

#include <string.h>

/* clang-format off */
/* Table 3-7 of the Unicode standard: what may follow which first byte. */
static const struct {
	unsigned char first, last;   /* range of the first byte */
	unsigned char low, high;     /* range of the second; later ones are 80..BF */
	unsigned char size;          /* bytes of the character */
} forms[] = {
	{0x01, 0x7f, 0x00, 0x00, 1}, /* ASCII without NUL */
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3}, /* no overlong forms */
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, /* no surrogates */
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, /* no overlong forms */
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4}, /* nothing above U+10FFFF */
};
/* clang-format on */

/* Bytes of the valid character at @p, or 0. */
static size_t character(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (n < forms[i].size)
			return 0;
		if (forms[i].size > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
			return 0;
		for (size_t j = 2; j < forms[i].size; j++)
			if ((p[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

bool utf8_is_text(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n > 0) {
		size_t size = character(p, n);

		if (size == 0)
			return false;
		p += size;
		n -= size;
	}
	return true;
}

void utf8_clean(char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n;) {
		size_t size = character((const unsigned char *)text + i, n - i);

		if (size == 0)
			text[i] = '?';
		i += size ? size : 1;
	}
}
