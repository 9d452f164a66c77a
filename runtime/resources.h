/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * resources - what a container may use, as a list of writes to its cgroup
 *
 * linux.resources of the runtime-spec as data, and what that means in cgroup v2: a list of {file,
 * text}, made without touching the system, so that tests compare it and people can read it; and for
 * devices a BPF program. Old values are converted as runc and crun do (cpu shares to weight, blkio
 * weights to io.weight, memory+swap to swap alone).
 *
 * A value that isn't given is not written. "No limit" for a controller that the host lacks is
 * nothing to do; a limit for one is an error that names it.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"

/* A number that may not be given. In documents -1 is "no limit" where that makes sense. */
struct resource_value {
	bool is_set;
	int64_t value;
};

struct resource_device_rate {
	uint32_t major, minor;
	uint64_t rate; /* bytes or operations a second, or a weight */
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
	struct resource_named *v; /* owned */
	size_t n;                 /* at most LIMIT_RESOURCES */
};

enum { DEVICE_READ = 1 << 0, DEVICE_WRITE = 1 << 1, DEVICE_MAKE = 1 << 2 };

/* A rule of linux.resources.devices; the last that fits counts. */
struct resource_device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: any */
	unsigned access;      /* DEVICE_* */
};

struct container_resources {
	/* memory, bytes */
	struct resource_value memory_limit, memory_reservation, memory_swap, memory_swappiness;
	struct resource_value memory_kernel, memory_kernel_tcp;
	struct resource_value memory_disable_oom_killer, memory_check_before_update;
	/* cpu */
	struct resource_value cpu_shares, cpu_quota, cpu_burst, cpu_period, cpu_idle;
	struct resource_value cpu_realtime_runtime, cpu_realtime_period;
	char *cpus, *mems; /* lists, "0-3,5"; NULL: not given; owned */
	struct resource_value pids_limit;
	/* block devices */
	struct resource_value io_weight, io_leaf_weight;
	struct resource_device_rates io_weight_device;
	struct resource_device_rates io_read_bps, io_write_bps, io_read_iops, io_write_iops;
	struct resource_nameds hugepage_limits;    /* "2MB": bytes */
	struct resource_nameds rdma;               /* device: "hca_handle=2 hca_object=2000" */
	struct resource_nameds unified;            /* file of the cgroup: text */
	struct resource_device_rule *device_rules; /* owned */
	size_t n_device_rules;                     /* at most LIMIT_RESOURCES */
};

void container_resources_done(struct container_resources *r);
#define cleanup_container_resources cleanup(container_resources_done)

/* Append copies. Return 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int resource_rates_add(struct resource_device_rates *rates, const struct resource_device_rate *rate,
		       struct err *e);
int resource_nameds_add(struct resource_nameds *nameds, const char *name, const char *text,
			struct err *e);
int resource_device_rules_add(struct container_resources *r,
			      const struct resource_device_rule *rule, struct err *e);

/* ---- cgroup v2 ------------------------------------------------------------------------- */

struct resource_write {
	char *file;       /* "memory.max" */
	char *text;       /* "1048576" */
	bool is_no_limit; /* it asks for nothing: a missing file is fine */
};

struct resource_writes {
	struct resource_write *v; /* owned, in the order in which they have to be done */
	size_t n;
};

void resource_writes_done(struct resource_writes *w);

/*
 * resources_plan - what has to be written
 *
 * Returns: 0; -EINVAL (ERR_INVALID) naming the field for what makes no sense; -EOPNOTSUPP
 *          (ERR_UNSUPPORTED) for what cgroup v2 doesn't have (realtime, kernel memory, swappiness).
 */
int resources_plan(const struct container_resources *r, struct resource_writes *ret, struct err *e);

/*
 * Play them in the directory @cgroup_fd.
 * Returns: 0; -ENOENT (ERR_UNSUPPORTED) naming the controller that isn't there; -errno.
 */
int resources_apply(const struct resource_writes *w, int cgroup_fd, struct err *e);

/*
 * device_program - the rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE
 * @ret:   instructions, at most @max; opaque to callers: struct bpf_insn of linux/bpf.h
 *
 * The default devices of a container are always allowed, as runc does. Pure.
 * Returns the number of instructions; -E2BIG (ERR_LIMIT).
 */
struct bpf_insn;
ssize_t device_program(const struct resource_device_rule *rules, size_t n, struct bpf_insn *ret,
		       size_t max, struct err *e);
/* Attach the rules to the cgroup, in place of those that are there. No rules: nothing to do. */
int devices_apply(const struct resource_device_rule *rules, size_t n, int cgroup_fd, struct err *e);
