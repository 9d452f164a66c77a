/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_names.h"

#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(the_words_of_the_spec_are_known)
{
	static const struct {
		const char *name;
		uint32_t action;
		bool takes_value;
	} actions[] = {
		{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
		{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
		{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
		{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
		{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
		{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
		{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
		{"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
		{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false},
	};
	uint32_t action = 1;
	unsigned value = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		ck_assert(seccomp_action_by_name(actions[i].name, &action));
		ck_assert_uint_eq(action, actions[i].action);
		ck_assert_int_eq(seccomp_action_takes_value(action | EPERM),
				 actions[i].takes_value);
	}
	ck_assert(seccomp_op_by_name("SCMP_CMP_MASKED_EQ", &value));
	ck_assert_uint_eq(value, SCMP_CMP_MASKED_EQ);
	ck_assert(seccomp_flag_by_name("SECCOMP_FILTER_FLAG_SPEC_ALLOW", &value));
	ck_assert_uint_eq(value, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}
END_TEST

START_TEST(other_words_are_not)
{
	uint32_t action = 1;
	unsigned value = 1;

	ck_assert(!seccomp_action_by_name("scmp_act_allow", &action));
	ck_assert(!seccomp_action_by_name("", &action));
	ck_assert(!seccomp_op_by_name("SCMP_CMP_", &value));
	/* Only the runtime knows where the descriptor goes. */
	ck_assert(!seccomp_flag_by_name("SECCOMP_FILTER_FLAG_NEW_LISTENER", &value));
	ck_assert_uint_eq(action, 1);
	ck_assert_uint_eq(value, 1);
}
END_TEST

SUITE("runtime/seccomp_names", NULL, NULL, the_words_of_the_spec_are_known, other_words_are_not)
