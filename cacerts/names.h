/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * names - what our files are called inside a container
 *
 * An authority's own file is "anchord-<16 hex digits of its fingerprint><suffix>", so that it
 * can't meet a user's file and the same authority always has the same name.
 */
#include <stdbool.h>
#include <stddef.h>

#include "cacerts/authorities.h"
#include "distro/distro.h"

#define NAMES_PREFIX "anchord-"

/* Path of the drop-in file in @dir (canonical). Returns 0, -ENAMETOOLONG. */
int names_dropin(const struct authority *a, const char *dir, const char *suffix, char *ret,
		 size_t size, struct err *e);
/*
 * Is @name (a last component or a link's text) a file of @a, whatever its suffix and folder? What
 * Alpine's tool puts before the name of a file that it links, "ca-cert-", may stand before it.
 */
bool names_is_ours(const char *name, const struct authority *a);
/* Is @name "<subject hash of a>.<digits>"? @ret_number may be NULL. */
bool names_is_hash_link(const char *name, const struct authority *a, unsigned *ret_number);

/* Its name in a keystore, as that of the drop-in file; a number above 0 tells it from a namesake.
 */
enum { NAMES_ALIAS_SIZE = 48 };
void names_alias(const struct authority *a, unsigned number, char ret[NAMES_ALIAS_SIZE]);
/* Is the name of @a in an alias of @n bytes, which may say more? */
bool names_is_our_alias(const char *alias, size_t n, const struct authority *a);
