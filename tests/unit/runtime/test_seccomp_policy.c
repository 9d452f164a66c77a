/* SPDX-License-Identifier: Apache-2.0 */
/* What may be in a policy, and what is said of one that can't be a filter. */
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/seccomp_library.h"
#include "tests/support/suite.h"
#include "tests/unit/runtime/policy.h"

#define RULE SCMP_ACT_ERRNO(EXDEV)

static void expect_refusal(struct seccomp_policy *p, const char *message)
{
	struct sock_fprog program = {.len = 7};
	struct err e = ERR_NONE;

	ck_assert_int_eq(seccomp_compile(p, NULL, &program, &e), -EINVAL);
	ck_assert_int_eq(e.kind, ERR_INVALID);
	ck_assert_str_eq(e.msg, message);
	ck_assert_uint_eq(program.len, 7); /* outputs are untouched on failure */
	seccomp_policy_free(p);
}

START_TEST(an_architecture_that_libseccomp_lacks_is_named)
{
	static const char *const names[] = {"SCMP_ARCH_VAX", "X86_64", "SCMP_ARCH_", "x86_64"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
		char message[100];

		policy_architecture(p, names[i]);
		snprintf(message, sizeof(message), "seccomp: libseccomp knows no architecture '%s'",
			 names[i]);
		expect_refusal(p, message);
	}
}
END_TEST

START_TEST(the_architectures_of_the_spec_are_known)
{
	static const char *const names[] = {
		"SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",
		"SCMP_ARCH_ARM",      "SCMP_ARCH_AARCH64",     "SCMP_ARCH_MIPSEL",
		"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC64LE",
		"SCMP_ARCH_RISCV64",
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		policy_architecture(p, names[i]);
	policy_call(p, "read", RULE);
	ck_ok(seccomp_compile(p, NULL, &program, &e), e);
	ck_assert_uint_gt(program.len, 10);
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(an_architecture_that_the_machine_cannot_have_is_passed_over)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog without = {0}, with = {0};
	struct err e = ERR_NONE;

	policy_call(p, "read", RULE);
	ck_ok(seccomp_compile(p, NULL, &without, &e), e);
	policy_architecture(p, "SCMP_ARCH_S390X");
	ck_ok(seccomp_compile(p, NULL, &with, &e), e);
	ck_assert_uint_eq(with.len, without.len);
	seccomp_program_done(&with);
	/* libseccomp wants one byte order. */
	ck_assert_int_eq(seccomp_library_compile(p, &with, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "'SCMP_ARCH_S390X': its byte order isn't the machine's");
	seccomp_program_done(&without);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(what_cannot_be_a_filter_is_refused)
{
	static const struct seccomp_condition seventh = {.argument = 6, .op = SCMP_CMP_EQ};
	static const struct seccomp_condition odd = {.op = 8};
	struct seccomp_policy *p = policy(SCMP_ACT_NOTIFY);

	expect_refusal(p, "seccomp: SCMP_ACT_NOTIFY can't be the default action");
	expect_refusal(policy(0x12345678), "seccomp: unknown default action 0x12345678");
	p = policy(SCMP_ACT_ALLOW);
	policy_call(p, "read", RULE);
	policy_call(p, "read", 0x7fff0001);
	expect_refusal(p, "seccomp: rule 2: unknown action 0x7fff0001");
	p = policy(SCMP_ACT_ALLOW);
	policy_rule(p, "read", RULE, &seventh, 1);
	expect_refusal(p, "seccomp: rule 1: a system call has no argument 6");
	p = policy(SCMP_ACT_ALLOW);
	policy_rule(p, "read", RULE, &odd, 1);
	expect_refusal(p, "seccomp: rule 1: unknown comparison 8");
}
END_TEST

START_TEST(there_is_a_limit_to_rules)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct seccomp_rule rule = {.action = RULE};
	struct err e = ERR_NONE;

	for (int i = 0; i < LIMIT_SECCOMP_RULES; i++)
		policy_call(p, "read", RULE);
	ck_assert_int_eq(seccomp_policy_add(p, &rule, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "more than 4096 rules");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(there_is_a_limit_to_calls)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	struct err e = ERR_NONE;
	char names[LIMIT_SECCOMP_NAMES * sizeof("read")];

	for (size_t i = 0; i < sizeof(names); i += sizeof("read"))
		memcpy(names + i, "read ", sizeof("read"));
	names[sizeof(names) - 1] = '\0';
	for (int i = 0; i <= LIMIT_SECCOMP_ENTRIES / LIMIT_SECCOMP_NAMES; i++)
		policy_call(p, names, RULE);
	ck_assert_int_eq(seccomp_compile(p, NULL, &program, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "seccomp: rules for more than 65536 calls");
	seccomp_policy_free(p);
}
END_TEST

START_TEST(a_program_that_the_kernel_would_not_take_is_refused)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	struct err e = ERR_NONE;

	for (unsigned i = 0; i < 1000; i++) {
		const struct seccomp_condition c = {.op = SCMP_CMP_GT, .value = 3ull * i << 31};

		policy_rule(p, "read write", RULE, &c, 1);
	}
	ck_assert_int_eq(seccomp_compile(p, NULL, &program, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.msg, "seccomp: the program has more than 4096 instructions");
	seccomp_policy_free(p);
}
END_TEST

SUITE("runtime/seccomp_policy", NULL, NULL, an_architecture_that_libseccomp_lacks_is_named,
      the_architectures_of_the_spec_are_known,
      an_architecture_that_the_machine_cannot_have_is_passed_over,
      what_cannot_be_a_filter_is_refused, there_is_a_limit_to_rules, there_is_a_limit_to_calls,
      a_program_that_the_kernel_would_not_take_is_refused)
