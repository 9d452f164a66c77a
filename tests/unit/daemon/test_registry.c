/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/exec_internal.h"
#include "daemon/registry.h"

static struct registry g;

static void teardown(void)
{
	registry_done(&g);
}

/* The registry looks at nothing but the id. */
static struct exec_run *named(unsigned number)
{
	struct exec_run *x = calloc(1, sizeof(*x));

	snprintf(x->id, sizeof(x->id), "%05u", number);
	return x;
}

START_TEST(ids_are_kept_sorted_and_unique)
{
	static const unsigned order[] = {3, 1, 4, 5, 9, 2, 6};
	struct exec_run *again = named(4);
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		ck_ok(registry_add(&g, named(order[i]), &e), e);
	for (size_t i = 1; i < g.n; i++)
		ck_assert_str_lt(exec_run_id(g.v[i - 1]), exec_run_id(g.v[i]));
	ck_assert_int_eq(registry_add(&g, again, &e), -EEXIST);
	ck_assert_uint_eq(e.kind, ERR_EXISTS);
	free(again);
	for (size_t i = 0; i < g.n; i++)
		free(g.v[i]);
}
END_TEST

START_TEST(what_is_removed_is_not_found)
{
	struct exec_run *a = named(1);
	struct exec_run *b = named(2);
	struct exec_run *found;
	struct err e = ERR_NONE;

	registry_add(&g, a, NULL);
	registry_add(&g, b, NULL);
	ck_ok(registry_find(&g, "00001", &found, &e), e);
	ck_assert_ptr_eq(found, a);
	registry_remove(&g, a);
	ck_assert_int_eq(registry_find(&g, "00001", &found, &e), -ENOENT);
	ck_assert_int_eq(registry_find(&g, "00002", &found, &e), 0);
	ck_assert_ptr_eq(found, b);
	free(a);
	free(b);
}
END_TEST

START_TEST(a_page_begins_after_an_id_even_if_that_is_gone)
{
	struct exec_run *x[3];

	for (unsigned i = 0; i < 3; i++) {
		x[i] = named(2 * i + 1); /* 1 3 5 */
		registry_add(&g, x[i], NULL);
	}
	ck_assert_uint_eq(registry_after(&g, ""), 0);
	ck_assert_uint_eq(registry_after(&g, "00001"), 1);
	ck_assert_uint_eq(registry_after(&g, "00002"), 1);
	ck_assert_uint_eq(registry_after(&g, "00005"), 3);
	for (unsigned i = 0; i < 3; i++)
		free(x[i]);
}
END_TEST

START_TEST(there_is_room_for_so_many_and_no_more)
{
	struct exec_run *over = named(99999);
	struct err e = ERR_NONE;

	for (unsigned i = 0; i < LIMIT_EXECS; i++)
		ck_assert_int_eq(registry_add(&g, named(i), NULL), 0);
	ck_assert_int_eq(registry_add(&g, over, &e), -E2BIG);
	ck_assert_uint_eq(e.kind, ERR_LIMIT);
	for (size_t i = 0; i < g.n; i++)
		free(g.v[i]);
	free(over);
}
END_TEST

SUITE("daemon/registry", NULL, teardown, ids_are_kept_sorted_and_unique,
      what_is_removed_is_not_found, a_page_begins_after_an_id_even_if_that_is_gone,
      there_is_room_for_so_many_and_no_more)
