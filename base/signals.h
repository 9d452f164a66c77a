/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* signals - names and numbers of signals as people type them */
#include "base/err.h"

/* "TERM", "SIGTERM", "term" or "15". Returns 0; -EINVAL (ERR_INVALID). */
int signals_parse(const char *text, int *ret, struct err *e);
