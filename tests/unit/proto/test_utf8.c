/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <string.h>

#include "base/cleanup.h"
#include "proto/utf8.h"

/* clang-format off */
static const struct {
	const char *bytes;
	size_t n;
	bool text;
	const char *cleaned; /* NULL: cannot be a C string */
} cases[] = {
	{"", 0, true, ""},
	{"plain\n", 6, true, "plain\n"},
	{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, true, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	{"\xf4\x8f\xbf\xbf", 4, true, "\xf4\x8f\xbf\xbf"},  /* U+10FFFF */
	{"a\0b", 3, false, NULL},                           /* NUL */
	{"\xc3(", 2, false, "?("},                          /* no continuation */
	{"\x80", 1, false, "?"},                            /* nothing to continue */
	{"ab\xc3", 3, false, "ab?"},                        /* cut off */
	{"\xe2\x82", 2, false, "??"},
	{"\xc0\xaf", 2, false, "??"},                       /* overlong */
	{"\xe0\x9f\xbf", 3, false, "???"},
	{"\xf0\x8f\xbf\xbf", 4, false, "????"},
	{"\xed\xa0\x80", 3, false, "???"},                  /* a surrogate */
	{"\xf4\x90\x80\x80", 4, false, "????"},             /* above U+10FFFF */
	{"\xff\xc3\xa4", 3, false, "?\xc3\xa4"},
};
/* clang-format on */

START_TEST(only_what_unicode_allows_is_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(utf8_is_text(cases[i].bytes, cases[i].n) == cases[i].text, "case %zu",
			      i);
}
END_TEST

START_TEST(cleaning_replaces_what_is_not_text_and_nothing_else)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[16];

		if (!cases[i].cleaned)
			continue;
		memcpy(text, cases[i].bytes, cases[i].n);
		text[cases[i].n] = '\0';
		utf8_clean(text);
		ck_assert_str_eq(text, cases[i].cleaned);
	}
}
END_TEST

SUITE("proto/utf8", NULL, NULL, only_what_unicode_allows_is_text,
      cleaning_replaces_what_is_not_text_and_nothing_else)
