/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/java_order.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 11, NONE = -1 };

/* One UTF-16 unit; NUL has two bytes, and a unit never more than the three of UTF-8. */
static bool take_unit(const unsigned char **p, const unsigned char *end, uint32_t *ret)
{
	static const struct {
		unsigned char mask, lead; /* of the first byte */
		uint32_t least;           /* what fewer bytes can't say */
	} forms[] = {{0x80, 0x00, 0x01}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}};

	for (size_t n_more = 0; n_more < ARRAY_SIZE(forms); n_more++) {
		uint32_t unit = (uint32_t)(**p & ~forms[n_more].mask);

		if ((**p & forms[n_more].mask) != forms[n_more].lead)
			continue;
		if ((size_t)(end - *p) <= n_more)
			return false;
		for (size_t i = 1; i <= n_more; i++) {
			if (((*p)[i] & 0xc0) != 0x80)
				return false;
			unit = unit << 6 | ((*p)[i] & 0x3f);
		}
		*p += n_more + 1;
		*ret = unit;
		return unit >= forms[n_more].least || (unit == 0 && n_more == 1);
	}
	return false;
}

bool java_hash(const char *text, size_t n, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + n;
	uint32_t hash = 0;
	uint32_t unit;

	while (p < end) {
		if (!take_unit(&p, end, &unit))
			return false;
		hash = hash * 31 + unit;
	}
	*ret = hash;
	return true;
}

/* Entries are numbers, in the order in which they were put in. */
struct table {
	const struct jks *j;
	uint32_t *hashes; /* of each entry */
	int *next;        /* in the chain, of each entry */
	int *heads;       /* of each chain */
	size_t capacity;
	size_t n;
};

static void table_done(struct table *t)
{
	free(t->hashes);
	free(t->next);
	free(t->heads);
}

static void link_entry(const struct table *t, int *heads, size_t capacity, int entry)
{
	size_t chain = (t->hashes[entry] & 0x7fffffff) % capacity;

	t->next[entry] = heads[chain];
	heads[chain] = entry;
}

static int *new_chains(size_t capacity)
{
	int *heads = malloc(capacity * sizeof(*heads));

	for (size_t i = 0; heads && i < capacity; i++)
		heads[i] = NONE;
	return heads;
}

static int grow(struct table *t, struct err *e)
{
	size_t capacity = 2 * t->capacity + 1;
	int *heads = new_chains(capacity);

	if (!heads)
		return err_oom(e);
	for (size_t i = t->capacity; i-- > 0;)
		for (int entry = t->heads[i], next; entry != NONE; entry = next) {
			next = t->next[entry];
			link_entry(t, heads, capacity, entry);
		}
	free(t->heads);
	t->heads = heads;
	t->capacity = capacity;
	return 0;
}

static bool same_alias(const struct jks_entry *a, const struct jks_entry *b)
{
	return a->n_alias == b->n_alias && memcmp(a->alias, b->alias, a->n_alias) == 0;
}

static int put(struct table *t, struct err *e)
{
	const struct jks_entry *v = t->j->v;
	size_t i = t->n;
	int r = 0;

	if (!java_hash(v[i].alias, v[i].n_alias, &t->hashes[i]))
		return JAVA_ORDER_UNKNOWN;
	for (int k = t->heads[(t->hashes[i] & 0x7fffffff) % t->capacity]; k != NONE; k = t->next[k])
		if (same_alias(&v[k], &v[i]))
			return JAVA_ORDER_UNKNOWN;
	if (t->n >= t->capacity * 3 / 4)
		r = grow(t, e);
	if (r == 0)
		link_entry(t, t->heads, t->capacity, (int)t->n++);
	return r;
}

static int reorder(const struct table *t, struct jks *j, struct err *e)
{
	struct jks_entry *v = calloc(j->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_oom(e);
	for (size_t i = t->capacity; i-- > 0;)
		for (int entry = t->heads[i]; entry != NONE; entry = t->next[entry])
			v[n++] = j->v[entry];
	free(j->v);
	j->v = v;
	return 0;
}

int java_order(struct jks *j, struct err *e)
{
	cleanup(table_done) struct table t = {
		.j = j,
		.hashes = calloc(j->n + 1, sizeof(*t.hashes)),
		.next = calloc(j->n + 1, sizeof(*t.next)),
		.heads = new_chains(FIRST_CAPACITY),
		.capacity = FIRST_CAPACITY,
	};
	int r = t.hashes && t.next && t.heads ? 0 : err_oom(e);

	while (r == 0 && t.n < j->n)
		r = put(&t, e);
	return r == 0 ? reorder(&t, j, e) : r;
}
