/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * devices - which device nodes a cgroup may open and make, as a BPF program
 *
 * cgroup v2 has no files for devices: a program of type BPF_PROG_TYPE_CGROUP_DEVICE is asked for
 * each open and each mknod. A request may be for reading and writing at once: each is decided by
 * the last rule that fits, and the request is granted when all are. What fits no rule is denied.
 *
 * The devices that every container has (devices_default()) are always allowed, as runc and crun
 * do: as if they stood behind all rules.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct bpf_insn; /* linux/bpf.h */

enum { DEVICE_READ = 1 << 0, DEVICE_WRITE = 1 << 1, DEVICE_MAKE = 1 << 2 };

enum {
	DEVICE_RULE_INSNS = 9 /* of one rule, at most */,
	DEVICE_FIXED_INSNS = 17 /* around them */
};

struct device_rule {
	bool allow;
	char type;            /* 'b', 'c', 'a' for both */
	int64_t major, minor; /* negative: any */
	unsigned access;      /* DEVICE_* */
};

/* The rules that stand behind all others; constant. */
const struct device_rule *devices_default(size_t *ret_n);

/*
 * device_program - the rules as instructions
 * @ret: at most @max; (@n + default devices) * DEVICE_RULE_INSNS + DEVICE_FIXED_INSNS are enough
 *
 * Pure. Returns the number of instructions; -E2BIG (ERR_LIMIT).
 */
ssize_t device_program(const struct device_rule *rules, size_t n, struct bpf_insn *ret, size_t max,
		       struct err *e);

/*
 * devices_apply - attach the rules to a cgroup, in place of those that are there
 *
 * No rules (@n of 0): nothing is done, every device is open. While the old ones go, both count.
 * Returns: 0; -EPERM (ERR_UNSUPPORTED) where bpf(2) is not allowed; -errno.
 */
int devices_apply(const struct device_rule *rules, size_t n, int cgroup_fd, struct err *e);
