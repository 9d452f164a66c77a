/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/arena.h"

#include <stdalign.h>
#include <stdint.h>

enum { BLOCK = 4096 - 64 /* bytes of a usual block; malloc's own head makes it a page */ };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	*a = ARENA(a->max);
}

/* What does not fit into a usual block gets one of its own. */
static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t size = n > BLOCK ? n : BLOCK;
	struct arena_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	*block = (struct arena_block){.next = a->blocks, .size = size};
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t mask = alignof(max_align_t) - 1;
	struct arena_block *block = a->blocks;
	void *p = NULL;

	n = n > SIZE_MAX - mask ? SIZE_MAX : (n + mask) & ~mask;
	if (n <= a->max - a->used) {
		if (!block || block->size - block->used < n)
			block = add_block(a, n);
		if (block) {
			p = block->bytes + block->used;
			block->used += n;
			a->used += n;
		}
	}
	a->exhausted = a->exhausted || !p;
	return p;
}

static void *give(void *arena, size_t n)
{
	return arena_alloc(arena, n);
}

static void ignore(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

ProtobufCAllocator arena_allocator(struct arena *a)
{
	return (ProtobufCAllocator){.alloc = give, .free = ignore, .allocator_data = a};
}
