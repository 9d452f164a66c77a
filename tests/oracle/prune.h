/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * prune - take whiteouts over nothing out of a random upper
 *
 * No kernel makes them, and the kernel's rmdir() fails on a directory that holds one, though it
 * lists nothing in it.
 */
#include <stdbool.h>

void prune_upper(const char *upper, const char *base, unsigned n_lowers, bool userxattr,
		 bool odd_names);
