/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/names.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"

enum { FINGERPRINT_DIGITS = 16, HASH_DIGITS = 8, NUMBER_DIGITS_MAX = 6 };

static void stem_of(const struct authority *a, char *ret, size_t size)
{
	snprintf(ret, size, NAMES_PREFIX "%.*s", FINGERPRINT_DIGITS, a->fingerprint);
}

int names_dropin(const struct authority *a, const char *dir, const char *suffix, char *ret,
		 size_t size, struct err *e)
{
	char name[NAME_MAX + 1];
	char stem[64];

	stem_of(a, stem, sizeof(stem));
	snprintf(name, sizeof(name), "%s%s", stem, suffix);
	return path_join(dir, name, ret, size, e);
}

bool names_is_ours(const char *name, const struct authority *a)
{
	static const char alpine[] = "ca-cert-";
	char stem[64];

	name = path_name(name);
	if (strncmp(name, alpine, strlen(alpine)) == 0)
		name += strlen(alpine);
	stem_of(a, stem, sizeof(stem));
	return strncmp(name, stem, strlen(stem)) == 0;
}

bool names_is_hash_link(const char *name, const struct authority *a, unsigned *ret_number)
{
	char hash[16];
	size_t n;

	snprintf(hash, sizeof(hash), "%08x.", a->subject_hash);
	if (strncmp(name, hash, HASH_DIGITS + 1) != 0)
		return false;
	name += HASH_DIGITS + 1;
	n = strspn(name, "0123456789");
	if (n == 0 || n > NUMBER_DIGITS_MAX || name[n] != '\0')
		return false;
	if (ret_number)
		*ret_number = (unsigned)strtoul(name, NULL, 10);
	return true;
}

void names_alias(const struct authority *a, unsigned number, char ret[NAMES_ALIAS_SIZE])
{
	char stem[64];

	stem_of(a, stem, sizeof(stem));
	if (number > 0)
		snprintf(ret, NAMES_ALIAS_SIZE, "%.30s-%u", stem, number);
	else
		snprintf(ret, NAMES_ALIAS_SIZE, "%.30s", stem);
}

bool names_is_our_alias(const char *alias, size_t n, const struct authority *a)
{
	char stem[64];

	stem_of(a, stem, sizeof(stem));
	return memmem(alias, n, stem, strlen(stem)) != NULL;
}
