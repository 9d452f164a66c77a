/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fault - places where a test may kill the process
 *
 * A crash must be harmless anywhere; a place that a test wants to reach has a name. With
 * ANCHORD_FAULT=name (or name:N for the Nth time) in the environment the process gets SIGKILL
 * there. Only in builds with faults (preset dev); elsewhere it compiles to nothing.
 */
#ifdef ANCHOR_FAULTS
void fault_point(const char *name);
#else
static inline void fault_point(const char *name)
{
	(void)name;
}
#endif
