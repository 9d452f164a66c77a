/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_key - a policy as bytes (private to runtime/)
 *
 * Two policies with the same key have the same program: it holds all that the program is made
 * from, this library's version too. A hash of it finds a program; it is always compared itself,
 * since a wrong filter would be worse than a slow start.
 */
#include "base/buf.h"
#include "runtime/seccomp.h"

/* Changes with what this folder makes of a policy, and with the files of seccomp_store.h. */
#define SECCOMP_FORMAT 1

/* Can the policy be a filter? Returns 0, -EINVAL (ERR_INVALID), -E2BIG (ERR_LIMIT). */
int seccomp_policy_check(const struct seccomp_policy *p, struct err *e);
/* Append the key. Returns 0, -E2BIG (ERR_LIMIT) above the buffer's maximum, -ENOMEM. */
int seccomp_key(const struct seccomp_policy *p, struct buf *ret, struct err *e);
/*
 * The same of a policy that has a text, without a look at its rules; never equal to the other. Who
 * reads such texts (oci/seccomp.c) has no version but that of the build.
 */
int seccomp_text_key(const struct seccomp_policy *p, struct buf *ret, struct err *e);
/* FNV-1a of words, going on from @hash or SECCOMP_HASH_START; the length isn't in it. */
uint64_t seccomp_hash(uint64_t hash, const void *bytes, size_t n);
#define SECCOMP_HASH_START 0xcbf29ce484222325ull
