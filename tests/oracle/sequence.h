/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sequence - one world, operations on it, and what is left in the end
 *
 * The whole of it depends on the seed. It runs in a process of its own, because it makes mounts
 * in a namespace that goes with the process.
 */
#include <stdbool.h>
#include <stdint.h>

enum sequence_result {
	SEQUENCE_SAME = 0, /* exit statuses, too */
	SEQUENCE_DIFFERENT = 1,
	SEQUENCE_REFUSED = 10,  /* vfs refused the specs by name */
	SEQUENCE_DIVERGED = 11, /* ended early at a difference that has a name */
};

struct sequence_options {
	bool verbose;
	const char *shell; /* command to run where a difference was found; NULL for none */
};

/* Play it through vfs and the kernel, print what differs. */
enum sequence_result sequence_play(uint64_t seed, const struct sequence_options *o);
/* Snapshot paths, write there through vfs, restore: nothing has changed. */
enum sequence_result sequence_restore(uint64_t seed, const struct sequence_options *o);

/* For both: a mount namespace with a /tmp of its own; the shell, where something differs. */
void sequence_isolate(void);
enum sequence_result sequence_different(const struct sequence_options *o);
