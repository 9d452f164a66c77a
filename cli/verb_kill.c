/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "base/limits.h"
#include "base/signals.h"
#include "cli/verb.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct settings {
	struct cli cli;
	int signal;
	bool all;
};

static int option_signal(void *field, const char *value, struct err *e)
{
	return signals_parse(value, field, e);
}

/* clang-format off */
static const struct option options[] = {
	{"signal", 's', OPTION_VALUE, "NAME|N", "the signal to send (default TERM)",
	 option_signal, offsetof(struct settings, signal)},
	{"all", 'a', OPTION_FLAG, NULL, "send SIGKILL to every process of the container",
	 option_flag, offsetof(struct settings, all)},
	CLI_OPTIONS(struct settings),
};
/* clang-format on */

static int kill_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__KillRequest request = ANCHORD__V1__KILL_REQUEST__INIT;
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	struct settings s = {.signal = SIGTERM};
	ProtobufCMessage *reply;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	request.id = args.v[0];
	request.signal = (uint32_t)s.signal;
	request.all = s.all;
	r = verb_ask(&s.cli, "Kill", &request.base, &anchord__v1__kill_response__descriptor, &reply,
		     e);
	if (r < 0)
		return r;
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

const struct verb verb_kill = {
	.name = "kill",
	.args = "ID",
	.summary = "Send a signal to the process of an exec, or kill the whole container.",
	.notes = "The first process of a container ignores signals that it has no handler for,\n"
		 "save KILL and STOP; --all always works.\n",
	.options = OPTION_TABLE_INIT(options),
	.min_args = 1,
	.max_args = 1,
	.main = kill_main,
};
