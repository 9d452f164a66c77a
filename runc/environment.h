/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* environment - variables of a container's process beyond those of its document */
#include "base/strv.h"

/* Set "NAME=value", in place of what the name had. */
int environment_set(struct strv *env, const char *setting, struct err *e);
/* Of each name the last setting stays, as with runc; getenv(3) would find the first one. */
void environment_make_unique(struct strv *env);
/* Add those of @more whose names have nothing yet: what the caller says counts more. */
int environment_add_missing(struct strv *env, const struct strv *more, struct err *e);
