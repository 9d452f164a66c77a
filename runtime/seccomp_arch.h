/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_arch - the architectures of a policy, and its newest calls (private to runtime/)
 *
 * Calls and architectures have libseccomp's numbers. x32 is an architecture of its own there; the
 * kernel shows its calls as those of x86_64 with a bit more.
 */
#include "base/limits.h"
#include "runtime/seccomp.h"

#define SECCOMP_X32_BIT 0x40000000u /* of an x32 call's number; no call of others is so high */

struct seccomp_arch {
	const char *name; /* the spec's word; borrowed from the policy */
	uint32_t token;   /* libseccomp's */
	uint32_t audit;   /* what a filter sees */
	uint32_t first;   /* numbers of calls begin here */
	int64_t newest;   /* highest number that a rule names; -1: nothing is made of it */
};

struct seccomp_archs {
	struct seccomp_arch v[LIMIT_SECCOMP_ARCHITECTURES + 1]; /* the machine's own is first */
	size_t n;
};

/* Returns 0; -EINVAL (ERR_INVALID) naming what this libseccomp doesn't know; -E2BIG (ERR_LIMIT). */
int seccomp_archs(const struct seccomp_policy *p, struct seccomp_archs *ret, struct err *e);

/* Do calls newer than the policy get ENOSYS in place of its default errno? */
bool seccomp_newer_is_enosys(const struct seccomp_policy *p);
/* The last number of @a that gets it. */
static inline uint32_t seccomp_arch_last(const struct seccomp_arch *a)
{
	return a->first + SECCOMP_X32_BIT - 1;
}
