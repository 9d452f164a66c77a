/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * environment - the variables that a container gets from the command line
 *
 * Nothing of the caller's environment goes in by itself: a PATH, TERM if there is a terminal,
 * and what --env says. So the host's SSL_CERT_FILE never reaches a container.
 */
#include "base/strv.h"

/* For a row of an option table, NAME=value or NAME (copied from the caller, if it has it). */
int environment_option(void *field, const char *value, struct err *e);

/* PATH, TERM, then @asked: a later variable of the same name replaces the earlier one. */
int environment_build(const struct strv *asked, struct strv *ret, struct err *e);
