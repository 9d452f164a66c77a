/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_names - the words of linux.seccomp and what they stand for
 *
 * Architectures are words in a policy already: libseccomp knows them.
 */
#include <stdbool.h>
#include <stdint.h>

/*
 * @ret: SECCOMP_RET_* without an errno or message; seccomp_action_takes_value() says whether it has
 *       one, which is EPERM if the spec's document names none
 * Returns: is there such an action?
 */
bool seccomp_action_by_name(const char *name, uint32_t *ret);
bool seccomp_action_takes_value(uint32_t action);
/* SCMP_CMP_*, as in struct seccomp_condition. */
bool seccomp_op_by_name(const char *name, unsigned *ret);
/* SECCOMP_FILTER_FLAG_*, without what only the runtime may ask for. */
bool seccomp_flag_by_name(const char *name, unsigned *ret);
