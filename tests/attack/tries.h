/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tries - what vfs is asked to do while directories are swapped
 *
 * What comes out doesn't matter, only that it isn't the canary.
 */
#include <stdbool.h>

#include "tests/oracle/dice.h"
#include "vfs/vfs.h"

/* One random operation. Returns false, and says what, if it told something of the canary. */
bool try_once(struct vfs *fs, struct dice *d);
