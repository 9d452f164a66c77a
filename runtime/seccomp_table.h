/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_table - a policy as what becomes of each number (private to runtime/)
 *
 * For one architecture of the kernel the numbers from 0 to 2^32 - 1 are cut into ranges of one
 * verdict: an action, or alternatives, of which the first that holds tells the action; the policy's
 * default follows if none does. i386's socketcall() and ipc() are calls of their own and the first
 * argument of others: a rule for recv() is one for socketcall(10), too, where what it says of the
 * first argument can't be seen, as libseccomp has it.
 */
#include "base/limits.h"
#include "runtime/seccomp_arch.h"
#include "runtime/seccomp_program.h"

/* A rule for one number. */
struct seccomp_entry {
	uint32_t nr;
	uint32_t order;                  /* of the rules for this number */
	const struct seccomp_rule *rule; /* borrowed from the policy */
	int only;                        /* this one of its conditions; -1: all must hold */
	uint32_t multiplexed;            /* what the first argument has to be instead; 0: nothing */
	bool is_64;                      /* arguments have 64 bits */
};

struct seccomp_range {
	uint32_t first;                           /* the range ends before the next one */
	uint32_t action;                          /* if there are no alternatives */
	const struct seccomp_entry *alternatives; /* borrowed from the table */
	size_t n_alternatives;
};

struct seccomp_table {
	uint32_t audit;                /* the kernel's number of the architecture */
	struct seccomp_entry *entries; /* owned */
	size_t n_entries;
	struct seccomp_range *ranges; /* owned; the first begins at 0 */
	size_t n_ranges;
};

/*
 * seccomp_table_make - the table of one of the kernel's architectures
 * @archs: of the policy
 * @audit: the one; x86_64 has x32 in its table
 * @ret:   to be ended with seccomp_table_done(), also on failure
 *
 * Returns: 0; SECCOMP_FOREIGN for an architecture that nobody compared; -E2BIG (ERR_LIMIT) for very
 *          many rules; -ENOMEM.
 */
int seccomp_table_make(const struct seccomp_policy *p, const struct seccomp_archs *archs,
		       uint32_t audit, struct seccomp_table *ret, struct err *e);
void seccomp_table_done(struct seccomp_table *t);

/* What an entry asks of an argument; false: nothing that could fail. */
bool seccomp_entry_condition(const struct seccomp_entry *x, unsigned argument,
			     struct seccomp_condition *ret);
