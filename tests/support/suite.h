/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * suite - one test program: a name, a fixture, its tests
 *
 *	SUITE("vfs/walk", setup, teardown, a_link_is_followed, a_loop_is_refused);
 *
 * defines main(). Tests are START_TEST functions; a test with cases loops over them itself.
 */
#include <check.h>
#include <stddef.h>

#include "base/err.h"

int suite_main(const char *name, void (*setup)(void), void (*teardown)(void),
	       const TTest *const tests[], size_t n_tests);

/* Skip the whole program (ctest: skipped) unless it runs as root. */
void suite_need_root(void);

/* Fail with the error's text when @r is negative. */
#define ck_ok(r, e) ck_assert_msg((r) >= 0, "%d: %s", (r), (e).msg)

#define SUITE(name, setup, teardown, ...)                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		return suite_main(name, setup, teardown, tests, sizeof(tests) / sizeof(tests[0])); \
	}
