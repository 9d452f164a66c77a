/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * nosys - live in a sandbox that denies what it doesn't know
 *
 * nosys_deny() puts a seccomp filter on the calling process and all it starts. Nothing of this is
 * taken back; a test has a process of its own.
 */
#include <stdbool.h>

/* Let the system call "openat2", "open_tree", ... fail with @error. */
void nosys_deny(const char *call, int error);

/* What the sandbox that we are in lets us do. */
bool nosys_has_openat2(void);
bool nosys_has_open_tree(void);

/* Live on without a capability (CAP_SYS_ADMIN, ...), like root in many containers. */
void nosys_drop_capability(unsigned capability);
