/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/claims.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "tests/support/suite.h"

static struct claims c;

static void setup(void)
{
	claims_init(&c);
}

static void teardown(void)
{
	ck_assert_ptr_null(c.first);
	claims_done(&c);
}

static struct claim *take(enum claimant by, const char *id)
{
	struct claim *claim = NULL;
	struct err e = ERR_NONE;

	ck_ok(claims_take(&c, by, id, &claim, &e), e);
	return claim;
}

static void take_tree(struct claim *claim, ino_t ino)
{
	struct err e = ERR_NONE;

	ck_ok(claims_take_tree(&c, claim, 1, ino, &e), e);
}

START_TEST(an_id_is_had_by_one)
{
	struct claim *a = take(CLAIM_EXEC, "a");
	struct claim *again = NULL;
	struct err e = ERR_NONE;

	ck_assert(claims_has(&c, "a") && !claims_has(&c, "b"));
	ck_assert_int_eq(claims_take(&c, CLAIM_REPAIR, "a", &again, &e), -EEXIST);
	ck_assert_ptr_null(again);
	claims_drop(&c, a);
	ck_assert(!claims_has(&c, "a"));
	claims_drop(&c, take(CLAIM_REPAIR, "a"));
	claims_drop(&c, NULL);
}
END_TEST

static void *end_soon(void *claim)
{
	const struct timespec a_moment = {.tv_nsec = 20 * 1000 * 1000};

	nanosleep(&a_moment, NULL);
	claims_drop(&c, claim);
	return NULL;
}

START_TEST(one_that_is_ending_is_waited_for)
{
	struct claim *a = take(CLAIM_EXEC, "a");
	struct claim *r;
	pthread_t thread;

	take_tree(a, 1);
	claims_end(&c, a);
	ck_assert(claims_has(&c, "a"));
	ck_assert_int_eq(pthread_create(&thread, NULL, end_soon, a), 0);
	a = take(CLAIM_EXEC, "a"); /* the id is free now, and the tree */
	r = take(CLAIM_REPAIR, "r");
	take_tree(r, 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	claims_drop(&c, a);
	claims_drop(&c, r);
}
END_TEST

START_TEST(execs_share_a_tree_and_a_repair_does_not)
{
	struct claim *a = take(CLAIM_EXEC, "a");
	struct claim *b = take(CLAIM_EXEC, "b");
	struct claim *r = take(CLAIM_REPAIR, "r");
	struct err e = ERR_NONE;

	take_tree(a, 7);
	take_tree(b, 7);
	ck_assert_int_eq(claims_take_tree(&c, r, 1, 7, &e), -EBUSY);
	ck_assert_ptr_nonnull(strstr(e.msg, "runs over the same tree"));
	take_tree(r, 8); /* another tree */
	claims_drop(&c, a);
	err_clear(&e);
	ck_assert_int_eq(claims_take_tree(&c, r, 1, 7, &e), -EBUSY);
	claims_drop(&c, b);
	take_tree(r, 7);
	take_tree(r, 7); /* once more, for its second journal */
	claims_drop(&c, r);
}
END_TEST

static atomic_bool entered;

static void *enter(void *claim)
{
	take_tree(claim, 7);
	entered = true;
	return NULL;
}

START_TEST(an_exec_waits_until_its_tree_is_repaired)
{
	struct claim *r = take(CLAIM_REPAIR, "r");
	struct claim *a = take(CLAIM_EXEC, "a");
	pthread_t thread;

	take_tree(r, 7);
	entered = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, enter, a), 0);
	nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
	ck_assert(!entered);
	claims_drop(&c, r);
	pthread_join(thread, NULL);
	ck_assert(entered && a->has_tree);
	claims_drop(&c, a);
}
END_TEST

SUITE("executor/claims", setup, teardown, an_id_is_had_by_one, one_that_is_ending_is_waited_for,
      execs_share_a_tree_and_a_repair_does_not, an_exec_waits_until_its_tree_is_repaired)
