/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * verb - what anchorctl can do: one constant, one file each
 *
 * A verb's settings are a struct whose first member is struct cli, so that the common options
 * (CLI_OPTIONS) can stand before and after the verb. Its main parses with verb_parse(), then
 * asks the daemon and prints.
 */
#include "cli/options.h"
#include "cli/ttrpc_client.h"

#define CLI_SOCKET_DEFAULT "/run/anchord/anchord.sock"

struct cli {
	const char *socket;
	bool json;
	bool help;
};

/* clang-format off */
#define CLI_OPTIONS(type)                                                                        \
	{"socket", '\0', OPTION_VALUE, "PATH",                                                   \
	 "the daemon's socket (default $ANCHORD_SOCKET, or " CLI_SOCKET_DEFAULT ")",             \
	 option_string, offsetof(type, cli.socket)},                                             \
	{"json", '\0', OPTION_FLAG, NULL, "print JSON, errors too",                              \
	 option_flag, offsetof(type, cli.json)},                                                 \
	{"help", 'h', OPTION_FLAG, NULL, "print this help",                                      \
	 option_flag, offsetof(type, cli.help)}
/* clang-format on */

struct verb {
	const char *name;
	const char *args;    /* what follows the options: "ID" */
	const char *summary; /* one line */
	const char *notes;   /* further lines of --help, or NULL */
	struct option_table options;
	enum option_order order;
	size_t min_args, max_args;
	/*
	 * @argv: what follows the verb
	 * @cli:  the common options given before the verb; those after it are added, also when
	 *        the verb fails, so that the error is printed as they say
	 * Returns: an exit status; -errno with @e.
	 */
	int (*main)(const struct verb *v, char *const *argv, struct cli *cli, struct err *e);
};

extern const struct verb verb_run, verb_ps, verb_kill, verb_explain, verb_authorities, verb_info,
	verb_repair;

enum { VERB_HELPED = 1 }; /* verb_parse(): --help was printed, nothing else is to do */

/*
 * verb_parse - the arguments of @v
 * @settings: the verb's struct, whose first member is struct cli
 * @ret_args: gets the positional arguments; create it with its maximum
 *
 * Returns: 0; VERB_HELPED; -EINVAL (ERR_INVALID) with how to call the verb.
 */
int verb_parse(const struct verb *v, char *const *argv, struct cli *cli, void *settings,
	       struct strv *ret_args, struct err *e);

/*
 * verb_ask - connect, call once, disconnect
 * @ret: the reply; protobuf_c_message_free_unpacked(*ret, NULL) frees it
 */
int verb_ask(const struct cli *cli, const char *method, const ProtobufCMessage *request,
	     const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret, struct err *e);

/* Print a document that the daemon sent as text: for people, or as JSON. */
int verb_print_document(const struct cli *cli, const char *text, struct err *e);
