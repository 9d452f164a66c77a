/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/output.h"
#include "cli/repair_report.h"
#include "cli/verb.h"
#include "proto/anchord/v1/executor.pb-c.h"

enum { EXIT_LEFT = 1 }; /* something stays */

struct settings {
	struct cli cli;
	bool dry_run;
	bool forget;
};

/* clang-format off */
static const struct option options[] = {
	{"dry-run", 'n', OPTION_FLAG, NULL, "show what is left and what would be done",
	 option_flag, offsetof(struct settings, dry_run)},
	{"forget", '\0', OPTION_FLAG, NULL, "remove the journals of these IDs, undo nothing",
	 option_flag, offsetof(struct settings, forget)},
	CLI_OPTIONS(struct settings),
};
/* clang-format on */

static int print(const struct cli *cli, const char *text, struct err *e)
{
	cleanup_json json_t *document = NULL;
	int r = json_parse(text, strlen(text), &document, e);

	if (r < 0)
		return err_wrap(e, r, "the daemon's answer");
	if (cli->json)
		output_json(stdout, document);
	else
		repair_report_print(stdout, document, clock_wall_usec());
	return json_get_int(document, "n_left", 0) > 0 ? EXIT_LEFT : 0;
}

static int check(const struct settings *s, const struct strv *ids, struct err *e)
{
	if (s->forget && ids->n == 0)
		return err_set(
			e, -EINVAL, ERR_INVALID,
			"--forget needs IDs: a tree that still exists keeps its traces then");
	if (s->forget && s->dry_run)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "--forget and --dry-run exclude each other");
	return 0;
}

static int repair_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__RepairRequest request = ANCHORD__V1__REPAIR_REQUEST__INIT;
	cleanup_strv struct strv ids = STRV(LIMIT_ARGS);
	struct settings s = {0};
	ProtobufCMessage *reply;
	int r;

	r = verb_parse(v, argv, cli, &s, &ids, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = check(&s, &ids, e);
	if (r < 0)
		return r;
	request.dry_run = s.dry_run;
	request.forget = s.forget;
	request.ids = ids.v;
	request.n_ids = ids.n;
	r = verb_ask(&s.cli, "Repair", &request.base, &anchord__v1__repair_response__descriptor,
		     &reply, e);
	if (r == -ENOENT || r == -ECONNREFUSED) /* of the socket; the daemon's own are -EREMOTEIO */
		return err_wrap(e, r, "anchord undoes what is left when it starts");
	if (r < 0)
		return r;
	r = print(&s.cli, ((Anchord__V1__RepairResponse *)reply)->repair_json, e);
	protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

const struct verb verb_repair = {
	.name = "repair",
	.args = "[ID...]",
	.summary = "Undo what execs left that could not be undone when they ended.",
	.notes = "Without IDs, of all. Nothing of an exec that runs is touched. What fails stays, "
		 "and\n"
		 "may be tried again when the cause is removed.\n\n"
		 "--forget is the last resort, for a tree that no longer exists: it removes the "
		 "record\n"
		 "of what the tree was. A tree that does exist keeps the authorities for good.\n\n"
		 "Exit status: 0 when nothing is left, 1 when something stays (--dry-run: when "
		 "there is\n"
		 "something), 125 when anchorctl or anchord failed.\n",
	.options = OPTION_TABLE_INIT(options),
	.max_args = LIMIT_REPAIR_IDS,
	.main = repair_main,
};
