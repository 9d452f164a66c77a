/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/verdict.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

#include "tests/support/suite.h"

static const struct {
	uint32_t token;
	const char *name;
	bool is_64;
} tokens[VERDICT_TOKENS] = {
	{SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64", true},
	{SCMP_ARCH_X32, "SCMP_ARCH_X32", false},
	{SCMP_ARCH_X86, "SCMP_ARCH_X86", false},
	{SCMP_ARCH_AARCH64, "SCMP_ARCH_AARCH64", true},
	{SCMP_ARCH_ARM, "SCMP_ARCH_ARM", false},
};

static bool has_token(const struct seccomp_policy *p, uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (tokens[i].token == token && strv_has(&p->architectures, tokens[i].name))
			return true;
	return token == seccomp_arch_native();
}

static bool is_64(uint32_t token)
{
	return token == SCMP_ARCH_X86_64 || token == SCMP_ARCH_AARCH64;
}

/* ---- resolving ------------------------------------------------------------------------ */

static void add(struct verdicts *v, uint32_t token, uint32_t nr, uint32_t multiplexed,
		const struct seccomp_rule *rule)
{
	if (v->n_rules == VERDICT_RULES)
		ck_abort_msg("too many rules");
	v->rules[v->n_rules++] = (struct verdict_rule){token, nr, multiplexed, rule};
}

static void add_multiplexed(struct verdicts *v, int nr, const char *name,
			    const struct seccomp_rule *rule)
{
	if (nr > -100 || nr < -300)
		return;
	if (nr > -200)
		add(v, SCMP_ARCH_X86, 102, (uint32_t)(-100 - nr), rule);
	else
		add(v, SCMP_ARCH_X86, 117, (uint32_t)(-200 - nr), rule);
	for (uint32_t i = 0; i < VERDICT_DIRECT; i++)
		if (v->direct[i] && strcmp(v->direct[i], name) == 0)
			add(v, SCMP_ARCH_X86, i, 0, rule);
}

static void add_name(struct verdicts *v, uint32_t token, const char *name,
		     const struct seccomp_rule *rule)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	if (nr >= 0)
		add(v, token, (uint32_t)nr, 0, rule);
	else if (token == SCMP_ARCH_X86)
		add_multiplexed(v, nr, name, rule);
}

static int64_t newest_call(const struct seccomp_policy *p, uint32_t token)
{
	int64_t newest = -1;

	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].names.n; k++) {
			const char *name = p->rules[i].names.v[k];
			int known = seccomp_syscall_resolve_name_arch(token, name);

			newest = known > newest ? known : newest;
		}
	return newest;
}

void verdicts_start(struct verdicts *v, const struct seccomp_policy *p)
{
	v->policy = p;
	v->n_rules = 0;
	for (int i = 0; i < VERDICT_DIRECT; i++)
		v->direct[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, i);
	for (size_t t = 0; t < ARRAY_SIZE(tokens); t++)
		v->newest[t] = newest_call(p, tokens[t].token);
	for (size_t t = 0; t < ARRAY_SIZE(tokens); t++)
		for (size_t i = 0; has_token(p, tokens[t].token) && i < p->n_rules; i++)
			for (size_t k = 0; k < p->rules[i].names.n; k++)
				add_name(v, tokens[t].token, p->rules[i].names.v[k], &p->rules[i]);
}

void verdicts_done(struct verdicts *v)
{
	for (size_t i = 0; i < VERDICT_DIRECT; i++)
		free(v->direct[i]);
}

/* ---- one number ----------------------------------------------------------------------- */

static bool is_newer(const struct verdicts *v, uint32_t token, uint32_t nr)
{
	uint32_t first = token == SCMP_ARCH_X32 ? 0x40000000 : 0;

	for (size_t t = 0; t < ARRAY_SIZE(tokens); t++)
		if (tokens[t].token == token)
			return v->newest[t] >= 0 && nr > v->newest[t] && nr < first + 0x40000000;
	return false;
}

static bool newer_matters(const struct seccomp_policy *p)
{
	return (p->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	       p->default_action != SCMP_ACT_ERRNO(ENOSYS);
}

void verdict_find(const struct verdicts *v, uint32_t audit, uint32_t nr, struct verdict *ret)
{
	bool is_x32 = audit == AUDIT_ARCH_X86_64 && nr >= 0x40000000;

	*ret = (struct verdict){.policy = v->policy,
				.token = is_x32 ? SCMP_ARCH_X32 : audit,
				.nr = nr,
				.without_rule = v->policy->default_action};
	if (is_x32 && nr == UINT32_MAX)
		return; /* a call that a tracer skips */
	if (!has_token(v->policy, ret->token)) {
		ret->without_rule = SCMP_ACT_KILL;
		return;
	}
	if (newer_matters(v->policy) && is_newer(v, ret->token, nr)) {
		ret->without_rule = SCMP_ACT_ERRNO(ENOSYS);
		return;
	}
	for (size_t i = 0; i < v->n_rules; i++) {
		const struct verdict_rule *x = &v->rules[i];

		if (x->token != ret->token || x->nr != nr ||
		    x->rule->action == v->policy->default_action)
			continue;
		if (ret->n_rules == ARRAY_SIZE(ret->rules))
			ck_abort_msg("too many rules for %#x", nr);
		ret->rules[ret->n_rules++] = x;
	}
}

static bool names_an_argument_twice(const struct seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->n_conditions; i++)
		for (size_t k = 0; k < i; k++)
			if (rule->conditions[i].argument == rule->conditions[k].argument)
				return true;
	return false;
}

static bool holds(const struct seccomp_condition *c, uint64_t argument, bool wide)
{
	uint64_t seen = wide ? UINT64_MAX : UINT32_MAX;
	uint64_t a = argument & seen;
	uint64_t value = c->value & seen;

	switch (c->op) {
	case SCMP_CMP_EQ:
		return a == value;
	case SCMP_CMP_NE:
		return a != value;
	case SCMP_CMP_LT:
		return a < value;
	case SCMP_CMP_LE:
		return a <= value;
	case SCMP_CMP_GE:
		return a >= value;
	case SCMP_CMP_GT:
		return a > value;
	default:
		return (a & value) == (c->second & value);
	}
}

/* Can the rule fail for any arguments? */
static bool has_conditions(const struct verdict_rule *x, bool wide)
{
	uint64_t seen = wide ? UINT64_MAX : UINT32_MAX;
	bool alternatives = names_an_argument_twice(x->rule);
	size_t n = x->multiplexed ? 1 : 0;

	for (size_t i = 0; i < x->rule->n_conditions; i++) {
		const struct seccomp_condition *c = &x->rule->conditions[i];
		bool empty = c->op == SCMP_CMP_MASKED_EQ && (c->value & seen) == 0;

		if (empty && alternatives && !x->multiplexed)
			return false;
		n += !empty && !(c->argument == 0 && x->multiplexed);
	}
	return n > 0;
}

static bool rule_holds(const struct verdict_rule *x, const struct seccomp_data *d, bool wide)
{
	bool alternatives = names_an_argument_twice(x->rule);
	size_t n_holding = 0;

	if (x->multiplexed && (uint32_t)d->args[0] != x->multiplexed)
		return false;
	for (size_t i = 0; i < x->rule->n_conditions; i++) {
		const struct seccomp_condition *c = &x->rule->conditions[i];

		n_holding += (x->multiplexed && c->argument == 0) ||
			     holds(c, d->args[c->argument], wide);
	}
	return alternatives ? n_holding > 0 : n_holding == x->rule->n_conditions;
}

uint32_t verdict_action(const struct verdict *v, const struct seccomp_data *data)
{
	bool wide = is_64(v->token);

	for (size_t i = 0; i < v->n_rules; i++)
		if (!has_conditions(v->rules[i], wide))
			return v->rules[i]->rule->action;
	for (size_t i = 0; i < v->n_rules; i++)
		if (rule_holds(v->rules[i], data, wide))
			return v->rules[i]->rule->action;
	return v->without_rule;
}

bool verdict_has_conditions(const struct verdict *v)
{
	for (size_t i = 0; i < v->n_rules; i++)
		if (v->rules[i]->rule->n_conditions > 0 || v->rules[i]->multiplexed)
			return true;
	return false;
}

static bool is_order(unsigned op)
{
	return op == SCMP_CMP_LT || op == SCMP_CMP_LE || op == SCMP_CMP_GE || op == SCMP_CMP_GT;
}

bool verdict_is_hard(const struct verdict *v)
{
	bool hard = false;
	size_t n = 0;

	for (size_t i = 0; i < v->n_rules; i++) {
		const struct seccomp_rule *rule = v->rules[i]->rule;
		bool several = rule->n_conditions + (v->rules[i]->multiplexed != 0) > 1;

		hard |= rule->action != v->rules[0]->rule->action;
		n += names_an_argument_twice(rule) ? rule->n_conditions : 1;
		for (size_t k = 0; k < rule->n_conditions; k++) {
			unsigned op = rule->conditions[k].op;

			if (several && op == SCMP_CMP_LE && !is_64(v->token))
				return true;
			hard |= several || is_order(op);
		}
	}
	return hard && n > 1;
}
