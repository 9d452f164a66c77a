/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * resources - what a container may use, as a list of writes to its cgroup
 *
 * linux.resources of the runtime-spec as data, and what that means in cgroup v2: a list of {file,
 * text}, made without touching the system, so that tests compare it and people can read it; the
 * rules for devices become a BPF program (devices.h). Old values are converted as runc 1.1 and
 * crun 1.8 do: cpu shares to weight by the linear formula, blkio weights to io.weight,
 * memory+swap to swap alone.
 *
 * A value that isn't given is not written. "No limit" for a controller that the host lacks is
 * nothing to do; a limit for one is an error that names it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"
#include "runtime/devices.h"

/*
 * A number that may not be given. In documents a negative one is "no limit" where that makes
 * sense, and 0 is what programs send that give none.
 */
struct resource_value {
	bool is_set;
	int64_t value;
};

struct resource_device_rate {
	uint32_t major, minor;
	uint64_t rate; /* bytes or operations a second, or a weight; 0: no limit */
};

struct resource_device_rates {
	struct resource_device_rate *v; /* owned */
	size_t n;                       /* at most LIMIT_RESOURCES */
};

struct resource_named {
	char *name; /* page size ("2MB"), device ("mlx5_0"), or file ("memory.high") */
	char *text; /* what is written */
};

struct resource_nameds {
	struct resource_named *v; /* owned, and each string too */
	size_t n;                 /* at most LIMIT_RESOURCES */
};

struct container_resources {
	/* memory, bytes; cgroup v2 does not know limits of kernel memory, they are left out */
	struct resource_value memory_limit, memory_reservation, memory_swap, memory_swappiness;
	struct resource_value memory_kernel, memory_kernel_tcp;
	struct resource_value memory_disable_oom_killer, memory_check_before_update;
	/* cpu, microseconds */
	struct resource_value cpu_shares, cpu_quota, cpu_burst, cpu_period, cpu_idle;
	struct resource_value cpu_realtime_runtime, cpu_realtime_period;
	char *cpus, *mems; /* lists, "0-3,5"; NULL: not given; owned */
	struct resource_value pids_limit;
	/* block devices */
	struct resource_value io_weight, io_leaf_weight;
	struct resource_device_rates io_weight_device;
	struct resource_device_rates io_read_bps, io_write_bps, io_read_iops, io_write_iops;
	struct resource_nameds hugepage_limits; /* "2MB": bytes */
	struct resource_nameds rdma;            /* device: "hca_handle=2 hca_object=2000" */
	struct resource_nameds unified;         /* file of the cgroup: text */
	struct device_rule *device_rules;       /* owned */
	size_t n_device_rules;                  /* at most LIMIT_RESOURCES */
};

void container_resources_done(struct container_resources *r);
#define cleanup_container_resources cleanup(container_resources_done)

/* Append copies. Return 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int resource_rates_add(struct resource_device_rates *rates, const struct resource_device_rate *rate,
		       struct err *e);
int resource_nameds_add(struct resource_nameds *nameds, const char *name, const char *text,
			struct err *e);
int resource_device_rules_add(struct container_resources *r, const struct device_rule *rule,
			      struct err *e);

/* ---- cgroup v2 ------------------------------------------------------------------------- */

struct resource_write {
	char *file;       /* "memory.max"; owned, as all strings here but usage_file */
	char *text;       /* "1048576" */
	char *other_file; /* to be written instead where @file is missing, or NULL */
	char *other_text;
	const char
		*usage_file; /* refuse when the number in there is above @text, or NULL; constant */
	bool may_be_missing; /* it asks for nothing: a missing file is fine */
};

struct resource_writes {
	struct resource_write *v; /* owned, in the order in which they have to be done */
	size_t n;
};

void resource_writes_done(struct resource_writes *w);
#define cleanup_resource_writes cleanup(resource_writes_done)

/*
 * resources_plan - what has to be written
 *
 * Returns: 0; -EINVAL (ERR_INVALID) naming the field for what makes no sense; -EOPNOTSUPP
 *          (ERR_UNSUPPORTED) for what cgroup v2 doesn't have (realtime, swappiness, leaf weights,
 *          life without the OOM killer).
 */
int resources_plan(const struct container_resources *r, struct resource_writes *ret, struct err *e);

/* What resources_plan() writes for these: cpu shares (2..262144), a blkio weight (10..1000). */
uint64_t resources_cpu_weight(int64_t shares);
uint64_t resources_io_weight(uint64_t weight);
/*
 * The limit of swap alone: -1 for none, 0 for no swap. Returns 0; 1 when it is not given; -EINVAL.
 */
int resources_swap(const struct container_resources *r, int64_t *ret, struct err *e);

/* The controllers without which the writes fail, each once: "memory". Returns 0, -errno. */
int resources_controllers(const struct resource_writes *w, struct strv *ret, struct err *e);

/*
 * Play them in the directory @cgroup_fd.
 * Returns: 0; -ENOENT (ERR_UNSUPPORTED) naming the controller that isn't there; -EBUSY
 *          (ERR_PRECONDITION) when more is in use than the limit to be checked; -errno.
 */
int resources_apply(const struct resource_writes *w, int cgroup_fd, struct err *e);
