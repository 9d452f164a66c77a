/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "cli/environment.h"
#include "cli/mounts.h"
#include "cli/trust.h"
#include "cli/verb.h"

struct settings {
	struct cli cli;
	struct mounts rootfs;
	struct mounts mounts;
	bool readonly;
	struct strv env;
	struct trust_policy policy;
};

/* clang-format off */
static const struct option options[] = {
	MOUNTS_OPTIONS(struct settings),
	{"read-only", '\0', OPTION_FLAG, NULL, "the rootfs can't be written",
	 option_flag, offsetof(struct settings, readonly)},
	{"env", 'e', OPTION_VALUE, "NAME[=value]", "the command's environment, as for run",
	 environment_option, offsetof(struct settings, env)},
	TRUST_OPTIONS(struct settings),
	CLI_OPTIONS(struct settings),
};
/* clang-format on */

static void settings_done(struct settings *s)
{
	mounts_done(&s->rootfs);
	mounts_done(&s->mounts);
	strv_done(&s->env);
	trust_policy_done(&s->policy);
}

static int explain_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__ExplainRequest request = ANCHORD__V1__EXPLAIN_REQUEST__INIT;
	Anchord__V1__TrustPolicy policy = ANCHORD__V1__TRUST_POLICY__INIT;
	cleanup(settings_done) struct settings s = {.env = STRV(LIMIT_ENV)};
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	ProtobufCMessage *reply;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (args.n > 0 && !*args.v[0])
		return err_set(e, -EINVAL, ERR_INVALID, "PATH is empty; the root is '/'");
	if (args.n > 0)
		request.path = args.v[0];
	request.rootfs = s.rootfs.v;
	request.n_rootfs = s.rootfs.n;
	request.mounts = s.mounts.v;
	request.n_mounts = s.mounts.n;
	request.readonly_rootfs = s.readonly;
	request.env = s.env.v;
	request.n_env = s.env.n;
	trust_policy_message(&s.policy, &policy);
	request.trust_policy = &policy;
	r = verb_ask(&s.cli, "Explain", &request.base, &anchord__v1__explain_response__descriptor,
		     &reply, e);
	if (r < 0)
		return r;
	r = verb_print_document(&s.cli, ((Anchord__V1__ExplainResponse *)reply)->plan_json, e);
	protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

const struct verb verb_explain = {
	.name = "explain",
	.args = "[PATH]",
	.summary = "Say what would be done to a rootfs; nothing is changed and nothing is run.",
	.notes = "With PATH, a path of the container (a relative one begins at /), say too what\n"
		 "it leads to before anything is done: a line for each symbolic link that is\n"
		 "followed and one for the end, with the mount that backs it and the layer that\n"
		 "it comes from.\n",
	.options = OPTION_TABLE_INIT(options),
	.max_args = 1,
	.main = explain_main,
};
