/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * path - text of container paths; nothing here touches a file system
 *
 * A canonical path is absolute and has no empty, "." or ".." component and no trailing slash;
 * the root is "/".
 */
#include <stddef.h>

#include "base/err.h"

/*
 * Write the canonical form of @path, taking a relative one from "/". ".." is resolved by
 * text, so use this only where no symlink can be.
 * Returns 0, -ENAMETOOLONG (ERR_INVALID).
 */
int path_canonical(const char *path, char *ret, size_t size, struct err *e);
/* "dir" + "/" + "name" for a canonical @dir. Returns 0, -ENAMETOOLONG. */
int path_join(const char *dir, const char *name, char *ret, size_t size, struct err *e);
/* The directory part of a canonical path; the root's is "/". @ret holds as much as @path. */
void path_parent(const char *path, char *ret);
/* What comes after the last slash, inside @path: the last component of a canonical path, "" for the
 * root; all of a name. */
const char *path_name(const char *path);
/* Is canonical @path equal to canonical @dir or below it? */
bool path_is_below(const char *path, const char *dir);

/* Bytes that JSON or a terminal can't carry (and '%') as %XX. Returns 0, -ENAMETOOLONG. */
int path_escape(const char *path, char *ret, size_t size, struct err *e);
/* The reverse; -EINVAL for a malformed escape or an escaped NUL. */
int path_unescape(const char *text, char *ret, size_t size, struct err *e);
