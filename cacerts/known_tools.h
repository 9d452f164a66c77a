/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * known_tools - update commands that the operator vouches for
 *
 * The engines know versions of tools by their digests, and the tables of distro/ can't have them
 * all. An operator who has looked at a tool may say how it works:
 *
 *	# sha256                       family  generation
 *	9f86d081884c7d659a2feaa0c5...  rhel    G3          # AlmaLinux 10.1
 *
 * A line each; '#' begins a comment. A generation is one of those that the family has
 * (struct distro_family.generations): the engine's guards hold as for any other version.
 *
 * Thread: any; constant after it was loaded.
 */
#include <stddef.h>

#include "base/err.h"
#include "distro/distro.h"

struct known_tool {
	char sha256[65];                    /* lower-case hex */
	const struct distro_family *family; /* constant data, as all that follows */
	const char *generation;
};

struct known_tools {
	struct known_tool *v; /* owned; at most LIMIT_KNOWN_TOOLS, each digest once */
	size_t n;
};

void known_tools_done(struct known_tools *k);
#define cleanup_known_tools cleanup(known_tools_done)

/*
 * @ret: empty before, and after a failure
 * Returns: 0; -EINVAL (ERR_INVALID) naming the file, the line and what is wrong there; -E2BIG
 *          (ERR_LIMIT); -errno of reading the file.
 */
int known_tools_load(const char *path, struct known_tools *ret, struct err *e);

/* How a tool works, by its digest; NULL: nobody has said. */
const char *known_tools_find(const struct known_tools *k, const struct distro_family *family,
			     const char *sha256);
