/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SUITE_TIMEOUT = 900 /* seconds, on a very busy machine; against hangs */, SUITE_SKIP = 77 };

int suite_main(const char *name, void (*setup)(void), void (*teardown)(void),
	       const TTest *const tests[], size_t n_tests)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, SUITE_TIMEOUT);
	if (setup)
		tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < n_tests; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void suite_need_root(void)
{
	if (geteuid() != 0) {
		puts("needs root");
		exit(SUITE_SKIP);
	}
}
