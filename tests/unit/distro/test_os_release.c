/* SPDX-License-Identifier: Apache-2.0 */
#include "distro/os_release.h"

#include <string.h>

#include "base/buf.h"
#include "tests/support/suite.h"

/* The words, joined by '|'. */
static char *words_of(const char *text, const char *key)
{
	struct os_release_words words = os_release_get(text, key);
	struct buf b = BUF(4096);
	const char *word;
	size_t n;

	buf_add(&b, "", 0, NULL);
	while (os_release_next(&words, &word, &n))
		buf_addf(&b, NULL, "%s%.*s", b.n ? "|" : "", (int)n, word);
	return buf_take(&b);
}

START_TEST(words_of_a_value_are_found)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"ID=debian", "debian"},
		{"ID=debian\n", "debian"},
		{"ID=\"debian\"\n", "debian"},
		{"ID='debian'\n", "debian"},
		{"ID=\"a b  c\"\n", "a|b|c"},
		{"ID=\" a\tb \"\n", "a|b"},
		{"ID=\n", ""},
		{"ID=\"\"\n", ""},
		{"ID=a\r\n", "a"},
		{"ID=a  \n", "a"},
		{"ID=\"a'\n", "\"a'"},
		{"ID=\"\n", "\""},
		{"ID_LIKE=b\nVERSION_ID=c\nID=a\n", "a"},
		{"XID=b\n", ""},
		{"#ID=b\n", ""},
		{"ID\n=b\n", ""},
		{"ID=first\nID=last\n", "last"},
		{"ID=first\nID=\n", ""},
		{"\n\n\nID=a\n\n", "a"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *got = words_of(rows[i][0], "ID");

		ck_assert_msg(strcmp(got, rows[i][1]) == 0, "%s: '%s'", rows[i][0], got);
	}
}
END_TEST

START_TEST(no_mutation_crashes_the_reader)
{
	static const char start[] = "NAME=\"x y\"\nID=debian\nID_LIKE='a b c'\n";
	unsigned dice = 1;

	for (int i = 0; i < 20000; i++) {
		cleanup_free char *text = strdup(start);
		cleanup_free char *got = NULL;

		for (int k = 0; k < 3; k++) {
			size_t at = (dice = dice * 1103515245u + 12345u) / 7 % strlen(start);

			text[at] = (char)("\n='\"\0 \\I"[dice / 65536 % 8]);
		}
		got = words_of(text, i % 2 ? "ID" : "ID_LIKE");
	}
}
END_TEST

SUITE("distro/os_release", NULL, NULL, words_of_a_value_are_found, no_mutation_crashes_the_reader)
