/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* policy - system call policies for tests; whatever fails here fails the test */
#include <linux/seccomp.h>

#include "runtime/seccomp.h"

/* A policy of no rules, for the machine's own architecture. */
struct seccomp_policy *policy(uint32_t default_action);
/* Append a rule for @names, separated by spaces; @conditions are copied. */
void policy_rule(struct seccomp_policy *p, const char *names, uint32_t action,
		 const struct seccomp_condition *conditions, size_t n);
#define policy_call(p, names, action) policy_rule((p), (names), (action), NULL, 0)
void policy_architecture(struct seccomp_policy *p, const char *name);
