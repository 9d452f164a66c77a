/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

static void read_resources(const char *text, struct container_resources *ret)
{
	cleanup_free char *json = document_quoted(text);
	struct err e = ERR_NONE;

	ck_ok(oci_resources_read(json, strlen(json), ret, &e), e);
}

#define FIELD(name) offsetof(struct container_resources, name)

static const struct {
	const char *text;
	size_t field;
	int64_t value;
} values[] = {
	{"{'memory': {'limit': -1}}", FIELD(memory_limit), -1},
	{"{'memory': {'limit': 9223372036854775807}}", FIELD(memory_limit), INT64_MAX},
	{"{'memory': {'reservation': 5}}", FIELD(memory_reservation), 5},
	{"{'memory': {'swap': 6}}", FIELD(memory_swap), 6},
	{"{'memory': {'swappiness': 0}}", FIELD(memory_swappiness), 0},
	{"{'memory': {'kernel': 7}}", FIELD(memory_kernel), 7},
	{"{'memory': {'kernelTCP': 8}}", FIELD(memory_kernel_tcp), 8},
	{"{'memory': {'disableOOMKiller': true}}", FIELD(memory_disable_oom_killer), 1},
	{"{'memory': {'checkBeforeUpdate': false}}", FIELD(memory_check_before_update), 0},
	{"{'cpu': {'shares': 1024}}", FIELD(cpu_shares), 1024},
	{"{'cpu': {'quota': -1}}", FIELD(cpu_quota), -1},
	{"{'cpu': {'burst': 0}}", FIELD(cpu_burst), 0},
	{"{'cpu': {'period': 100000}}", FIELD(cpu_period), 100000},
	{"{'cpu': {'idle': 1}}", FIELD(cpu_idle), 1},
	{"{'cpu': {'realtimeRuntime': 9}}", FIELD(cpu_realtime_runtime), 9},
	{"{'cpu': {'realtimePeriod': 10}}", FIELD(cpu_realtime_period), 10},
	{"{'pids': {'limit': 0}}", FIELD(pids_limit), 0},
	{"{'pids': {'limit': -1}}", FIELD(pids_limit), -1},
	{"{'blockIO': {'weight': 0}}", FIELD(io_weight), 0}, /* docker's for "none" */
	{"{'blockIO': {'weight': 500}}", FIELD(io_weight), 500},
	{"{'blockIO': {'leafWeight': 10}}", FIELD(io_leaf_weight), 10},
};

START_TEST(a_number_goes_into_its_field)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		cleanup_container_resources struct container_resources r = {0};
		const struct resource_value *v;

		read_resources(values[i].text, &r);
		v = (const struct resource_value *)((const char *)&r + values[i].field);
		ck_assert_msg(v->is_set, "%s", values[i].text);
		ck_assert_int_eq(v->value, values[i].value);
	}
}
END_TEST

START_TEST(what_is_not_given_is_not_set)
{
	cleanup_container_resources struct container_resources r = {0};

	read_resources("{'memory': {'limit': null, 'useHierarchy': true}, 'cpu': {'cpus': ''},"
		       " 'pids': {}, 'network': {'classID': 0, 'priorities': []}}",
		       &r);
	ck_assert(!r.memory_limit.is_set);
	ck_assert(!r.cpu_shares.is_set);
	ck_assert(!r.pids_limit.is_set);
	ck_assert_ptr_null(r.cpus);
}
END_TEST

START_TEST(lists_and_maps_are_read)
{
	cleanup_container_resources struct container_resources r = {0};

	read_resources("{'cpu': {'cpus': '0-3,7', 'mems': '0'},"
		       " 'blockIO': {'weightDevice': [{'major': 8, 'minor': 0, 'weight': 500}],"
		       "  'throttleReadBpsDevice': [{'major': 8, 'minor': 1,"
		       "   'rate': 18446744073709551615}],"
		       "  'throttleWriteIOPSDevice': [{'major': 8, 'minor': 2, 'rate': 3}]},"
		       " 'hugepageLimits': [{'pageSize': '2MB', 'limit': 18446744073709551615}],"
		       " 'rdma': {'mlx5_0': {'hcaHandles': 2, 'hcaObjects': 2000},"
		       "  'mlx5_1': {'hcaObjects': 1}},"
		       " 'unified': {'memory.high': '1048576', 'io.max': '8:0 rbps=1'}}",
		       &r);
	ck_assert_str_eq(r.cpus, "0-3,7");
	ck_assert_str_eq(r.mems, "0");
	ck_assert_uint_eq(r.io_weight_device.v[0].rate, 500);
	ck_assert_uint_eq(r.io_read_bps.v[0].minor, 1);
	ck_assert_uint_eq(r.io_read_bps.v[0].rate, UINT64_MAX);
	ck_assert_uint_eq(r.io_write_iops.v[0].rate, 3);
	ck_assert_str_eq(r.hugepage_limits.v[0].name, "2MB");
	ck_assert_str_eq(r.hugepage_limits.v[0].text, "max");
	ck_assert_uint_eq(r.rdma.n, 2);
	ck_assert_str_eq(r.rdma.v[0].name, "mlx5_0");
	ck_assert_str_eq(r.rdma.v[0].text, "hca_handle=2 hca_object=2000");
	ck_assert_str_eq(r.rdma.v[1].text, "hca_object=1");
	ck_assert_uint_eq(r.unified.n, 2);
	ck_assert_str_eq(r.unified.v[1].name, "io.max");
	ck_assert_str_eq(r.unified.v[1].text, "8:0 rbps=1");
}
END_TEST

static const struct {
	const char *rule; /* JSON */
	struct device_rule expected;
} rules[] = {
	{"{'allow': false, 'access': 'rwm'}", {false, 'a', -1, -1, 7}},
	{"{'allow': false}", {false, 'a', -1, -1, 7}},
	{"{'allow': true, 'type': '', 'access': ''}", {true, 'a', -1, -1, 7}},
	{"{'allow': true, 'type': 'c', 'major': 5, 'access': 'rr'}",
	 {true, 'c', 5, -1, DEVICE_READ}},
	{"{'allow': true, 'type': 'b', 'major': -1, 'minor': 0, 'access': 'wm'}",
	 {true, 'b', -1, 0, DEVICE_WRITE | DEVICE_MAKE}},
};

START_TEST(what_a_device_rule_leaves_out_is_any)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		cleanup_container_resources struct container_resources r = {0};
		const struct device_rule *expected = &rules[i].expected;
		char text[160];

		snprintf(text, sizeof(text), "{'devices': [%s]}", rules[i].rule);
		read_resources(text, &r);
		ck_assert_uint_eq(r.n_device_rules, 1);
		ck_assert_int_eq(r.device_rules[0].allow, expected->allow);
		ck_assert_int_eq(r.device_rules[0].type, expected->type);
		ck_assert_int_eq(r.device_rules[0].major, expected->major);
		ck_assert_int_eq(r.device_rules[0].minor, expected->minor);
		ck_assert_uint_eq(r.device_rules[0].access, expected->access);
	}
}
END_TEST

#define IN_RESOURCES(text) "{'linux': {'resources': " text "}}"

static const struct document_error errors[] = {
	{IN_RESOURCES("{'memory': {'limit': -2}}"),
	 "linux.resources.memory.limit: -2 is not between -1 and 9223372036854775807", 0},
	{IN_RESOURCES("{'memory': {'limit': '1m'}}"),
	 "linux.resources.memory.limit: expected a whole number, found a string", 0},
	{IN_RESOURCES("{'memory': {'swappiness': 101}}"),
	 "linux.resources.memory.swappiness: 101 is above 100", 0},
	{IN_RESOURCES("{'memory': {'disableOOMKiller': 1}}"),
	 "linux.resources.memory.disableOOMKiller: expected true or false, found a number", 0},
	{IN_RESOURCES("{'cpu': {'idle': 2}}"), "linux.resources.cpu.idle: 2 is above 1", 0},
	{IN_RESOURCES("{'cpu': {'cpus': 3}}"),
	 "linux.resources.cpu.cpus: expected a string, found a number", 0},
	{IN_RESOURCES("{'blockIO': {'weight': 1001}}"),
	 "linux.resources.blockIO.weight: 1001 is above 1000", 0},
	{IN_RESOURCES("{'blockIO': {'weightDevice': [{'major': 8, 'minor': 0,"
		      " 'leafWeight': 10}]}}"),
	 "linux.resources.blockIO.weightDevice[0].leafWeight: cgroup v1 only", -EOPNOTSUPP},
	{IN_RESOURCES("{'blockIO': {'throttleReadBpsDevice': [{'major': 8, 'minor': 0}]}}"),
	 "linux.resources.blockIO.throttleReadBpsDevice[0].rate: missing", 0},
	{IN_RESOURCES("{'network': {'classID': 1}}"),
	 "linux.resources.network.classID: cgroup v1 only", -EOPNOTSUPP},
	{IN_RESOURCES("{'network': {'priorities': [{'name': 'eth0', 'priority': 1}]}}"),
	 "linux.resources.network.priorities: cgroup v1 only", -EOPNOTSUPP},
	{IN_RESOURCES("{'hugepageLimits': [{'pageSize': '../x', 'limit': 1}]}"),
	 "linux.resources.hugepageLimits[0].pageSize: '../x' is not a page size ('2MB')", 0},
	{IN_RESOURCES("{'rdma': {'a': {'hcaHandles': null}}}"),
	 "linux.resources.rdma.a: expected hcaHandles or hcaObjects", 0},
	{IN_RESOURCES("{'rdma': {'a b': {}}}"),
	 "linux.resources.rdma.a b: the name of a device is empty or has a blank", 0},
	{IN_RESOURCES("{'unified': {'../x.y': ''}}"),
	 "linux.resources.unified.../x.y: the name is not one of a cgroup's files", 0},
	{IN_RESOURCES("{'unified': {'tasks': ''}}"),
	 "linux.resources.unified.tasks: the name is not one of a cgroup's files", 0},
	{IN_RESOURCES("{'devices': [{'type': 'a'}]}"), "linux.resources.devices[0].allow: missing",
	 0},
	{IN_RESOURCES("{'devices': [{'allow': true, 'access': 'rx'}]}"),
	 "linux.resources.devices[0].access: 'rx' is not made of r, w and m", 0},
	{IN_RESOURCES("{'devices': [{'allow': true, 'major': -2}]}"),
	 "linux.resources.devices[0].major: -2 is not between -1 and 4294967295", 0},
};

START_TEST(a_wrong_resource_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/resources", NULL, NULL, a_number_goes_into_its_field, what_is_not_given_is_not_set,
      lists_and_maps_are_read, what_a_device_rule_leaves_out_is_any, a_wrong_resource_is_named)
