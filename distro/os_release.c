/* SPDX-License-Identifier: Apache-2.0 */
#include "distro/os_release.h"

#include <string.h>

struct os_release_words os_release_get(const char *text, const char *key)
{
	struct os_release_words found = {NULL, NULL};
	size_t n_key = strlen(key);

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, key, n_key) == 0 && line[n_key] == '=') {
			found.at = line + n_key + 1;
			found.end = end;
		}
		line = *end ? end + 1 : end;
	}
	while (found.end > found.at && strchr(" \t\r", found.end[-1]))
		found.end--;
	if (found.end - found.at >= 2 && strchr("'\"", found.at[0]) &&
	    found.end[-1] == found.at[0]) {
		found.at++;
		found.end--;
	}
	return found;
}

bool os_release_next(struct os_release_words *words, const char **ret_word, size_t *ret_n)
{
	const char *start;

	while (words->at < words->end && strchr(" \t", *words->at))
		words->at++;
	start = words->at;
	while (words->at < words->end && !strchr(" \t", *words->at))
		words->at++;
	*ret_word = start;
	*ret_n = (size_t)(words->at - start);
	return *ret_n > 0;
}
