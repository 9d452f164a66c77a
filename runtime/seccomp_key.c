/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_key.h"

#include <seccomp.h>
#include <string.h>

static int add_number(struct buf *b, uint64_t number, struct err *e)
{
	return buf_add(b, &number, sizeof(number), e);
}

static int add_strings(struct buf *b, const struct strv *s, struct err *e)
{
	int r = add_number(b, s->n, e);

	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = buf_add(b, s->v[i], strlen(s->v[i]) + 1, e);
	return r;
}

static int add_rule(struct buf *b, const struct seccomp_rule *rule, struct err *e)
{
	int r = add_strings(b, &rule->names, e);

	if (r == 0)
		r = add_number(b, rule->action, e);
	if (r == 0)
		r = add_number(b, rule->n_conditions, e);
	for (size_t i = 0; r == 0 && i < rule->n_conditions; i++) {
		const struct seccomp_condition *c = &rule->conditions[i];
		const uint64_t numbers[] = {c->argument, c->op, c->value, c->second};

		r = buf_add(b, numbers, sizeof(numbers), e);
	}
	return r;
}

/* All but the rules; @n: how many they are. */
static int add_head(struct buf *b, const struct seccomp_policy *p, uint64_t n, struct err *e)
{
	const struct scmp_version *v = seccomp_version();
	const uint64_t head[] = {SECCOMP_FORMAT,        v->major,          v->minor, v->micro,
				 seccomp_arch_native(), p->default_action, n};
	int r = buf_add(b, head, sizeof(head), e);

	return r < 0 ? r : add_strings(b, &p->architectures, e);
}

int seccomp_text_key(const struct seccomp_policy *p, struct buf *ret, struct err *e)
{
	int r = add_head(ret, p, /* n= */ UINT64_MAX, e);

	if (r == 0)
		r = buf_add(ret, ANCHOR_VERSION, sizeof(ANCHOR_VERSION), e);
	return r < 0 ? r : buf_add(ret, p->text, p->n_text, e);
}

int seccomp_key(const struct seccomp_policy *p, struct buf *ret, struct err *e)
{
	int r = add_head(ret, p, p->n_rules, e);

	for (size_t i = 0; r == 0 && i < p->n_rules; i++)
		r = add_rule(ret, &p->rules[i], e);
	return r;
}

/*
 * Words of eight bytes, since the key of the default policy has 700 of them. Each step can be
 * undone, so bytes that differ in one word never have the same hash.
 */
uint64_t seccomp_hash(uint64_t hash, const void *bytes, size_t n)
{
	const char *p = bytes;

	for (; n > 0; n -= n < 8 ? n : 8, p += 8) {
		uint64_t word = 0;

		memcpy(&word, p, n < 8 ? n : 8);
		hash = (hash ^ word) * 0x100000001b3ull;
		hash ^= hash >> 32;
	}
	return hash;
}
