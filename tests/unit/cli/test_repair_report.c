/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/repair_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "tests/support/suite.h"

static void expect(const char *text, const char *wanted)
{
	cleanup_free char *out = NULL;
	cleanup_json json_t *j = NULL;
	struct err e = ERR_NONE;
	size_t n = 0;
	FILE *f;

	ck_ok(json_parse(text, strlen(text), &j, &e), e);
	f = open_memstream(&out, &n);
	repair_report_print(f, j, 200 * 1000000ull);
	fclose(f);
	ck_assert_str_eq(out, wanted);
}

START_TEST(what_was_undone_says_what_was_done)
{
	expect("{\"n_leftovers\": 1, \"n_left\": 0, \"leftovers\": [{\"id\": \"a\", \"upper\": "
	       "\"/u\","
	       " \"began_at_usec\": 80000000, \"rootfs\": \"/r\", \"family\": \"debian\","
	       " \"touched\": [\"/x\"], \"n_changes\": 5, \"changes\": ["
	       "  {\"path\": \"/x\", \"change\": \"drop\"}, {\"path\": \"/y\\n\", \"change\": "
	       "\"new\"}],"
	       " \"n_kept\": 1, \"kept\": [\"/z\"], \"result\": \"undone\"}]}",
	       "a: undone, begun 2 min ago\n"
	       "  rootfs: /r\n"
	       "  upper: /u\n"
	       "  family: debian\n"
	       "  the undo did:\n"
	       "    take out of the layer /x\n"
	       "    new /y\\x0a\n"
	       "    and 3 more\n"
	       "  keeps what the user changed:\n"
	       "    /z\n"
	       "nothing is left any more of 1\n");
}
END_TEST

START_TEST(what_failed_says_why_and_what_to_do)
{
	expect("{\"n_leftovers\": 4, \"n_left\": 3, \"n_omitted\": 2, \"leftovers\": ["
	       "{\"id\": \"b\", \"result\": \"failed\", \"touched\": [\"/t\"], \"n_touched\": 1,"
	       " \"error\": \"no tree\", \"advice\": \"mount it\"},"
	       "{\"id\": \"c\", \"result\": \"forgotten\", \"throwaway\": true}]}",
	       "b: failed\n"
	       "  had touched:\n"
	       "    /t\n"
	       "  error: no tree\n"
	       "  what to do: mount it\n"
	       "c: forgotten\n"
	       "  its layer is thrown away with it\n"
	       "and 2 more\n"
	       "3 of 4 left\n");
}
END_TEST

START_TEST(a_document_of_nonsense_is_survived)
{
	expect("{}", "nothing is left\n");
	expect("{\"leftovers\": [7, {\"id\": 5, \"changes\": [1], \"kept\": [2], \"n_kept\": "
	       "\"x\"}]}",
	       "?: ?\n"
	       "?: ?\n"
	       "  the undo is to:\n"
	       "    ? ?\n"
	       "  keeps what the user changed:\n"
	       "    ?\n"
	       "nothing is left\n");
}
END_TEST

SUITE("cli/repair_report", NULL, NULL, what_was_undone_says_what_was_done,
      what_failed_says_why_and_what_to_do, a_document_of_nonsense_is_survived)
