/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "cli/verb.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct settings {
	struct cli cli;
	bool reload;
};

/* clang-format off */
static const struct option options[] = {
	{"reload", '\0', OPTION_FLAG, NULL, "read the authorities directory again first",
	 option_flag, offsetof(struct settings, reload)},
	CLI_OPTIONS(struct settings),
};
/* clang-format on */

static int authorities_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__AuthoritiesRequest request = ANCHORD__V1__AUTHORITIES_REQUEST__INIT;
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	struct settings s = {0};
	ProtobufCMessage *reply;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	request.reload = s.reload;
	r = verb_ask(&s.cli, "Authorities", &request.base,
		     &anchord__v1__authorities_response__descriptor, &reply, e);
	if (r < 0)
		return r;
	r = verb_print_document(&s.cli,
				((Anchord__V1__AuthoritiesResponse *)reply)->authorities_json, e);
	protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

const struct verb verb_authorities = {
	.name = "authorities",
	.args = "",
	.summary = "List the certificate authorities that containers are made to trust.",
	.options = OPTION_TABLE_INIT(options),
	.main = authorities_main,
};
