/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci/fixtures.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/suite.h"

enum { TEXT_MAX = 1 << 16 };

char *fixture_text(const char *name, size_t *ret_n)
{
	char path[300];
	char *text = malloc(TEXT_MAX);
	FILE *f;

	snprintf(path, sizeof(path), FIXTURES "/%s.json", name);
	f = fopen(path, "re");
	ck_assert_msg(f && text, "%s", path);
	*ret_n = fread(text, 1, TEXT_MAX - 1, f);
	text[*ret_n] = '\0';
	fclose(f);
	return text;
}
