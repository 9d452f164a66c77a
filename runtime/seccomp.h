/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp - system call filters: what is asked for, and the program that does it
 *
 * A policy is linux.seccomp of the runtime-spec as data; seccomp_names.h has the words of the spec.
 * A BPF program is made of it. That takes a while, so programs are kept by what they were made
 * from: the last ones in memory, and in a directory if there is one.
 *
 * Where the spec is silent a policy means what runc makes of it: rules with the default action are
 * passed over, and so are calls that libseccomp doesn't know; conditions that name an argument
 * twice are alternatives, all others must hold together; of the rules for a call the first without
 * conditions counts, else the first that holds; a wrong architecture kills. When the default action
 * is an errno but ENOSYS, a call newer than all that the policy names gets ENOSYS all the same:
 * libc falls back from that one only.
 *
 * The default policy has the meaning of the profile that docker and podman ship (the copy in
 * Debian's golang-github-containers-common was the source of facts), resolved for the default
 * capabilities, for this machine's architecture and the 32-bit ones that it can run. The tables are
 * in seccomp_profile.c. Its default answer is ENOSYS, so that libc falls back from calls newer than
 * the profile; the calls that the profile knows and denies are listed and get EPERM. mount() and
 * its like are left to the kernel, which wants a capability that the container lacks (EPERM too).
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"

#define SECCOMP_ARGUMENTS 6 /* that a system call has */

/* What one argument is compared with; @op is of enum scmp_compare (seccomp.h). */
struct seccomp_condition {
	unsigned argument; /* below SECCOMP_ARGUMENTS */
	unsigned op;
	uint64_t value;
	uint64_t second; /* SCMP_CMP_MASKED_EQ: value is the mask, this is what is left by it */
};

struct seccomp_rule {
	struct strv names;
	uint32_t action; /* SECCOMP_RET_*, with errno or message in its low half */
	struct seccomp_condition *conditions; /* owned */
	size_t n_conditions;                  /* at most LIMIT_SECCOMP_CONDITIONS */
};

struct seccomp_policy {
	uint32_t default_action;
	struct strv architectures;  /* "SCMP_ARCH_X86"; the machine's own is always there */
	unsigned flags;             /* SECCOMP_FILTER_FLAG_* */
	struct seccomp_rule *rules; /* owned, in order */
	size_t n_rules;             /* at most LIMIT_SECCOMP_RULES */
	char *listener_path;        /* of the socket that gets the listener's descriptor; owned */
	char *listener_metadata;    /* owned */
	/* By seccomp_recall(): the rules as a document has them, borrowed; what is made of them. */
	const char *text;
	size_t n_text;
	struct sock_fprog program; /* owned; of length 0: not known, the rules are above */
};

struct seccomp_policy *seccomp_policy_new(void); /* NULL without memory */
struct seccomp_policy *seccomp_policy_free(struct seccomp_policy *p);
/* Append a rule; takes what it owns, on success only. Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int seccomp_policy_add(struct seccomp_policy *p, struct seccomp_rule *rule, struct err *e);
void seccomp_rule_done(struct seccomp_rule *rule);
/* Is one condition enough, since two are about the same argument? */
bool seccomp_rule_has_alternatives(const struct seccomp_rule *rule);

/*
 * seccomp_recall - find the program of rules that were not read, by their text
 * @p:    all but the rules; it gets the program, and the text in any case: when the program is not
 *        known, and the rules follow, seccomp_compile() keeps what it makes for this text
 * @text: of the rules; has to stay as long as @p does
 * @cache: as for seccomp_compile()
 *
 * The same text has to be the same rules. Returns whether the program is known, so that no rules
 * are needed.
 */
bool seccomp_recall(struct seccomp_policy *p, const char *cache, const char *text, size_t n);

/* Does the policy send notifications to a listener? */
bool seccomp_policy_notifies(const struct seccomp_policy *p);
/* What sys_seccomp_filter() has to be told: the policy's flags, and what notifications need. */
unsigned seccomp_policy_flags(const struct seccomp_policy *p);

/* The default policy; constant, never freed. */
const struct seccomp_policy *seccomp_default(void);

/*
 * seccomp_compile - the program of a policy
 * @cache: directory for programs, made if missing, that only root may write; NULL: none is kept
 *         on disk. What can't be read or written there is no error
 * @ret:   for sys_seccomp_filter(); the caller ends it with seccomp_program_done()
 *
 * Returns: 0; -EINVAL (ERR_INVALID) for what can't be a filter: unknown architectures, actions or
 *          comparisons, notifications as the default; -E2BIG (ERR_LIMIT) for a program that the
 *          kernel would not take; -ENOMEM.
 * Thread: any; blocks on the disk when there is a @cache and the program isn't in memory.
 */
int seccomp_compile(const struct seccomp_policy *p, const char *cache, struct sock_fprog *ret,
		    struct err *e);
void seccomp_program_done(struct sock_fprog *program);
