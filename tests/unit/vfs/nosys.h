/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * nosys - live in a sandbox that denies what it doesn't know
 *
 * nosys_deny() puts a seccomp filter on the calling process and all it starts.
 */
#include <stdbool.h>

/* Let the system call "openat2", "open_tree", ... fail with @error. */
void nosys_deny(const char *call, int error);

/* What the sandbox that we are in lets us do. */
bool nosys_has_openat2(void);
bool nosys_has_open_tree(void);
