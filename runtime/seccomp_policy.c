/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/limits.h"
#include "runtime/seccomp_key.h"
#include "runtime/seccomp_names.h"

struct seccomp_policy *seccomp_policy_new(void)
{
	struct seccomp_policy *p = calloc(1, sizeof(*p));

	if (p)
		p->architectures = STRV(LIMIT_SECCOMP_ARCHITECTURES);
	return p;
}

void seccomp_rule_done(struct seccomp_rule *rule)
{
	strv_done(&rule->names);
	free(rule->conditions);
	*rule = (struct seccomp_rule){.names = STRV(LIMIT_SECCOMP_NAMES)};
}

struct seccomp_policy *seccomp_policy_free(struct seccomp_policy *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_rules; i++)
		seccomp_rule_done(&p->rules[i]);
	strv_done(&p->architectures);
	free(p->rules);
	free(p->listener_path);
	free(p->listener_metadata);
	seccomp_program_done(&p->program);
	free(p);
	return NULL;
}

int seccomp_policy_add(struct seccomp_policy *p, struct seccomp_rule *rule, struct err *e)
{
	struct seccomp_rule *rules;

	if (p->n_rules >= LIMIT_SECCOMP_RULES)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d rules", LIMIT_SECCOMP_RULES);
	if ((p->n_rules & (p->n_rules - 1)) == 0) { /* zero or a power of two: full */
		rules = realloc(p->rules, (p->n_rules ? 2 * p->n_rules : 1) * sizeof(*rules));
		if (!rules)
			return err_oom(e);
		p->rules = rules;
	}
	p->rules[p->n_rules++] = *rule;
	*rule = (struct seccomp_rule){.names = STRV(LIMIT_SECCOMP_NAMES)};
	return 0;
}

bool seccomp_rule_has_alternatives(const struct seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->n_conditions; i++) {
		unsigned bit = 1u << rule->conditions[i].argument;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

bool seccomp_policy_notifies(const struct seccomp_policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].action == SCMP_ACT_NOTIFY)
			return true;
	return false;
}

unsigned seccomp_policy_flags(const struct seccomp_policy *p)
{
	if (!seccomp_policy_notifies(p)) /* nothing to receive */
		return p->flags & ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	/* A descriptor and the id of a thread that can't be synchronized would be the same number.
	 */
	if (p->flags & SECCOMP_FILTER_FLAG_TSYNC)
		return p->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER |
		       SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return p->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

static bool known_action(uint32_t action)
{
	switch (action) {
	case SCMP_ACT_KILL_PROCESS:
	case SCMP_ACT_KILL_THREAD:
	case SCMP_ACT_TRAP:
	case SCMP_ACT_ALLOW:
	case SCMP_ACT_LOG:
	case SCMP_ACT_NOTIFY:
		return true;
	default:
		return seccomp_action_takes_value(action);
	}
}

static int check_rule(const struct seccomp_rule *rule, struct err *e)
{
	if (rule->n_conditions > LIMIT_SECCOMP_CONDITIONS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d conditions",
			       LIMIT_SECCOMP_CONDITIONS);
	if (!known_action(rule->action))
		return err_set(e, -EINVAL, ERR_INVALID, "unknown action %#x", rule->action);
	for (size_t i = 0; i < rule->n_conditions; i++) {
		const struct seccomp_condition *c = &rule->conditions[i];

		if (c->argument >= SECCOMP_ARGUMENTS)
			return err_set(e, -EINVAL, ERR_INVALID, "a system call has no argument %u",
				       c->argument);
		if (c->op < SCMP_CMP_NE || c->op > SCMP_CMP_MASKED_EQ)
			return err_set(e, -EINVAL, ERR_INVALID, "unknown comparison %u", c->op);
	}
	return 0;
}

int seccomp_policy_check(const struct seccomp_policy *p, struct err *e)
{
	/* Nobody could answer while the container is being made, so it would never start. */
	if (p->default_action == SCMP_ACT_NOTIFY)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "SCMP_ACT_NOTIFY can't be the default action");
	if (!known_action(p->default_action))
		return err_set(e, -EINVAL, ERR_INVALID, "unknown default action %#x",
			       p->default_action);
	for (size_t i = 0; i < p->n_rules; i++) {
		int r = check_rule(&p->rules[i], e);

		if (r < 0)
			return err_wrap(e, r, "rule %zu", i + 1);
	}
	return 0;
}
