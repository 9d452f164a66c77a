/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

char *hex_encode(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	char *text = malloc(2 * n + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	text[2 * n] = '\0';
	return text;
}

void *hex_decode(const char *text, size_t *ret_n)
{
	size_t n = strlen(text) / 2;
	unsigned char *bytes = malloc(n + 1);

	*ret_n = 0;
	if (!bytes || strspn(text, digits) != 2 * n || text[2 * n] != '\0') {
		free(bytes);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)((strchr(digits, text[2 * i]) - digits) << 4 |
					   (strchr(digits, text[2 * i + 1]) - digits));
	*ret_n = n;
	return bytes;
}
