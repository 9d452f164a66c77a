/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * arena - memory for decoding one protobuf message, with a quota, freed at once
 *
 * protobuf-c allocates for every field, and a hostile message makes it ask for many times the
 * size of the message. It is given this allocator: above the quota it gets nothing, and
 * unpacking fails. What was unpacked lives as long as the arena; the single frees that
 * protobuf-c does are ignored.
 *
 * Thread: one at a time.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* owned */
	size_t used;                /* bytes given out and lost to rounding */
	size_t max;                 /* the quota in bytes */
	bool exhausted;             /* something was refused */
};

#define ARENA(max_bytes) ((struct arena){.max = (max_bytes)})

void arena_done(struct arena *a);
#define cleanup_arena cleanup(arena_done)

/* Bytes aligned for anything; NULL above the quota or without memory. */
void *arena_alloc(struct arena *a, size_t n);

/* The face that protobuf-c knows; borrows @a, which must stay where it is. */
ProtobufCAllocator arena_allocator(struct arena *a);
