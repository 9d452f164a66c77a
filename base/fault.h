/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fault - places where a test may kill the process
 *
 * A crash must be harmless anywhere; a place that a test wants to reach has a name. With
 * ANCHORD_FAULT=name (or name:N for the Nth time) in the environment the process gets SIGKILL
 * there. ANCHORD_FAULT=#N kills it at the Nth place that it passes, whatever its name: a test
 * that counts N up until the process survives has killed it everywhere. Places are counted over
 * the life of a process; a fork goes on with its parent's count. Only in builds with faults
 * (preset dev); elsewhere it compiles to nothing.
 */
#include <stdint.h>

#ifdef ANCHOR_FAULTS
void fault_point(const char *name);
/* A limit in microseconds, which a test may set by the variable @name to see it reached. */
uint64_t fault_limit(const char *name, uint64_t usec);
/* How many places this process has passed while ANCHORD_FAULT was set. */
unsigned fault_count(void);
#else
static inline void fault_point(const char *name)
{
	(void)name;
}
static inline uint64_t fault_limit(const char *name, uint64_t usec)
{
	(void)name;
	return usec;
}
#endif
