/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchorctl - the command line of anchord
 *
 *	anchorctl [--socket PATH] VERB [options] [ARG...]
 *
 * The verbs are the table below; each is a file of its own.
 */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/suggest.h"
#include "cli/output.h"
#include "cli/verb.h"

static const struct verb *const verbs[] = {
	&verb_run, &verb_ps, &verb_kill, &verb_explain, &verb_authorities, &verb_info, &verb_repair,
};

struct settings {
	struct cli cli;
	bool version;
};

/* clang-format off */
static const struct option options[] = {
	CLI_OPTIONS(struct settings),
	{"version", '\0', OPTION_FLAG, NULL, "print the version", option_flag,
	 offsetof(struct settings, version)},
};
/* clang-format on */

static void print_help(void)
{
	puts("Usage: anchorctl [options] VERB [options] [ARG...]\n\n"
	     "Run containers that trust the operator's certificate authorities.\n\nVerbs:");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-12s  %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\nOptions:");
	options_help(OPTION_TABLE(options), stdout);
	puts("\nanchorctl VERB --help says more. Exit status: that of the container; 125 when\n"
	     "anchorctl or anchord failed, 126 when the command can't be executed, 127 when it\n"
	     "was not found.");
}

static int find_verb(const char *name, const struct verb **ret, struct err *e)
{
	struct suggest s = suggest_for(name, strlen(name));

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0) {
			*ret = verbs[i];
			return 0;
		}
		suggest_offer(&s, verbs[i]->name);
	}
	if (s.best)
		return err_set(e, -EINVAL, ERR_INVALID, "unknown verb '%s'; did you mean '%s'?",
			       name, s.best);
	return err_set(e, -EINVAL, ERR_INVALID,
		       "unknown verb '%s'; anchorctl --help lists what there is", name);
}

/* Returns an exit status, or -errno. @cli is filled as far as the arguments were understood. */
static int dispatch(char *const *argv, struct cli *cli, struct err *e)
{
	cleanup_strv struct strv rest = STRV(LIMIT_ARGS);
	struct settings s = {.cli = *cli};
	const struct verb *verb = NULL;
	int r;

	r = options_parse(OPTION_TABLE(options), OPTION_STOP_AT_COMMAND, argv, &s, &rest, e);
	*cli = s.cli;
	if (r < 0)
		return r;
	if (s.version) {
		puts("anchorctl " ANCHOR_VERSION);
		return 0;
	}
	if (cli->help) {
		print_help();
		return 0;
	}
	if (rest.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "what to do? Say a verb, such as 'anchorctl run COMMAND'; "
			       "anchorctl --help lists them");
	r = find_verb(rest.v[0], &verb, e);
	return r < 0 ? r : verb->main(verb, rest.v + 1, cli, e);
}

int main(int argc, char **argv)
{
	const char *socket = getenv("ANCHORD_SOCKET");
	struct cli cli = {.socket = socket && *socket ? socket : CLI_SOCKET_DEFAULT};
	struct err e = ERR_NONE;
	int r;

	r = dispatch(argv + (argc > 0), &cli, &e);
	if (r >= 0)
		return r;
	output_error(&e, cli.json);
	return err_exit_status(e.kind);
}
