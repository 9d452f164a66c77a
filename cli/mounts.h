/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mounts - --rootfs, --overlay and --mount as messages of the protocol
 *
 * Host paths may be relative to the caller's working directory: the daemon has another one, so
 * they are made absolute here. A comma inside a value is written "\,".
 */
#include "base/err.h"
#include "cli/options.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct mounts {
	Anchord__V1__Mount **v; /* owned, and each message too */
	size_t n;
};

void mounts_done(struct mounts *m);
#define cleanup_mounts cleanup(mounts_done)

/* The absolute form of a host path; the caller frees it. */
int mounts_host_path(const char *path, char **ret, struct err *e);

/* Functions for rows of an option table; the field is a struct mounts. */
int mounts_option_rootfs(void *field, const char *value, struct err *e);  /* DIR */
int mounts_option_overlay(void *field, const char *value, struct err *e); /* lower=A:B,... */
int mounts_option_mount(void *field, const char *value, struct err *e);   /* type=bind,... */

/* clang-format off */
#define MOUNTS_OPTIONS(type)                                                                     \
	{"rootfs", '\0', OPTION_VALUE, "DIR", "use this directory as the container's /",         \
	 mounts_option_rootfs, offsetof(type, rootfs)},                                          \
	{"overlay", '\0', OPTION_VALUE, "lower=A:B,upper=U,work=W",                              \
	 "use an overlay as the container's /; A lies above B",                                  \
	 mounts_option_overlay, offsetof(type, rootfs)},                                         \
	{"mount", 'v', OPTION_VALUE, "type=T,source=S,destination=D,...",                        \
	 "mount something more; further words are options: ro, nosuid, size=1m",                 \
	 mounts_option_mount, offsetof(type, mounts)}
/* clang-format on */
