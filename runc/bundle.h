/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* bundle - the directory that a container is made from, and documents of its callers */
#include "base/buf.h"
#include "oci/config.h"

/* Where programs of seccomp are kept between calls. */
#define RUNC_SECCOMP_CACHE "/run/anchord/seccomp"

struct bundle {
	char *path;      /* absolute; owned */
	struct buf text; /* of its config.json, as it was read */
	struct oci_config config;
};

void bundle_init(struct bundle *b);
void bundle_done(struct bundle *b);
#define cleanup_bundle cleanup(bundle_done)

/*
 * bundle_read - read config.json, once
 * @path:   of the bundle; NULL: the working directory
 * @config: of a file in place of its config.json, or NULL
 *
 * Returns: 0; what open(2) says, in runc's words; as oci_config_read().
 */
int bundle_read(const char *path, const char *config, struct bundle *ret, struct err *e);

/* The same from the copy in the directory @dirfd, for the bundle at @path. */
int bundle_read_copy(int dirfd, const char *path, struct bundle *ret, struct err *e);

/* A regular file of at most LIMIT_OCI_CONFIG bytes; "-" is standard input. */
int bundle_read_document(const char *path, struct buf *ret, struct err *e);

/* Print what was passed over. */
void bundle_warn(const struct strv *warnings);
