/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * errors - our errors as the sentences that runc's callers look for
 *
 * docker, containerd, podman and buildkit find out what went wrong, and which exit status a
 * container gets, by parts of sentences: "executable file not found in $PATH", "no such file or
 * directory", "permission denied", "container does not exist".
 */
#include "base/err.h"

/* ---- raised here, word for word ---------------------------------------------------------- */

int error_no_container(struct err *e);     /* -ENOENT (ERR_NOT_FOUND) */
int error_container_exists(struct err *e); /* -EEXIST (ERR_EXISTS) */
int error_not_running(struct err *e);      /* -ESRCH (ERR_PRECONDITION) */

/* The cause at the end of a message begins as Go writes it: "no such file or directory". */
void errors_lower(struct err *e);

/*
 * errors_explain_start - the command can't be executed: say it as runc does
 * @command: args[0] of the process
 *
 * Puts "unable to start container process: " before everything. Returns @code.
 */
int errors_explain_start(struct err *e, int code, const char *command);
/* The same for one that was found when the container was created: its interpreter may be missing.
 */
int errors_explain_exec(struct err *e, int code, const char *command);
