/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_profile - the default profile as tables (private to runtime/)
 *
 * Names are those of libseccomp; a name that it or an architecture doesn't know is passed over.
 * Resolved for the default capabilities: calls that only CAP_SYS_CHROOT or CAP_AUDIT_WRITE
 * open are allowed, those of the other capabilities are denied. setns stands in both lists of
 * the profile; the first one counts, and the kernel asks for CAP_SYS_ADMIN anyway.
 */
#include <stddef.h>
#include <stdint.h>

extern const char *const seccomp_profile_allowed[]; /* NULL-terminated, as the next */
extern const char *const seccomp_profile_denied[];

/* Allowed only when the first argument has this value. */
struct seccomp_profile_value {
	const char *name;
	uint64_t value;
};

extern const struct seccomp_profile_value seccomp_profile_values[];
extern const size_t seccomp_profile_n_values;
