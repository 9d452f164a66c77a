/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/policy.h"

#include <string.h>

#include "base/limits.h"
#include "tests/support/suite.h"

struct seccomp_policy *policy(uint32_t default_action)
{
	struct seccomp_policy *p = seccomp_policy_new();

	ck_assert_ptr_nonnull(p);
	p->default_action = default_action;
	return p;
}

void policy_rule(struct seccomp_policy *p, const char *names, uint32_t action,
		 const struct seccomp_condition *conditions, size_t n)
{
	struct seccomp_rule rule = {.names = STRV(LIMIT_SECCOMP_NAMES), .action = action};
	struct err e = ERR_NONE;

	ck_ok(strv_split(&rule.names, names, ' ', &e), e);
	if (n) {
		rule.conditions = calloc(n, sizeof(*conditions));
		ck_assert_ptr_nonnull(rule.conditions);
		memcpy(rule.conditions, conditions, n * sizeof(*conditions));
		rule.n_conditions = n;
	}
	ck_ok(seccomp_policy_add(p, &rule, &e), e);
}

void policy_architecture(struct seccomp_policy *p, const char *name)
{
	struct err e = ERR_NONE;

	ck_ok(strv_add(&p->architectures, name, &e), e);
}
