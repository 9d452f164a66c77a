/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>

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

static bool is_directory(const char *dir, const char *name)
{
	char path[2 * LIMIT_PATH];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A directory of the host with a whole system in it. "/" is what is explained without any. */
static bool is_root_file_system(const char *path)
{
	struct stat root, st;

	if (!is_directory(path, "etc") || !is_directory(path, "usr") || stat("/", &root) < 0)
		return false;
	return stat(path, &st) == 0 && (st.st_dev != root.st_dev || st.st_ino != root.st_ino);
}

/* Which argument is what: [ROOTFS] [PATH]. *@ret_path: borrowed from @args, or as it was. */
static int take_args(struct settings *s, const struct strv *args, char **ret_path, struct err *e)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < args->n; i++)
		if (!*args->v[i])
			return err_set(e, -EINVAL, ERR_INVALID, "%s is empty; the root is '/'",
				       i + 1 == args->n ? "PATH" : "ROOTFS");
	if (args->n == 2 && s->rootfs.n > 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%s' is too much: the rootfs is given by an option already",
			       args->v[0]);
	if (args->n == 2 || (args->n == 1 && s->rootfs.n == 0 && is_root_file_system(args->v[0])))
		r = mounts_option_rootfs(&s->rootfs, args->v[n++], e);
	if (r == 0 && n < args->n)
		*ret_path = args->v[n];
	return r;
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
	r = take_args(&s, &args, &request.path, e);
	if (r < 0)
		return r;
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
	.args = "[ROOTFS] [PATH]",
	.summary = "Say what would be done to a rootfs; nothing is changed and nothing is run.",
	.notes = "Printed are the family and by what it was recognized, each store with the "
		 "strategy\n"
		 "that would be used, what is skipped and why, the variables that would be set, "
		 "and\n"
		 "under \"native\" the version of the tool whose work is done without running it, "
		 "or\n"
		 "what kept from that.\n\n"
		 "ROOTFS is the same as --rootfs. An only argument is taken as ROOTFS if it is a\n"
		 "directory of this machine that has etc and usr in it, is not /, and neither "
		 "--rootfs\n"
		 "nor --overlay is given; else it is PATH. For a PATH of this machine that looks "
		 "like\n"
		 "a ROOTFS, say --overlay lower=/ too.\n\n"
		 "With PATH, a path of the container (a relative one begins at /), say too what\n"
		 "it leads to before anything is done: a line for each symbolic link that is\n"
		 "followed and one for the end, with the mount that backs it and the layer that\n"
		 "it comes from.\n",
	.options = OPTION_TABLE_INIT(options),
	.max_args = 2,
	.main = explain_main,
};
