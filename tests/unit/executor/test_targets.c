/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/targets.h"

#include <time.h>

#include "base/limits.h"
#include "tests/support/suite.h"

static struct targets t;

static void setup(void)
{
	targets_init(&t);
}

static void teardown(void)
{
	ck_assert_ptr_null(t.first);
	targets_done(&t);
}

static struct target *enter_as(ino_t ino, const char *owner, bool writable, bool installer)
{
	struct target *target = NULL;
	struct err e = ERR_NONE;
	bool is = !installer;

	ck_ok(targets_enter(&t, 1, ino, writable, owner, &target, &is, &e), e);
	ck_assert_ptr_nonnull(target);
	ck_assert_int_eq(is, installer);
	return target;
}

static struct target *enter(ino_t ino, const char *owner, bool installer)
{
	return enter_as(ino, owner, /* writable= */ true, installer);
}

static void leave(struct target *target, const char *owner)
{
	char got[LIMIT_ID + 1] = "?";

	targets_leave(&t, target, got);
	ck_assert_str_eq(got, owner);
	if (got[0])
		targets_forget(&t, target);
}

START_TEST(the_first_installs_and_the_last_undoes)
{
	struct target *a = enter(1, "a", true);
	struct target *b;

	targets_settled(&t, a, true, NULL);
	b = enter(1, "b", false);
	ck_assert_ptr_eq(a, b);
	leave(a, "");
	ck_assert(targets_owns(&t, "a") && !targets_owns(&t, "b"));
	leave(b, "a");
	ck_assert(!targets_owns(&t, "a"));
	leave(enter(1, "c", true), "c");
}
END_TEST

START_TEST(where_nothing_was_installed_nothing_is_undone)
{
	struct target *a = enter(1, "a", true);
	struct target *b;

	targets_settled(&t, a, false, NULL);
	b = enter(1, "b", false);
	leave(b, "");
	leave(a, "");
}
END_TEST

START_TEST(trees_do_not_know_each_other)
{
	struct target *a = enter(1, "a", true);
	struct target *b = enter(2, "b", true);

	ck_assert_ptr_ne(a, b);
	targets_settled(&t, a, true, NULL);
	targets_settled(&t, b, true, NULL);
	leave(a, "a");
	leave(b, "b");
}
END_TEST

START_TEST(who_can_not_write_a_tree_joins_an_install_but_none_joins_him)
{
	struct target *reader = enter_as(1, "reader", false, true);
	struct target *a;
	struct target *b;

	targets_settled(&t, reader, false, NULL);
	a = enter_as(1, "a", true, true);
	targets_settled(&t, a, true, NULL);
	b = enter_as(1, "b", false, false);
	ck_assert_ptr_eq(a, b);
	leave(a, "");
	leave(b, "a");
	leave(reader, "");
}
END_TEST

START_TEST(what_was_settled_is_there_for_those_that_come_later)
{
	struct target_trust *trust = target_trust_new();
	struct target *a = enter(1, "a", true);

	ck_assert_ptr_null(targets_trust(&t, a));
	targets_settled(&t, a, true, trust);
	ck_assert_ptr_eq(targets_trust(&t, enter(1, "b", false)), trust);
	leave(a, "");
	leave(a, "a");
}
END_TEST

struct guest {
	struct target *target;
	bool installer;
	bool inside;
};

static void *come_in(void *arg)
{
	struct guest *g = arg;

	targets_enter(&t, 1, 1, /* writable= */ true, "guest", &g->target, &g->installer, NULL);
	__atomic_store_n(&g->inside, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool is_inside(struct guest *g)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
	return __atomic_load_n(&g->inside, __ATOMIC_ACQUIRE);
}

START_TEST(others_wait_until_the_installer_is_through)
{
	struct target *a = enter(1, "a", true);
	struct guest g = {.installer = true};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, come_in, &g), 0);
	ck_assert(!is_inside(&g));
	targets_settled(&t, a, true, NULL);
	pthread_join(thread, NULL);
	ck_assert(!g.installer);
	leave(a, "");
	leave(g.target, "a");
}
END_TEST

START_TEST(others_wait_until_the_undo_is_through)
{
	struct target *a = enter(1, "a", true);
	char owner[LIMIT_ID + 1];
	struct guest g = {.installer = false};
	pthread_t thread;

	targets_settled(&t, a, true, NULL);
	targets_leave(&t, a, owner);
	ck_assert_str_eq(owner, "a");
	ck_assert_int_eq(pthread_create(&thread, NULL, come_in, &g), 0);
	ck_assert(!is_inside(&g));
	targets_forget(&t, a);
	pthread_join(thread, NULL);
	ck_assert(g.installer);
	targets_settled(&t, g.target, false, NULL);
	leave(g.target, "");
}
END_TEST

SUITE("executor/targets", setup, teardown, the_first_installs_and_the_last_undoes,
      where_nothing_was_installed_nothing_is_undone, trees_do_not_know_each_other,
      who_can_not_write_a_tree_joins_an_install_but_none_joins_him,
      what_was_settled_is_there_for_those_that_come_later,
      others_wait_until_the_installer_is_through, others_wait_until_the_undo_is_through)
