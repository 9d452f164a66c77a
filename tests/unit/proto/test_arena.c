/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "proto/arena.h"

START_TEST(what_it_gives_is_aligned_and_apart)
{
	cleanup_arena struct arena a = ARENA(1 << 20);
	unsigned char *before = NULL;

	for (size_t n = 1; n < 300; n++) {
		unsigned char *p = arena_alloc(&a, n);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
		memset(p, (int)n, n);
		if (before)
			ck_assert_uint_eq(before[n - 2], (unsigned char)(n - 1));
		before = p;
	}
}
END_TEST

START_TEST(the_quota_is_kept_and_its_end_is_noted)
{
	cleanup_arena struct arena a = ARENA(1000);

	ck_assert_ptr_nonnull(arena_alloc(&a, 900));
	ck_assert(!a.exhausted);
	ck_assert_ptr_null(arena_alloc(&a, 200));
	ck_assert(a.exhausted);
	ck_assert_ptr_nonnull(arena_alloc(&a, 50)); /* what fits still fits */
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_uint_le(a.used, 1000);
}
END_TEST

START_TEST(a_large_piece_gets_a_block_of_its_own)
{
	cleanup_arena struct arena a = ARENA(4 << 20);
	unsigned char *p = arena_alloc(&a, 3 << 20);

	ck_assert_ptr_nonnull(p);
	memset(p, 0xff, 3 << 20);
}
END_TEST

START_TEST(done_gives_the_quota_back)
{
	cleanup_arena struct arena a = ARENA(1000);

	ck_assert_ptr_nonnull(arena_alloc(&a, 900));
	arena_done(&a);
	ck_assert_ptr_nonnull(arena_alloc(&a, 900));
}
END_TEST

SUITE("proto/arena", NULL, NULL, what_it_gives_is_aligned_and_apart,
      the_quota_is_kept_and_its_end_is_noted, a_large_piece_gets_a_block_of_its_own,
      done_gives_the_quota_back)
