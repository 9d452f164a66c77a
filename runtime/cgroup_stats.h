/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cgroup_stats - what the processes of a cgroup have used, as numbers
 *
 * Read from the files of cgroup v2; how they are shown (runc's `events --stats`) is decided
 * elsewhere. A file that is missing, since its controller isn't enabled or the kernel is older,
 * leaves zeros and is_present false.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { CGROUP_STATS_MEMORY_MAX = 128, CGROUP_STATS_DEVICES_MAX = 256, CGROUP_STATS_PAGES_MAX = 16 };

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_stats_cpu {
	bool is_present; /* nearly always: the kernel counts time without the controller */
	uint64_t usage_usec, user_usec, system_usec;
	uint64_t periods, throttled_periods, throttled_usec; /* zero without the controller */
	uint64_t bursts, burst_usec;
};

struct cgroup_stats_memory {
	bool is_present;
	uint64_t usage, peak, limit; /* bytes; peak is 0 before Linux 5.19 */
	uint64_t swap_usage, swap_limit;
	uint64_t low_events, high_events, max_events, oom_events, oom_kills;
	struct {
		char name[32]; /* of memory.stat: "anon" */
		uint64_t value;
	} stat[CGROUP_STATS_MEMORY_MAX];
	size_t n_stat;
};

struct cgroup_stats_pids {
	bool is_present;
	uint64_t current, limit;
};

struct cgroup_stats_io {
	uint32_t major, minor;
	uint64_t read_bytes, write_bytes, read_ops, write_ops, discard_bytes, discard_ops;
};

struct cgroup_stats_hugetlb {
	char size[16]; /* "2MB" */
	uint64_t usage, limit, failures;
};

struct cgroup_stats {
	struct cgroup_stats_cpu cpu;
	struct cgroup_stats_memory memory;
	struct cgroup_stats_pids pids;
	bool has_io;
	struct cgroup_stats_io io[CGROUP_STATS_DEVICES_MAX]; /* more devices are left out */
	size_t n_io;
	struct cgroup_stats_hugetlb hugetlb[CGROUP_STATS_PAGES_MAX]; /* in order of the names */
	size_t n_hugetlb;
};

/*
 * Read the files of the cgroup with directory @fd.
 * Returns: 0; -errno for a file that is there and can't be read.
 */
int cgroup_stats_read(int fd, struct cgroup_stats *ret, struct err *e);

/* The number of @name in memory.stat, or 0. */
uint64_t cgroup_stats_memory_of(const struct cgroup_stats_memory *memory, const char *name);
