/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * capabilities - docker's default set, cut to what this process has itself
 */
#include <stdint.h>

/* Bit n = capability n (linux/capability.h). */
uint64_t runtime_capabilities_default(void);
/* The highest capability this kernel knows (/proc/sys/kernel/cap_last_cap). */
unsigned runtime_capabilities_last(void);
/* Which of these are in the bounding set of this process; a capability costs a system call. */
uint64_t runtime_capabilities_own(uint64_t of);
