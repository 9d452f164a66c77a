/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * process - is a process still the one that was meant?
 *
 * Pids are used again; a pid together with the time of its start is not.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct process_stat {
	char state;          /* 'R', 'S', ..., 'Z' has ended */
	uint64_t start_time; /* clock ticks after boot */
};

/* The line of /proc/PID/stat, whose second field may hold anything. Returns 0, -EINVAL. */
int process_stat_parse(const char *line, struct process_stat *ret);

/* Returns 0; -ESRCH when there is no such process. */
int process_stat_read(pid_t pid, struct process_stat *ret, struct err *e);

/* A pidfd. Returns -ESRCH (ERR_NOT_FOUND) when it has ended, or is another one by now. */
int process_open(pid_t pid, uint64_t start_time, struct err *e);

/* Wait for its end. Returns whether it came in time. */
bool process_wait(int pidfd, int timeout_msec);
