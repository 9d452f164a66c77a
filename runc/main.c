/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchor-runc - an OCI runtime on the command line, in place of runc
 *
 *	anchor-runc [global options] VERB [options] [ARG...]
 *
 * The verbs are the table below; each is a file of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/limits.h"
#include "runc/errors.h"
#include "runc/output.h"
#include "runc/verb.h"

#define DEFAULT_ROOT        "/run/anchor-runc"
#define DEFAULT_AUTHORITIES "/etc/anchord/authorities.d"
#define DEFAULT_TRUST_STATE "/var/lib/anchord/runc"

enum { EXIT_UNKNOWN_VERB = 3 };

static const struct verb *const verbs[] = {
	&verb_checkpoint, &verb_create, &verb_delete, &verb_events, &verb_exec,    &verb_features,
	&verb_kill,       &verb_list,   &verb_pause,  &verb_ps,     &verb_restore, &verb_resume,
	&verb_run,        &verb_spec,   &verb_start,  &verb_state,  &verb_update,
};

#define FIELD(name) offsetof(struct globals, name)
/* clang-format off */
static const struct option options[] = {
	{"root", NULL, "DIR", "where the state of containers is kept (default " DEFAULT_ROOT ")",
	 option_string, FIELD(root)},
	{"log", NULL, "FILE", "where errors go: FILE, file:FILE, syslog:NAME, journald:NAME",
	 option_string, FIELD(log)},
	{"log-format", NULL, "FORMAT", "text (default) or json", option_string, FIELD(log_format)},
	{"debug", NULL, NULL, "log more", option_flag, FIELD(debug)},
	{"systemd-cgroup", NULL, NULL, "let systemd make cgroups; cgroupsPath is slice:prefix:name",
	 option_flag, FIELD(systemd_cgroup)},
	{"cgroup-manager", NULL, "NAME", "cgroupfs (default), systemd or disabled",
	 option_string, FIELD(cgroup_manager)},
	{"authorities", NULL, "DIR",
	 "CAs that containers trust (default $ANCHORD_AUTHORITIES, or " DEFAULT_AUTHORITIES ")",
	 option_string, FIELD(authorities)},
	{"trust-state", NULL, "DIR", "what is to be undone (default " DEFAULT_TRUST_STATE ")",
	 option_string, FIELD(trust_state)},
	{"criu", NULL, "PATH", "accepted, without effect", option_string, FIELD(criu)},
	{"rootless", NULL, "WORD", "accepted, without effect", option_string, FIELD(rootless)},
	{"help", "h", NULL, "show help", option_flag, FIELD(help)},
	{"version", "v", NULL, "print the version", option_flag, FIELD(version)},
};
/* clang-format on */
#undef FIELD

bool globals_use_systemd(const struct globals *g)
{
	return g->cgroup_manager ? strcmp(g->cgroup_manager, "systemd") == 0 : g->systemd_cgroup;
}

bool globals_use_no_cgroup(const struct globals *g)
{
	return g->cgroup_manager && strcmp(g->cgroup_manager, "disabled") == 0;
}

/* ---- help ------------------------------------------------------------------------------ */

static void print_help(void)
{
	puts("NAME:\n   anchor-runc - an OCI runtime whose containers trust the operator's "
	     "certificate authorities\n\nUSAGE:\n"
	     "   anchor-runc [global options] command [command options] [arguments...]\n\n"
	     "COMMANDS:");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("   %-12s%s\n", verbs[i]->name, verbs[i]->summary);
	puts("   help        show this, or the help of a command\n\nGLOBAL OPTIONS:");
	options_help(OPTION_TABLE(options), stdout);
}

static void print_verb_help(const struct verb *v)
{
	printf("NAME:\n   anchor-runc %s - %s\n\nUSAGE:\n   anchor-runc %s%s %s\n", v->name,
	       v->summary, v->name, v->options.n > 0 ? " [command options]" : "", v->args);
	if (v->notes)
		printf("\n%s", v->notes);
	if (v->options.n > 0)
		puts("\nOPTIONS:");
	options_help(v->options, stdout);
}

/* Callers parse it: the first line is runc's, and none after it may say "version". */
static void print_version(void)
{
	puts("runc version 1.1.5+anchord\ncommit: anchord-" ANCHOR_VERSION
	     "\nspec: 1.2.0\nanchord: " ANCHOR_VERSION);
}

/* ---- verbs ----------------------------------------------------------------------------- */

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int check_count(const struct verb *v, const struct strv *args, struct err *e)
{
	if (args->n >= v->min_args && args->n <= v->max_args)
		return 0;
	printf("Incorrect Usage.\n\n");
	print_verb_help(v);
	if (v->min_args == v->max_args)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "anchor-runc: \"%s\" requires exactly %zu argument(s)", v->name,
			       v->min_args);
	if (args->n < v->min_args)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "anchor-runc: \"%s\" requires a minimum of %zu argument(s)", v->name,
			       v->min_args);
	return err_set(e, -EINVAL, ERR_INVALID,
		       "anchor-runc: \"%s\" requires a maximum of %zu argument(s)", v->name,
		       v->max_args);
}

static bool wants_help(const struct verb *v, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0)
			return true;
		if (v->order == OPTION_STOP_AT_ARGS && **words != '-')
			return false;
	}
	return false;
}

/* The exit status of a verb's failure. */
static int fail(const struct verb *v, struct err *e)
{
	char sentence[2 * ERR_MSG_MAX];

	errors_lower(e);
	snprintf(sentence, sizeof(sentence), "%s%s%s", v->failure ? v->failure : "",
		 v->failure ? ": " : "", e->msg);
	output_error(sentence);
	return v->failure_status ? v->failure_status : 1;
}

static int call_verb(const struct verb *v, const struct call *call)
{
	struct err e = ERR_NONE;
	int r = v->main(call, &e);

	fflush(stdout);
	return r < 0 ? fail(v, &e) : r;
}

static int run_verb(const struct verb *v, char *const *argv, const struct globals *g)
{
	cleanup_strv struct strv args = STRV(VERB_MANY_ARGS);
	cleanup_free void *settings = calloc(1, v->settings_size + 1);
	const struct call call = {.globals = g, .settings = settings, .args = &args};
	struct err e = ERR_NONE;
	int r = 1;

	if (wants_help(v, (const char *const *)argv)) {
		print_verb_help(v);
		return 0;
	}
	if (!settings) {
		output_error("out of memory");
		return 1;
	}
	if (options_parse(v->options, v->order, argv, settings, &args, &e) < 0) {
		printf("Incorrect Usage: %s\n\n", e.msg);
		print_verb_help(v);
	} else if (check_count(v, &args, &e) == 0) {
		r = call_verb(v, &call);
	}
	options_done(v->options, settings);
	fflush(stdout);
	if (e.code)
		output_error(e.msg);
	return r;
}

/* ---- the program ----------------------------------------------------------------------- */

static int unknown_verb(const char *name)
{
	char sentence[LIMIT_ID * 2];

	snprintf(sentence, sizeof(sentence), "No help topic for '%.64s'", name);
	output_error(sentence);
	return EXIT_UNKNOWN_VERB;
}

static int help_for(const char *name)
{
	const struct verb *v = name ? find_verb(name) : NULL;

	if (name && !v)
		return unknown_verb(name);
	if (v)
		print_verb_help(v);
	else
		print_help();
	return 0;
}

static int dispatch(const struct globals *g, const struct strv *rest)
{
	const char *name = rest->n > 0 ? rest->v[0] : NULL;
	const struct verb *v;

	if (g->version) {
		print_version();
		return 0;
	}
	if (g->help || !name)
		return help_for(name);
	if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)
		return help_for(rest->n > 1 ? rest->v[1] : NULL);
	v = find_verb(name);
	return v ? run_verb(v, rest->v + 1, g) : unknown_verb(name);
}

static int check_globals(struct globals *g, struct err *e)
{
	static const char *const managers[] = {"cgroupfs", "systemd", "disabled"};

	if (output_setup(g->log, g->log_format, g->debug, e) < 0)
		return e->code;
	if (!g->root || !*g->root)
		g->root = DEFAULT_ROOT;
	for (size_t i = 0; g->cgroup_manager && i < ARRAY_SIZE(managers); i++)
		if (strcmp(managers[i], g->cgroup_manager) == 0)
			return 0;
	if (g->cgroup_manager)
		return err_set(e, -EINVAL, ERR_INVALID, "unknown cgroup manager '%.40s'",
			       g->cgroup_manager);
	return 0;
}

/* What is opened later must not become a stream of a container. */
static void open_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return;
}

int main(int argc, char **argv)
{
	cleanup_strv struct strv rest = STRV(VERB_MANY_ARGS);
	const char *authorities = getenv("ANCHORD_AUTHORITIES");
	struct globals g = {
		.authorities = authorities && *authorities ? authorities : DEFAULT_AUTHORITIES,
		.trust_state = DEFAULT_TRUST_STATE,
	};
	struct err e = ERR_NONE;

	open_streams();
	if (options_parse(OPTION_TABLE(options), OPTION_STOP_AT_ARGS, argv + (argc > 0), &g, &rest,
			  &e) < 0) {
		printf("Incorrect Usage. %s\n\n", e.msg);
		print_help();
	} else if (check_globals(&g, &e) == 0) {
		return dispatch(&g, &rest);
	}
	fflush(stdout);
	output_error(e.msg);
	return 1;
}
