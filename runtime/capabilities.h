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
/* The bounding set of this process. */
uint64_t runtime_capabilities_own(void);
