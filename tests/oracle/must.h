/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * must - what the test itself needs from the machine; not what is tested
 *
 * A harness that can't go on ends its process at once with MUST_STATUS, which nobody takes
 * for a difference.
 */
#include <stdio.h>
#include <stdlib.h>

enum { MUST_STATUS = 3 };

#define must(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fprintf(stderr, ": %m\n");                                                 \
			exit(MUST_STATUS);                                                         \
		}                                                                                  \
	} while (0)
