/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_cache - the last programs of this process (private to runtime/)
 *
 * At most LIMIT_SECCOMP_PROGRAMS; the one that was not asked for longest goes first. Callers get
 * copies: a program is 3 KiB, and nobody has to count who uses one. Thread: any (a mutex).
 */
#include "base/buf.h"
#include "runtime/seccomp.h"

/* The program of @key (seccomp_key.h). Returns 1; 0 if there is none, or no memory for a copy. */
int seccomp_cache_find(const struct buf *key, struct sock_fprog *ret);
/* Keep copies of both; a key that is there already, or one without memory, is passed over. */
void seccomp_cache_keep(const struct buf *key, const struct sock_fprog *program);
/* A copy of a program. Returns whether there was memory for it. */
bool seccomp_program_copy(const struct sock_fprog *from, struct sock_fprog *ret);
/* How many programs are kept. */
size_t seccomp_cache_size(void);
