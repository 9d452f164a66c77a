/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "cli/verb.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct settings {
	struct cli cli;
};

static const struct option options[] = {CLI_OPTIONS(struct settings)};

static int info_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__InfoRequest request = ANCHORD__V1__INFO_REQUEST__INIT;
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	struct settings s = {0};
	ProtobufCMessage *reply;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = verb_ask(&s.cli, "Info", &request.base, &anchord__v1__info_response__descriptor, &reply,
		     e);
	if (r < 0)
		return r;
	r = verb_print_document(&s.cli, ((Anchord__V1__InfoResponse *)reply)->info_json, e);
	protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

const struct verb verb_info = {
	.name = "info",
	.args = "",
	.summary = "Show the daemon: version, directories, what it recovered and what is left.",
	.options = OPTION_TABLE_INIT(options),
	.main = info_main,
};
