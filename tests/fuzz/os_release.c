/* SPDX-License-Identifier: Apache-2.0 */
/* distro/os_release.h: words are inside of the text, without blanks, and finite. */
#include "distro/os_release.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void walk(const char *text, size_t n, const char *key)
{
	struct os_release_words words = os_release_get(text, key);
	size_t n_words = 0;
	const char *word;
	size_t size;

	while (os_release_next(&words, &word, &size)) {
		fuzz_promise(word >= text && word + size <= text + n, "%s outside", key);
		fuzz_promise(size > 0 && ++n_words <= n, "endless %s", key);
		for (size_t i = 0; i < size; i++)
			fuzz_promise(word[i] != ' ' && word[i] != '\t' && word[i] != '\n',
				     "a blank in %s", key);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);

	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	walk(text, n, "ID");
	walk(text, n, "ID_LIKE");
	walk(text, n, "");
	free(text);
	return 0;
}
