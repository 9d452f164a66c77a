/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* bpf - what a program returns, found out as the kernel would; a bad program ends the test */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data,
		 size_t *n_steps);
