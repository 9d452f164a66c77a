/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * debian_sources - the certificates that Debian's update-ca-certificates puts together
 *
 * First those that /etc/ca-certificates.conf names, in its order, below
 * /usr/share/ca-certificates; then those of /usr/local/share/ca-certificates, sorted by their
 * names' bytes, as with the clean environment that the tool gets.
 */
#include "cacerts/native.h"

struct debian_source {
	char *file; /* container path as the tool writes it into the link; owned */
	char *link; /* name of that link in /etc/ssl/certs; owned */
	char *path; /* canonical path of the file, where it was found; NULL for ours; owned */
	struct timespec mtime;        /* of the file */
	const struct authority *ours; /* whose drop-in file it is; NULL for the image's; borrowed */
	bool is_local;
};

/* A link, and the index of its source. */
struct debian_source_link {
	const char *name; /* borrowed */
	size_t source;
};

struct debian_sources {
	struct debian_source *v; /* in the order of the bundle; at most LIMIT_SOURCES */
	size_t n;
	struct debian_source_link *links; /* sorted by name */
	size_t n_links;
};

void debian_sources_done(struct debian_sources *s);

/* Those that are there now. Returns as plan_native(). */
int debian_sources_read(struct native *n, struct debian_sources *ret, struct err *e);

/* Add our own drop-in file, in its place among the local ones. */
int debian_sources_add_ours(struct debian_sources *s, const struct authority *a, struct err *e);

/* The source whose link has this name, or NULL; before ours are added. */
const struct debian_source *debian_sources_find(const struct debian_sources *s, const char *link);
