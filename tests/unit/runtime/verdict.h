/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * verdict - what a policy says of a call, read off its rules without making a program
 *
 * The third opinion where two programs differ.
 */
#include <linux/seccomp.h>
#include <stddef.h>

#include "runtime/seccomp.h"

enum { VERDICT_RULES = 20000, VERDICT_DIRECT = 600, VERDICT_TOKENS = 5 };

/* A rule for a number of one of libseccomp's architectures. */
struct verdict_rule {
	uint32_t token, nr, multiplexed;
	const struct seccomp_rule *rule;
};

/* A policy, resolved; large. */
struct verdicts {
	const struct seccomp_policy *policy;
	struct verdict_rule rules[VERDICT_RULES];
	size_t n_rules;
	char *direct[VERDICT_DIRECT];   /* names of i386's calls; owned */
	int64_t newest[VERDICT_TOKENS]; /* the highest number that is named, or -1 */
};

/* The rules for one number. */
struct verdict {
	const struct seccomp_policy *policy;
	uint32_t token, nr;
	uint32_t without_rule;                  /* what the call gets if no rule is for it */
	const struct verdict_rule *rules[1024]; /* in order */
	size_t n_rules;
};

void verdicts_start(struct verdicts *v, const struct seccomp_policy *p);
void verdicts_done(struct verdicts *v);

void verdict_find(const struct verdicts *v, uint32_t audit, uint32_t nr, struct verdict *ret);
uint32_t verdict_action(const struct verdict *v, const struct seccomp_data *data);
bool verdict_has_conditions(const struct verdict *v);

/*
 * May libseccomp 2.5 be wrong here? Of several alternatives it doesn't try all when one of them has
 * several conditions or an order comparison, it has no order for different actions, and on 32 bits
 * it turns "at most" around behind another condition.
 */
bool verdict_is_hard(const struct verdict *v);
