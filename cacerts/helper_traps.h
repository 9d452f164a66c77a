/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * helper_traps - what would keep a tool busy
 *
 * A tool opens whatever lies in the directories of its sources and outputs: at a FIFO it waits for
 * ever, a sparse file is as long as it says, and each of a million entries is hashed. A helper is
 * bounded in time, but minutes are long. So its stores are looked at first, names and sizes only.
 */
#include "distro/distro.h"

enum { HELPER_TRAP_SIZE = 512 };

/*
 * @ret_why: "" if there is none, else a sentence
 * Returns: 0, -ENOMEM.
 */
int helper_traps_find(const struct vfs *fs, const struct distro_family *family,
		      char ret_why[HELPER_TRAP_SIZE], struct err *e);
