/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/jks.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/names.h"

enum {
	MAGIC_SIZE = 4,
	HEADER_SIZE = 12,
	DIGEST_SIZE = 20,
	TAG_KEY = 1,
	TAG_CERTIFICATE = 2,
	VERSION = 2,
};

static const char magic[MAGIC_SIZE] = "\xfe\xed\xfe\xed";
static const char magic_jceks[MAGIC_SIZE] = "\xce\xce\xce\xce";

void jks_done(struct jks *j)
{
	for (size_t i = 0; i < j->n; i++)
		free(j->v[i].owned);
	free(j->v);
	*j = (struct jks){.n = 0};
}

static bool starts_with(const char *bytes, size_t n, const char what[MAGIC_SIZE])
{
	return n >= MAGIC_SIZE && memcmp(bytes, what, MAGIC_SIZE) == 0;
}

bool jks_is(const char *bytes, size_t n)
{
	return starts_with(bytes, n, magic) || starts_with(bytes, n, magic_jceks);
}

/* ---- reading ----------------------------------------------------------------------------- */

struct cursor {
	const char *p;
	size_t left;
};

static bool take(struct cursor *c, size_t n, const char **ret)
{
	if (c->left < n)
		return false;
	*ret = c->p;
	c->p += n;
	c->left -= n;
	return true;
}

static bool take_number(struct cursor *c, size_t size, uint64_t *ret)
{
	const char *p;

	if (!take(c, size, &p))
		return false;
	*ret = 0;
	while (size-- > 0)
		*ret = *ret << 8 | (unsigned char)*p++;
	return true;
}

/* Bytes behind their length, which has @size bytes itself. */
static bool take_block(struct cursor *c, size_t size, const char **ret, size_t *ret_n)
{
	uint64_t n;

	if (!take_number(c, size, &n) || !take(c, n, ret))
		return false;
	*ret_n = n;
	return true;
}

static bool take_certificate(struct cursor *c, const char **ret, size_t *ret_n)
{
	const char *type;
	size_t n_type;

	return take_block(c, 2, &type, &n_type) && n_type == strlen("X.509") &&
	       memcmp(type, "X.509", n_type) == 0 && take_block(c, 4, ret, ret_n);
}

static bool take_key(struct cursor *c)
{
	const char *bytes;
	uint64_t n_chain;
	size_t n;

	if (!take_block(c, 4, &bytes, &n) || !take_number(c, 4, &n_chain))
		return false;
	while (n_chain-- > 0) /* each one takes some bytes, so this ends */
		if (!take_certificate(c, &bytes, &n))
			return false;
	return true;
}

static bool take_entry(struct cursor *c, struct jks_entry *ret)
{
	struct jks_entry entry = {.bytes = c->p};
	uint64_t tag;

	if (!take_number(c, 4, &tag) || !take_block(c, 2, &entry.alias, &entry.n_alias) ||
	    entry.n_alias > LIMIT_ALIAS || !take_number(c, 8, &entry.time_ms))
		return false;
	if (tag == TAG_CERTIFICATE ? !take_certificate(c, &entry.der, &entry.n_der)
				   : tag != TAG_KEY || !take_key(c))
		return false;
	entry.n = (size_t)(c->p - entry.bytes);
	*ret = entry;
	return true;
}

/* @bytes are the parts of what the digest covers, one behind the other. */
static int digest(const char *password, const struct cursor *parts, size_t n_parts,
		  unsigned char ret[DIGEST_SIZE], struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL);

	for (; *password; password++)
		ok = ok && EVP_DigestUpdate(ctx, (const char[]){0, *password}, 2);
	ok = ok && EVP_DigestUpdate(ctx, "Mighty Aphrodite", 16);
	for (size_t i = 0; i < n_parts; i++)
		ok = ok && EVP_DigestUpdate(ctx, parts[i].p, parts[i].left);
	ok = ok && EVP_DigestFinal_ex(ctx, ret, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : err_oom(e);
}

static int find_password(const char *bytes, size_t n, const char **ret, struct err *e)
{
	const struct cursor all = {bytes, n - DIGEST_SIZE};
	int r = 0;

	*ret = NULL;
	for (const char *const *p = store_passwords; r == 0 && !*ret && *p; p++) {
		unsigned char sum[DIGEST_SIZE];

		r = digest(*p, &all, 1, sum, e);
		if (r == 0 && CRYPTO_memcmp(sum, bytes + all.left, DIGEST_SIZE) == 0)
			*ret = *p;
	}
	return r;
}

static int parse_entries(struct cursor *c, uint64_t n, struct jks *ret, struct store_why *why,
			 struct err *e)
{
	if (n > LIMIT_KEYSTORE_ENTRIES)
		return store_cant(why, "it has more than %d entries", LIMIT_KEYSTORE_ENTRIES);
	ret->v = calloc(n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_oom(e);
	for (; ret->n < n; ret->n++)
		if (!take_entry(c, &ret->v[ret->n]))
			return store_cant(why, "it is a damaged JKS keystore");
	return c->left == 0 ? 0 : store_cant(why, "it is a damaged JKS keystore");
}

int jks_parse(const char *bytes, size_t n, struct jks *ret, struct store_why *why, struct err *e)
{
	cleanup_jks struct jks j = {.n = 0};
	struct cursor c = {bytes, n < DIGEST_SIZE ? 0 : n - DIGEST_SIZE};
	const char *p;
	uint64_t version;
	uint64_t n_entries;
	int r;

	if (starts_with(bytes, n, magic_jceks))
		return store_cant(why, "it is a keystore of the format JCEKS");
	if (!starts_with(bytes, n, magic) || !take(&c, MAGIC_SIZE, &p) ||
	    !take_number(&c, 4, &version) || !take_number(&c, 4, &n_entries))
		return store_cant(why, "it is a damaged JKS keystore");
	if (version != VERSION)
		return store_cant(why, "it is a JKS keystore of another version than 2");
	r = parse_entries(&c, n_entries, &j, why, e);
	if (r == 0)
		r = find_password(bytes, n, &j.password, e);
	if (r != 0)
		return r;
	*ret = j;
	j = (struct jks){.n = 0};
	return 0;
}

bool jks_has(const struct jks *j, const char *alias)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->v[i].n_alias == strlen(alias) &&
		    memcmp(j->v[i].alias, alias, j->v[i].n_alias) == 0)
			return true;
	return false;
}

/* ---- writing ----------------------------------------------------------------------------- */

static int add_number(struct buf *b, size_t size, uint64_t value, struct err *e)
{
	char bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(value >> 8 * (size - 1 - i));
	return buf_add(b, bytes, size, e);
}

static int add_block(struct buf *b, size_t size, const void *bytes, size_t n, struct err *e)
{
	int r = add_number(b, size, n, e);

	return r == 0 ? buf_add(b, bytes, n, e) : r;
}

int jks_append(struct jks *j, const struct jks_entry *entry, struct err *e)
{
	cleanup_buf struct buf b = BUF(LIMIT_STORE_FILE);
	struct jks_entry *v;
	struct cursor c;
	int r = add_number(&b, 4, TAG_CERTIFICATE, e);

	if (r == 0)
		r = add_block(&b, 2, entry->alias, entry->n_alias, e);
	if (r == 0)
		r = add_number(&b, 8, entry->time_ms, e);
	if (r == 0)
		r = add_block(&b, 2, "X.509", strlen("X.509"), e);
	if (r == 0)
		r = add_block(&b, 4, entry->der, entry->n_der, e);
	if (r == 0 && j->n >= LIMIT_KEYSTORE_ENTRIES)
		r = err_set(e, -E2BIG, ERR_LIMIT, "more than %d entries", LIMIT_KEYSTORE_ENTRIES);
	if (r < 0)
		return r;
	v = reallocarray(j->v, j->n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	j->v = v;
	c = (struct cursor){b.data, b.n};
	take_entry(&c, &v[j->n]); /* to have it point into the bytes */
	v[j->n++].owned = buf_take(&b);
	return 0;
}

int jks_append_authority(struct jks *j, const char *alias, uint64_t time_ms,
			 const struct authority *a, struct err *e)
{
	const struct jks_entry entry = {
		.alias = alias,
		.n_alias = strlen(alias),
		.time_ms = time_ms,
		.der = (const char *)a->der,
		.n_der = a->n_der,
	};

	return jks_append(j, &entry, e);
}

int jks_write(const struct jks *j, struct buf *ret, struct err *e)
{
	unsigned char sum[DIGEST_SIZE];
	int r = buf_add(ret, magic, MAGIC_SIZE, e);

	if (r == 0)
		r = add_number(ret, 4, VERSION, e);
	if (r == 0)
		r = add_number(ret, 4, j->n, e);
	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = buf_add(ret, j->v[i].bytes, j->v[i].n, e);
	if (r == 0)
		r = digest(j->password, &(struct cursor){ret->data, ret->n}, 1, sum, e);
	return r == 0 ? buf_add(ret, sum, DIGEST_SIZE, e) : r;
}

/* ---- as a format ------------------------------------------------------------------------- */

static bool holds(const struct jks_entry *entry, const struct authority *a)
{
	return entry->der && entry->n_der == a->n_der && memcmp(entry->der, a->der, a->n_der) == 0;
}

static size_t count_one(const struct jks *j, const struct authority *a)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++)
		n += holds(&j->v[i], a);
	return n;
}

int jks_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
	      struct err *e)
{
	cleanup_jks struct jks j = {.n = 0};
	struct store_why why;
	int r = jks_parse(bytes, n, &j, &why, e);

	for (size_t i = 0; r >= 0 && i < set->n; i++)
		ret[i] = count_one(&j, &set->v[i]);
	return r < 0 ? r : 0;
}

bool jks_is_empty(const char *bytes, size_t n)
{
	cleanup_jks struct jks j = {.n = 0};
	struct store_why why;

	return jks_parse(bytes, n, &j, &why, NULL) == 0 && j.n == 0;
}

static int open_for_writing(const char *bytes, size_t n, struct jks *ret, struct store_why *why,
			    struct err *e)
{
	int r = jks_parse(bytes, n, ret, why, e);

	if (r == 0 && !ret->password)
		return store_cant(why, "its password isn't one that everybody knows");
	return r;
}

/* The last entry of @a; if there is any under a name of ours, the last of those. */
static size_t find_ours(const struct jks *j, const struct authority *a)
{
	size_t found = j->n;
	bool is_named = false;

	for (size_t i = 0; i < j->n; i++) {
		bool named = names_is_our_alias(j->v[i].alias, j->v[i].n_alias, a);

		if (holds(&j->v[i], a) && named >= is_named) {
			found = i;
			is_named = named;
		}
	}
	return found;
}

static void remove_one(struct jks *j, size_t i)
{
	free(j->v[i].owned);
	memmove(&j->v[i], &j->v[i + 1], (j->n - i - 1) * sizeof(*j->v));
	j->n--;
}

int jks_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
	      struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_jks struct jks j = {.n = 0};
	int r = open_for_writing(bytes, n, &j, why, e);

	for (size_t i = 0; r == 0 && i < set->n; i++)
		for (size_t k = 0; k < n_remove[i]; k++) {
			size_t at = find_ours(&j, &set->v[i]);

			if (at < j.n)
				remove_one(&j, at);
		}
	return r == 0 ? jks_write(&j, ret, e) : r;
}

int jks_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	    struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_jks struct jks j = {.n = 0};
	int r = open_for_writing(bytes, n, &j, why, e);

	for (size_t i = 0; r == 0 && i < set->n; i++) {
		char alias[NAMES_ALIAS_SIZE];
		unsigned number = 0;

		if (count_one(&j, &set->v[i]) > 0)
			continue;
		do
			names_alias(&set->v[i], number++, alias);
		while (jks_has(&j, alias));
		r = jks_append_authority(&j, alias, now_ms, &set->v[i], e);
	}
	return r == 0 ? jks_write(&j, ret, e) : r;
}
