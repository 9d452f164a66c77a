/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trust.h"

#include "base/limits.h"

void trust_policy_done(struct trust_policy *p)
{
	strv_done(&p->authorities);
	strv_done(&p->strategies);
}

void trust_policy_message(const struct trust_policy *p, Anchord__V1__TrustPolicy *ret)
{
	ret->authorities = p->authorities.v;
	ret->n_authorities = p->authorities.n;
	ret->strategies = p->strategies.v;
	ret->n_strategies = p->strategies.n;
}

int trust_option_only(void *field, const char *value, struct err *e)
{
	struct trust_policy *p = field;

	p->authorities.max = LIMIT_AUTHORITIES;
	return strv_add(&p->authorities, value, e);
}

/* Whether the words are known is the daemon's to say: it may know more than we do. */
int trust_option_strategies(void *field, const char *value, struct err *e)
{
	struct trust_policy *p = field;

	p->strategies.max = LIMIT_AUTHORITIES;
	return strv_split(&p->strategies, value, ',', e);
}
