/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_program - our own program of a policy (private to runtime/)
 *
 * A policy has far fewer ranges of numbers with the same verdict than it names calls. A bisection
 * of the ranges is shorter and quicker than libseccomp's programs, and made in a hundredth of the
 * time. The kernel tries each number once when it installs a filter, so it gains there, too.
 *
 * tests/unit/runtime/test_seccomp_program.c compares the two, and both with the policy's words.
 * Where they differ it is libseccomp 2.5 that isn't right:
 * - Of alternatives for a call it doesn't try all when one of them has several conditions or an
 *   order comparison. Of those with different actions that hold at the same time it takes any.
 * - On 32-bit architectures "at most" behind another condition of its rule means "more than".
 * - There are policies of such rules that it never ends with, or leaks memory over. So a daemon
 *   doesn't ask it about them: a policy comes from outside.
 */
#include "runtime/seccomp.h"

enum { SECCOMP_FOREIGN = 1 /* a machine on which nobody compared the two */ };

/*
 * As seccomp_compile(), for a policy that was checked; nothing is kept. Architectures that this
 * machine's kernel can't have are passed over.
 *
 * Returns: 0; SECCOMP_FOREIGN; -EINVAL (ERR_INVALID) for architectures unknown to libseccomp;
 *          -E2BIG (ERR_LIMIT) for what is too long; -ENOMEM.
 */
int seccomp_program_compile(const struct seccomp_policy *p, struct sock_fprog *ret, struct err *e);
