/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * options - the daemon's settings, from the command line and the configuration file
 *
 * One table names each setting once: it drives the command line, the file and --help. The
 * command line wins over the file, the file over the defaults. In the file a line is
 * "key = value", with the keys of the command line; '#' begins a comment.
 */
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"

#define OPTIONS_CONFIG "/etc/anchord/anchord.conf" /* read if it exists */

/* Strings are owned; NULL where there is no default. */
struct options {
	char *config;
	char *socket;
	char *authorities;
	char *known_tools;
	char *run_dir;
	char *state_dir;
	char *cgroup;
	char *log_format;
	bool help;
	bool version;
};

/*
 * options_load - everything, in order
 * @ret: zero before; options_done() frees it, also after a failure
 *
 * Returns: 0; -EINVAL (ERR_INVALID) naming the option, or file and line, and the nearest name
 *          when it is unknown; -errno of reading a file that --config names.
 */
int options_load(struct options *ret, char *const *argv, struct err *e);
void options_done(struct options *o);
#define cleanup_options cleanup(options_done)

/* As asked for, else journald where standard error is the journal, else text. */
int options_log_format(const struct options *o, enum log_format *ret, struct err *e);

void options_print_help(FILE *to);
