/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pkcs12.h"

#include <string.h>

#include "cacerts/names.h"
#include "cacerts/pkcs12_file.h"

/* A SEQUENCE that begins with the INTEGER 3, in BER too. */
bool pkcs12_is(const char *bytes, size_t n)
{
	size_t n_header = n < 2 ? 0 : 2;

	if (n < 2 || (unsigned char)bytes[0] != DER_SEQUENCE)
		return false;
	if ((unsigned char)bytes[1] > 0x80)
		n_header += (unsigned char)bytes[1] & 0x7f;
	return n_header <= n && n - n_header >= 3 &&
	       memcmp(bytes + n_header, "\x02\x01\x03", 3) == 0;
}

static bool holds(const struct pkcs12_bag *bag, const struct authority *a)
{
	return der_equal(bag->cert, (struct der){a->der, a->n_der});
}

static size_t count_one(const struct pkcs12_file *f, const struct authority *a)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_bags; i++)
		n += holds(&f->bags[i], a);
	return n;
}

int pkcs12_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
		 struct err *e)
{
	cleanup_pkcs12_file struct pkcs12_file f = {.n = 0};
	struct store_why why;
	int r = pkcs12_file_parse(bytes, n, &f, &why, e);

	for (size_t i = 0; r >= 0 && i < set->n; i++)
		ret[i] = count_one(&f, &set->v[i]);
	return r < 0 ? r : 0;
}

bool pkcs12_is_empty(const char *bytes, size_t n)
{
	cleanup_pkcs12_file struct pkcs12_file f = {.n = 0};
	struct store_why why;

	return pkcs12_file_parse(bytes, n, &f, &why, NULL) == 0 && f.n_bags == 0;
}

/* Java compares names without regard to case; ours are lower-case ASCII. */
static bool is_alias(struct der utf16, const char *alias)
{
	if (utf16.n != 2 * strlen(alias))
		return false;
	for (size_t i = 0; alias[i]; i++) {
		unsigned char c = utf16.p[2 * i + 1];

		if (utf16.p[2 * i] != 0 || (c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c) != alias[i])
			return false;
	}
	return true;
}

static bool has_alias(const struct pkcs12_file *f, const char *alias)
{
	for (size_t i = 0; i < f->n_bags; i++)
		if (is_alias(f->bags[i].alias, alias))
			return true;
	return false;
}

/* The last bag of @a; if there is any under our name, the last of those. */
static size_t find_ours(const struct pkcs12_file *f, const struct authority *a)
{
	char alias[NAMES_ALIAS_SIZE];
	size_t found = f->n_bags;
	bool is_named = false;

	names_alias(a, 0, alias);
	for (size_t i = 0; i < f->n_bags; i++) {
		bool named = is_alias(f->bags[i].alias, alias);

		if (holds(&f->bags[i], a) && named >= is_named) {
			found = i;
			is_named = named;
		}
	}
	return found;
}

int pkcs12_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
		 struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_pkcs12_file struct pkcs12_file f = {.n = 0};
	int r = pkcs12_file_parse(bytes, n, &f, why, e);

	for (size_t i = 0; r == 0 && i < set->n; i++)
		for (size_t k = 0; k < n_remove[i]; k++) {
			size_t at = find_ours(&f, &set->v[i]);

			if (at < f.n_bags)
				pkcs12_file_remove(&f, at);
		}
	return r == 0 ? pkcs12_file_write(&f, ret, why, e) : r;
}

int pkcs12_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	       struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_pkcs12_file struct pkcs12_file f = {.n = 0};
	int r = pkcs12_file_parse(bytes, n, &f, why, e);

	(void)now_ms; /* Java's own time of an entry is an attribute that it can do without */
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		char alias[NAMES_ALIAS_SIZE];
		unsigned number = 0;

		if (count_one(&f, &set->v[i]) > 0)
			continue;
		do
			names_alias(&set->v[i], number++, alias);
		while (has_alias(&f, alias));
		r = pkcs12_file_append(&f, alias, &set->v[i], e);
	}
	return r == 0 ? pkcs12_file_write(&f, ret, why, e) : r;
}
