/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * hashed_dir - would "openssl rehash" leave the links of a directory as they are?
 *
 * OpenSSL finds an authority by a link "<subject hash>.<number>" to its file. Rehashing looks at
 * all files with a certificate's suffix, and gives each one link; ones that are there stay if
 * their numbers are below the count of files that share the hash. So a directory in which each
 * such file has exactly one link, numbered from 0 without gaps, is left alone; then a file with
 * a hash of its own just gets its ".0".
 *
 * Versions differ in the order in which they look at files: it doesn't matter under these rules.
 *
 * Whose hash a link has isn't computed: a link is taken to be right unless its file is newer, as
 * after a certificate was replaced by another one of the same name. One that somebody has pointed
 * to the wrong file stays wrong, and so does a second link to the same certificate, where rehashing
 * would mend it.
 */
#include "cacerts/debian_sources.h"

/*
 * @dir:     canonical path
 * @sources: each of them must have the link that the tool would make
 * Returns: 0; NATIVE_DECLINED; -errno.
 */
int hashed_dir_check(struct native *n, const char *dir, const struct debian_sources *sources,
		     struct err *e);
