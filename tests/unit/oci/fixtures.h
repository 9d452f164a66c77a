/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fixtures - documents in files: what runc, crun, podman and docker write, and one with all members
 */
#include <stddef.h>

/* The text of fixtures/<name>.json; the caller frees it. */
char *fixture_text(const char *name, size_t *ret_n);
