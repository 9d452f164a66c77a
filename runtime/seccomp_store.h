/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp_store - programs in a directory, for processes to come (private to runtime/)
 *
 * A file is named by the hash of a key and holds the key, which is compared, and the program, which
 * is looked at as the kernel would. The directory and the file have to be root's and nobody else's
 * to write. What is damaged or foreign is as good as missing, and replaced. There are at most
 * LIMIT_SECCOMP_PROGRAMS files; the oldest go. Files of other names are left alone.
 *
 * A file is renamed into place whole, but not synced: what a crash leaves of it isn't whole, and
 * the checksum says so. Thread: any, and any number of processes; blocks on the disk.
 */
#include "base/buf.h"
#include "runtime/seccomp.h"

/* The program of @key below @directory. Returns 1, 0 if there is none; never an error. */
int seccomp_store_load(const char *directory, const struct buf *key, struct sock_fprog *ret);
/* Write it; the directory is made, 0700. A failure has no consequence but the time of the next. */
void seccomp_store_save(const char *directory, const struct buf *key,
			const struct sock_fprog *program);
