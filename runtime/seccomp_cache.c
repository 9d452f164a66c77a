/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/seccomp_key.h"

struct entry {
	uint64_t hash;
	uint64_t used; /* at this turn */
	char *key;     /* owned; NULL: the entry is free */
	size_t n_key;
	struct sock_fprog program; /* owned */
};

static struct {
	pthread_mutex_t lock;
	uint64_t turn;
	struct entry v[LIMIT_SECCOMP_PROGRAMS];
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool seccomp_program_copy(const struct sock_fprog *from, struct sock_fprog *ret)
{
	size_t n = from->len * sizeof(struct sock_filter);
	struct sock_filter *filter = malloc(n);

	if (!filter)
		return false;
	memcpy(filter, from->filter, n);
	*ret = (struct sock_fprog){.len = from->len, .filter = filter};
	return true;
}

static struct entry *find(const struct buf *key, uint64_t hash)
{
	for (size_t i = 0; i < ARRAY_SIZE(cache.v); i++) {
		struct entry *x = &cache.v[i];

		if (x->key && x->hash == hash && x->n_key == key->n &&
		    memcmp(x->key, key->data, key->n) == 0)
			return x;
	}
	return NULL;
}

/* A free one, or else the oldest. */
static struct entry *make_room(void)
{
	struct entry *oldest = &cache.v[0];

	for (size_t i = 0; i < ARRAY_SIZE(cache.v); i++) {
		if (!cache.v[i].key)
			return &cache.v[i];
		if (cache.v[i].used < oldest->used)
			oldest = &cache.v[i];
	}
	free(oldest->key);
	seccomp_program_done(&oldest->program);
	*oldest = (struct entry){.key = NULL};
	return oldest;
}

int seccomp_cache_find(const struct buf *key, struct sock_fprog *ret)
{
	uint64_t hash = seccomp_hash(SECCOMP_HASH_START, key->data, key->n);
	struct entry *x;
	int r = 0;

	pthread_mutex_lock(&cache.lock);
	x = find(key, hash);
	if (x && seccomp_program_copy(&x->program, ret)) {
		x->used = ++cache.turn;
		r = 1;
	}
	pthread_mutex_unlock(&cache.lock);
	return r;
}

void seccomp_cache_keep(const struct buf *key, const struct sock_fprog *program)
{
	struct entry new = {.hash = seccomp_hash(SECCOMP_HASH_START, key->data, key->n),
			    .n_key = key->n};

	if (!seccomp_program_copy(program, &new.program))
		return;
	new.key = malloc(key->n);
	pthread_mutex_lock(&cache.lock);
	if (new.key && !find(key, new.hash)) {
		memcpy(new.key, key->data, key->n);
		new.used = ++cache.turn;
		*make_room() = new;
		new = (struct entry){.key = NULL}; /* the cache's now */
	}
	pthread_mutex_unlock(&cache.lock);
	free(new.key);
	seccomp_program_done(&new.program);
}

size_t seccomp_cache_size(void)
{
	size_t n = 0;

	pthread_mutex_lock(&cache.lock);
	for (size_t i = 0; i < ARRAY_SIZE(cache.v); i++)
		n += cache.v[i].key != NULL;
	pthread_mutex_unlock(&cache.lock);
	return n;
}
