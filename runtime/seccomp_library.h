/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* seccomp_library - libseccomp's program of a policy (private to runtime/) */
#include "runtime/seccomp.h"

/* As seccomp_compile(), for a policy that was checked; nothing is kept. */
int seccomp_library_compile(const struct seccomp_policy *p, struct sock_fprog *ret, struct err *e);
