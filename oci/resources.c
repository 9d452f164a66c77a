/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

#define FIELD(name) offsetof(struct container_resources, name)

/* ---- numbers that may not be given ----------------------------------------------------- */

static void set_value(struct resource_value *v, int64_t value)
{
	*v = (struct resource_value){.is_set = true, .value = value};
}

static int read_number(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, at->max ? at->max : INT64_MAX, &value, e);

	if (r == 0)
		set_value(to, (int64_t)value);
	return r;
}

/* A number, or -1 for "no limit". */
static int read_limit(const struct oci_node *at, void *to, struct err *e)
{
	int64_t value = 0;
	int r = oci_get_signed(at, /* min= */ -1, INT64_MAX, &value, e);

	if (r == 0)
		set_value(to, value);
	return r;
}

static int read_switch(const struct oci_node *at, void *to, struct err *e)
{
	bool on = false;
	int r = oci_read_bool(at, &on, e);

	if (r == 0)
		set_value(to, on);
	return r;
}

/* ---- memory, cpu, pids ----------------------------------------------------------------- */

static int read_memory(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("limit", read_limit, FIELD(memory_limit)),
		OCI_MEMBER("reservation", read_limit, FIELD(memory_reservation)),
		OCI_MEMBER("swap", read_limit, FIELD(memory_swap)),
		OCI_MEMBER("kernel", read_limit, FIELD(memory_kernel)),
		OCI_MEMBER("kernelTCP", read_limit, FIELD(memory_kernel_tcp)),
		OCI_MEMBER("swappiness", read_number, FIELD(memory_swappiness), .max = 100),
		OCI_MEMBER("disableOOMKiller", read_switch, FIELD(memory_disable_oom_killer)),
		OCI_MEMBER("checkBeforeUpdate", read_switch, FIELD(memory_check_before_update)),
	};

	return oci_read_table(at, members, to, e);
}

static int read_cpu(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("shares", read_number, FIELD(cpu_shares)),
		OCI_MEMBER("quota", read_limit, FIELD(cpu_quota)),
		OCI_MEMBER("burst", read_number, FIELD(cpu_burst)),
		OCI_MEMBER("period", read_number, FIELD(cpu_period)),
		OCI_MEMBER("realtimeRuntime", read_limit, FIELD(cpu_realtime_runtime)),
		OCI_MEMBER("realtimePeriod", read_number, FIELD(cpu_realtime_period)),
		OCI_MEMBER("cpus", oci_read_string, FIELD(cpus)),
		OCI_MEMBER("mems", oci_read_string, FIELD(mems)),
		OCI_MEMBER("idle", read_number, FIELD(cpu_idle), .max = 1),
	};

	return oci_read_table(at, members, to, e);
}

static int read_pids(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("limit", read_limit, FIELD(pids_limit)),
	};

	return oci_read_table(at, members, to, e);
}

/* ---- what cgroup v2 hasn't got --------------------------------------------------------- */

static int refuse_class(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t class = 0;
	int r = oci_get_unsigned(at, UINT32_MAX, &class, e);

	(void)to;
	return r < 0 || class == 0 ? r : oci_unsupported(at, e, "cgroup v1 only");
}

static int refuse_priorities(const struct oci_node *at, void *to, struct err *e)
{
	(void)to;
	if (!json_is_array(at->value))
		return oci_mistyped(at, "a list", e);
	return json_array_size(at->value) == 0 ? 0 : oci_unsupported(at, e, "cgroup v1 only");
}

static int read_network(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("classID", refuse_class, 0),
		OCI_MEMBER("priorities", refuse_priorities, 0),
	};

	return oci_read_table(at, members, to, e);
}

/* ---- all ------------------------------------------------------------------------------- */

int oci_part_resources(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("memory", read_memory, 0),
		OCI_MEMBER("cpu", read_cpu, 0),
		OCI_MEMBER("pids", read_pids, 0),
		OCI_MEMBER("blockIO", oci_part_block_io, 0),
		OCI_MEMBER("hugepageLimits", oci_part_hugepages, FIELD(hugepage_limits)),
		OCI_MEMBER("network", read_network, 0),
		OCI_MEMBER("rdma", oci_part_rdma, FIELD(rdma)),
		OCI_MEMBER("unified", oci_part_unified, FIELD(unified)),
		OCI_MEMBER("devices", oci_part_device_rules, 0),
	};

	return oci_read_table(at, members, to, e);
}
