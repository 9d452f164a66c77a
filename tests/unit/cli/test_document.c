/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/json.h"
#include "cli/output.h"
#include "tests/support/suite.h"

#include <string.h>

/* What output_document() prints of a JSON text; the caller frees it. */
static char *printed(const char *text)
{
	cleanup_json json_t *j = NULL;
	struct err e = ERR_NONE;
	char *out = NULL;
	size_t n = 0;
	FILE *f;

	ck_ok(json_parse(text, strlen(text), &j, &e), e);
	f = open_memstream(&out, &n);
	output_document(f, j);
	fclose(f);
	return out;
}

START_TEST(a_document_is_printed_for_people)
{
	cleanup_free char *out = printed(
		"{\"family\": \"debian\", \"install_usec\": 1234, \"created_at_usec\": 5,"
		" \"empty\": [], \"missing\": null, \"undone\": true,"
		" \"stores\": [{\"path\": \"/a\", \"how\": \"append\"}, {\"path\": \"/b\"}],"
		" \"words\": [\"x\", \"y\"], \"phases_usec\": {\"finish\": 7}}");

	ck_assert_str_eq(out, "family: debian\n"
			      "install: 1.23 ms\n"
			      "created at usec: 5\n"
			      "undone: yes\n"
			      "stores:\n"
			      "  - path: /a\n"
			      "    how: append\n"
			      "  - path: /b\n"
			      "words:\n"
			      "  - x\n"
			      "  - y\n"
			      "phases:\n"
			      "  finish: 7 us\n");
}
END_TEST

START_TEST(a_step_of_a_path_is_one_line)
{
	cleanup_free char *out = printed(
		"{\"path\": {\"asked\": \"bin/sh\", \"steps\": ["
		" {\"path\": \"/bin/sh\", \"type\": \"link\", \"target\": \"da\\nsh\","
		"  \"mount\": \"/\", \"layer\": \"overlay lower 2 '/x'\"},"
		" {\"path\": \"/bin/dash\", \"type\": \"file\", \"mount\": \"/bin\","
		"  \"layer\": \"overlay upper '/u'\", \"content\": \"overlay lower 1 '/l'\"}]},"
		" \"stores\": [{\"path\": \"/a\", \"mount\": 1, \"layer\": 2}]}");

	ck_assert_str_eq(out,
			 "path:\n"
			 "  asked: bin/sh\n"
			 "  steps:\n"
			 "    - /bin/sh  link -> da\\x0ash  (mount /, overlay lower 2 '/x')\n"
			 "    - /bin/dash  file  (mount /bin, overlay upper '/u'; content: overlay"
			 " lower 1 '/l')\n"
			 "stores:\n"
			 "  - path: /a\n"
			 "    mount: 1\n"
			 "    layer: 2\n");
}
END_TEST

START_TEST(control_characters_never_reach_the_terminal)
{
	cleanup_free char *out = printed("{\"id\": \"a\\u001b[2Jb\\n\"}");

	ck_assert_str_eq(out, "id: a\\x1b[2Jb\\x0a\n");
}
END_TEST

SUITE("cli/document", NULL, NULL, a_document_is_printed_for_people, a_step_of_a_path_is_one_line,
      control_characters_never_reach_the_terminal)
