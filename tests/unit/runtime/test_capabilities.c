/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#include "tests/support/suite.h"

START_TEST(the_default_is_dockers_set)
{
	ck_assert_uint_eq(runtime_capabilities_default(),
			  0xa80425fb & runtime_capabilities_own(UINT64_MAX));
}
END_TEST

START_TEST(what_this_process_lacks_is_not_given)
{
	suite_need_root();
	ck_assert_int_eq(prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0), 0);
	ck_assert_uint_eq(runtime_capabilities_own(UINT64_MAX) >> CAP_MKNOD & 1, 0);
	ck_assert_uint_eq(runtime_capabilities_default() >> CAP_MKNOD & 1, 0);
}
END_TEST

START_TEST(the_last_capability_is_the_kernels)
{
	unsigned last = runtime_capabilities_last();

	ck_assert_int_ge(prctl(PR_CAPBSET_READ, last, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0), -1);
}
END_TEST

SUITE("runtime/capabilities", NULL, NULL, the_default_is_dockers_set,
      what_this_process_lacks_is_not_given, the_last_capability_is_the_kernels)
