/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/limits.h"
#include "cli/environment.h"
#include "cli/forward.h"
#include "cli/mounts.h"
#include "cli/output.h"
#include "cli/trust.h"
#include "cli/verb.h"

enum { MADE_UP_ID = 17 /* bytes with the final NUL */ };

struct network {
	Anchord__V1__Network__Mode mode;
	const char *path;
};

struct receipt {
	bool wanted;
	const char *file; /* NULL: standard error */
};

struct settings {
	struct cli cli;
	struct mounts rootfs;
	struct mounts mounts;
	const char *upper;
	bool readonly;
	bool init;
	struct strv env;
	const char *user;
	const char *cwd;
	const char *hostname;
	const char *id;
	struct network network;
	Anchord__V1__Trust trust;
	struct trust_policy policy;
	struct receipt receipt;
};

static int option_network(void *field, const char *value, struct err *e)
{
	struct network *n = field;

	if (strcmp(value, "host") == 0)
		*n = (struct network){.mode = ANCHORD__V1__NETWORK__MODE__HOST};
	else if (strcmp(value, "none") == 0)
		*n = (struct network){.mode = ANCHORD__V1__NETWORK__MODE__NONE};
	else if (value[0] == '/')
		*n = (struct network){.mode = ANCHORD__V1__NETWORK__MODE__PATH, .path = value};
	else
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%s' is not known; say host, none, or the absolute path of a "
			       "network namespace",
			       value);
	return 0;
}

static int option_trust(void *field, const char *value, struct err *e)
{
	static const struct {
		const char *word;
		Anchord__V1__Trust trust;
	} words[] = {
		{"on", ANCHORD__V1__TRUST__TRUST_ON},
		{"off", ANCHORD__V1__TRUST__TRUST_OFF},
		{"require", ANCHORD__V1__TRUST__TRUST_REQUIRE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, value) == 0) {
			*(Anchord__V1__Trust *)field = words[i].trust;
			return 0;
		}
	}
	return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not known; say on, off or require", value);
}

static int option_receipt(void *field, const char *value, struct err *e)
{
	(void)e;
	*(struct receipt *)field = (struct receipt){.wanted = true, .file = value};
	return 0;
}

/* clang-format off */
static const struct option options[] = {
	MOUNTS_OPTIONS(struct settings),
	{"upper", '\0', OPTION_VALUE, "DIR", "with the built-in rootfs: keep what is written in DIR",
	 option_string, offsetof(struct settings, upper)},
	{"read-only", '\0', OPTION_FLAG, NULL, "the rootfs can't be written",
	 option_flag, offsetof(struct settings, readonly)},
	{"init", '\0', OPTION_FLAG, NULL,
	 "process 1 reaps and forwards signals; the command is process 2",
	 option_flag, offsetof(struct settings, init)},
	{"env", 'e', OPTION_VALUE, "NAME[=value]", "set a variable, or copy the caller's",
	 environment_option, offsetof(struct settings, env)},
	{"user", 'u', OPTION_VALUE, "USER[:GROUP]", "names of the rootfs, or numbers (default root)",
	 option_string, offsetof(struct settings, user)},
	{"cwd", 'w', OPTION_VALUE, "DIR", "working directory in the container (default /)",
	 option_string, offsetof(struct settings, cwd)},
	{"hostname", '\0', OPTION_VALUE, "NAME", "host name in the container",
	 option_string, offsetof(struct settings, hostname)},
	{"network", '\0', OPTION_VALUE, "host|none|PATH",
	 "the host's network (default), loopback only, or a namespace",
	 option_network, offsetof(struct settings, network)},
	{"ca", '\0', OPTION_VALUE, "on|off|require",
	 "trust the operator's authorities: on (default) goes on without them if it must",
	 option_trust, offsetof(struct settings, trust)},
	TRUST_OPTIONS(struct settings),
	{"id", '\0', OPTION_VALUE, "ID", "name of the exec (default: made up)",
	 option_string, offsetof(struct settings, id)},
	{"receipt", '\0', OPTION_MAY_VALUE, "FILE",
	 "afterwards say what was done, on standard error or as JSON to FILE",
	 option_receipt, offsetof(struct settings, receipt)},
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

/* Everything in @ret is borrowed from @s, @args and @env. */
static void build_request(const struct settings *s, const struct strv *args, const struct strv *env,
			  Anchord__V1__Network *network, Anchord__V1__Stdio *stdio,
			  Anchord__V1__TrustPolicy *policy, Anchord__V1__RunRequest *ret)
{
	char *const empty = (char *)protobuf_c_empty_string;

	network->mode = s->network.mode;
	network->path = s->network.path ? (char *)s->network.path : empty;
	stdio->stdin = (char *)"fd:0";
	stdio->stdout = (char *)"fd:1";
	stdio->stderr = (char *)"fd:2";

	ret->id = (char *)s->id;
	ret->rootfs = s->rootfs.v;
	ret->n_rootfs = s->rootfs.n;
	ret->mounts = s->mounts.v;
	ret->n_mounts = s->mounts.n;
	ret->readonly_rootfs = s->readonly;
	ret->init = s->init;
	ret->args = args->v;
	ret->n_args = args->n;
	ret->env = env->v;
	ret->n_env = env->n;
	ret->cwd = s->cwd ? (char *)s->cwd : empty;
	ret->user = s->user ? (char *)s->user : empty;
	ret->hostname = s->hostname ? (char *)s->hostname : empty;
	ret->network = network;
	ret->stdio = stdio;
	ret->trust = s->trust;
	trust_policy_message(&s->policy, policy);
	ret->trust_policy = policy;
	ret->until = ANCHORD__V1__UNTIL__UNTIL_STARTED;
	ret->lease = ANCHORD__V1__LEASE__LEASE_CONNECTION;
	ret->default_upper = s->upper ? (char *)s->upper : empty;
}

static void free_client_p(struct ttrpc_client **c)
{
	*c = ttrpc_client_free(*c);
}

static void free_message_p(ProtobufCMessage **m)
{
	if (*m)
		protobuf_c_message_free_unpacked(*m, NULL);
}

/*
 * Send, forward signals while waiting, open the reply. @id as in forward_wait().
 * Returns: 0; FORWARD_ENDED; -errno.
 */
static int ask(struct ttrpc_client *c, struct forward *f, const char *id, const char *method,
	       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
	       ProtobufCMessage **ret, int *ret_signal, struct err *e)
{
	uint32_t call;
	int r;

	r = ttrpc_client_send(c, method, request, /* timeout_nano= */ 0, &call, e);
	if (r < 0)
		return r;
	r = forward_wait(f, c, call, id, ret_signal, e);
	return r != 0 ? r : ttrpc_client_finish(c, call, type, ret, e);
}

static void print_warning(const char *text, const char *path)
{
	output_text(stderr, OUTPUT_WARN, "anchorctl: warning: ");
	if (path) {
		output_text(stderr, OUTPUT_PLAIN, path);
		output_text(stderr, OUTPUT_PLAIN, ": ");
	}
	output_text(stderr, OUTPUT_PLAIN, text ? text : "?");
	fputc('\n', stderr);
}

/* What went wrong with the authorities reaches the caller also when no receipt was asked for. */
static void print_warnings(const json_t *receipt)
{
	const json_t *trust = json_object_get(receipt, "trust");
	const char *result = json_get_string(trust, "result");
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(trust, "warnings"), i, entry)
		print_warning(json_string_value(entry), NULL);
	if (!result || (strcmp(result, "skipped") != 0 && strcmp(result, "partial") != 0))
		return;
	json_array_foreach (json_object_get(trust, "skipped"), i, entry)
		print_warning(json_get_string(entry, "reason"), json_get_string(entry, "path"));
}

static int print_receipt(const struct settings *s, const char *text, FILE *file, struct err *e)
{
	cleanup_json json_t *receipt = NULL;
	int r;

	r = json_parse(text, strlen(text), &receipt, e);
	if (r < 0)
		return err_wrap(e, r, "the receipt");
	if (file) {
		output_json(file, receipt);
		if (fflush(file) != 0)
			return err_sys(e, "writing the receipt to '%s'", s->receipt.file);
	} else if (s->receipt.wanted && s->cli.json) {
		output_json(stderr, receipt);
	} else if (s->receipt.wanted) {
		output_document(stderr, receipt);
	}
	if (!s->receipt.wanted && !s->cli.json)
		print_warnings(receipt);
	return 0;
}

/* The exec has ended and is undone: make the daemon forget it before the caller goes on. */
static int forget(struct ttrpc_client *c, const char *id, struct err *e)
{
	Anchord__V1__DeleteRequest request = ANCHORD__V1__DELETE_REQUEST__INIT;
	cleanup(free_message_p) ProtobufCMessage *reply = NULL;

	request.id = (char *)id;
	return ttrpc_client_call(c, "Delete", &request.base,
				 &anchord__v1__delete_response__descriptor, &reply, e);
}

/* Returns the container's exit status, or -errno. */
static int wait_for_exit(const struct settings *s, struct ttrpc_client *c, struct forward *f,
			 const char *id, FILE *receipt_file, struct err *e)
{
	Anchord__V1__WaitRequest request = ANCHORD__V1__WAIT_REQUEST__INIT;
	cleanup(free_message_p) ProtobufCMessage *reply = NULL;
	const Anchord__V1__WaitResponse *ended;
	int signal_number;
	int r;

	request.id = (char *)id;
	r = ask(c, f, id, "Wait", &request.base, &anchord__v1__wait_response__descriptor, &reply,
		&signal_number, e);
	if (r == FORWARD_ENDED)
		return 128 + signal_number;
	if (r < 0)
		return r;
	ended = (const Anchord__V1__WaitResponse *)reply;
	r = print_receipt(s, ended->receipt_json, receipt_file, e);
	if (r >= 0)
		r = forget(c, id, e);
	if (r < 0)
		return r;
	return ended->exit ? (int)ended->exit->code : 0;
}

/* Returns the container's exit status, or -errno. */
static int run(const struct settings *s, const Anchord__V1__RunRequest *request, FILE *receipt_file,
	       struct err *e)
{
	cleanup(free_client_p) struct ttrpc_client *c = NULL;
	cleanup(free_message_p) ProtobufCMessage *reply = NULL;
	cleanup_forward struct forward f = {.fd = -EBADF};
	int signal_number;
	int r;

	r = ttrpc_client_new(s->cli.socket, &c, e);
	if (r < 0)
		return r;
	r = forward_init(&f, e);
	if (r < 0)
		return r;
	r = ask(c, &f, request->id, "Run", &request->base, &anchord__v1__run_response__descriptor,
		&reply, &signal_number, e);
	if (r == FORWARD_ENDED)
		return 128 + signal_number;
	if (r < 0)
		return r;
	return wait_for_exit(s, c, &f, request->id, receipt_file, e);
}

/* Ours from the start, so that a signal can name the exec before the daemon has answered. */
static int make_up_id(char ret[MADE_UP_ID], struct err *e)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(e, "making up an id");
	snprintf(ret, MADE_UP_ID, "%016" PRIx64, random);
	return 0;
}

static int run_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	Anchord__V1__RunRequest request = ANCHORD__V1__RUN_REQUEST__INIT;
	Anchord__V1__Network network = ANCHORD__V1__NETWORK__INIT;
	Anchord__V1__Stdio stdio = ANCHORD__V1__STDIO__INIT;
	Anchord__V1__TrustPolicy policy = ANCHORD__V1__TRUST_POLICY__INIT;
	cleanup(settings_done) struct settings s = {.env = STRV(LIMIT_ENV)};
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	cleanup_strv struct strv env = STRV(LIMIT_ENV);
	cleanup_free char *upper = NULL;
	char id[MADE_UP_ID];
	cleanup_fclose FILE *receipt_file = NULL;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (s.upper && s.rootfs.n > 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "--upper is for the built-in rootfs; an overlay of your own names "
			       "its upper in --overlay");
	if (s.upper) {
		r = mounts_host_path(s.upper, &upper, e);
		if (r < 0)
			return r;
		s.upper = upper;
	}
	if (!s.id) {
		r = make_up_id(id, e);
		if (r < 0)
			return r;
		s.id = id;
	}
	r = environment_build(&s.env, &env, e);
	if (r < 0)
		return r;
	if (s.receipt.file) {
		receipt_file = fopen(s.receipt.file, "we");
		if (!receipt_file)
			return err_sys(e, "opening '%s' for the receipt", s.receipt.file);
	}
	build_request(&s, &args, &env, &network, &stdio, &policy, &request);
	return run(&s, &request, receipt_file, e);
}

const struct verb verb_run = {
	.name = "run",
	.args = "[--] COMMAND [ARG...]",
	.summary = "Run a command in a container, with this standard input, output and error.",
	.notes = "Without --rootfs or --overlay the container sees the host's own files, and what\n"
		 "it writes is thrown away.\n\n"
		 "Signals are handed on to the command; the third interrupt (Ctrl-C) kills it.\n\n"
		 "  anchorctl run curl https://registry.example/\n"
		 "  anchorctl run --overlay lower=/img/2:/img/1,upper=u,work=w --user nobody -- "
		 "make\n",
	.options = OPTION_TABLE_INIT(options),
	.order = OPTION_STOP_AT_COMMAND,
	.min_args = 1,
	.max_args = LIMIT_ARGS,
	.main = run_main,
};
