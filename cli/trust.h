/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * trust - which authorities a container trusts, and how they may reach it, from the command line
 */
#include "base/strv.h"
#include "cli/options.h"
#include "proto/anchord/v1/executor.pb-c.h"

struct trust_policy {
	struct strv authorities; /* fingerprints; empty: all */
	struct strv strategies;  /* words; empty: all */
};

void trust_policy_done(struct trust_policy *p);

/* Fill a message, which borrows the strings. */
void trust_policy_message(const struct trust_policy *p, Anchord__V1__TrustPolicy *ret);

/* Functions for rows of an option table; the field is a struct trust_policy. */
int trust_option_only(void *field, const char *value, struct err *e);
int trust_option_strategies(void *field, const char *value, struct err *e);

/* clang-format off */
#define TRUST_OPTIONS(type)                                                                      \
	{"ca-only", '\0', OPTION_VALUE, "FINGERPRINT",                                           \
	 "trust this authority alone, given by its SHA-256; may be said again",                  \
	 trust_option_only, offsetof(type, policy)},                                             \
	{"ca-strategies", '\0', OPTION_VALUE, "A,B,...",                                         \
	 "what may be done for it: drop-in, native, helper, append, create, mask, environment",  \
	 trust_option_strategies, offsetof(type, policy)}
/* clang-format on */
