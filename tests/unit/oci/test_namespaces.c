/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

START_TEST(namespaces_are_the_hosts_new_or_existing)
{
	cleanup_oci_config struct oci_config c;
	const struct container_namespace *n = c.container.namespaces;

	document_must_read("{'linux': {'namespaces': [{'type': 'pid', 'path': ''},"
			   " {'type': 'network', 'path': '/run/netns/x'}, {'type': 'mount'},"
			   " {'type': 'ipc'}, {'type': 'uts'}, {'type': 'user'},"
			   " {'type': 'time'}]}}",
			   &c);
	ck_assert_int_eq(n[NAMESPACE_PID].mode, NAMESPACE_NEW);
	ck_assert_ptr_null(n[NAMESPACE_PID].path);
	ck_assert_int_eq(n[NAMESPACE_NETWORK].mode, NAMESPACE_PATH);
	ck_assert_str_eq(n[NAMESPACE_NETWORK].path, "/run/netns/x");
	ck_assert_int_eq(n[NAMESPACE_MOUNT].mode, NAMESPACE_NEW);
	ck_assert_int_eq(n[NAMESPACE_TIME].mode, NAMESPACE_NEW);
	ck_assert_int_eq(n[NAMESPACE_CGROUP].mode, NAMESPACE_HOST);
}
END_TEST

START_TEST(ids_and_clocks_are_read)
{
	cleanup_oci_config struct oci_config c;
	const struct container_spec *s = &c.container;

	document_must_read("{'linux': {'namespaces': [{'type': 'mount'}, {'type': 'user'},"
			   " {'type': 'time'}],"
			   " 'uidMappings': [{'containerID': 0, 'hostID': 100000, 'size': 65536}],"
			   " 'gidMappings': [{'containerID': 1, 'hostID': 2, 'size': 4294967293}],"
			   " 'timeOffsets': {'monotonic': {'secs': -5, 'nanosecs': 999999999},"
			   "  'boottime': {}}}}",
			   &c);
	ck_assert_uint_eq(s->uid_maps.n, 1);
	ck_assert_uint_eq(s->uid_maps.v[0].inside, 0);
	ck_assert_uint_eq(s->uid_maps.v[0].outside, 100000);
	ck_assert_uint_eq(s->uid_maps.v[0].count, 65536);
	ck_assert_uint_eq(s->gid_maps.v[0].count, 4294967293u);
	ck_assert(s->monotonic.is_set);
	ck_assert_int_eq(s->monotonic.seconds, -5);
	ck_assert_uint_eq(s->monotonic.nanoseconds, 999999999);
	ck_assert(s->boottime.is_set);
	ck_assert_int_eq(s->boottime.seconds, 0);
}
END_TEST

static const struct document_error errors[] = {
	{"{'linux': {'namespaces': [{'type': 'mount'}, {'type': 'net'}]}}",
	 "linux.namespaces[1].type: 'net' is not one of user, mount, pid, network, ipc, uts, "
	 "cgroup, time",
	 0},
	{"{'linux': {'namespaces': [{'path': '/x'}]}}", "linux.namespaces[0].type: missing", 0},
	{"{'linux': {'namespaces': [{'type': 'pid', 'path': 'x'}]}}",
	 "linux.namespaces[0].path: 'x' is not an absolute path", 0},
	{"{'linux': {'namespaces': [{'type': 'pid', 'path': 7}]}}",
	 "linux.namespaces[0].path: expected a string, found a number", 0},
	{"{'linux': {'namespaces': [{'type': 'pid'}, {'type': 'pid', 'path': '/x'}]}}",
	 "linux.namespaces[1]: a namespace of this type is there already", 0},
	{"{'linux': {'uidMappings': [{'containerID': 0, 'hostID': 0, 'size': 0}]}}",
	 "linux.uidMappings[0]: the size is 0", 0},
	{"{'linux': {'gidMappings': [{'containerID': 1, 'hostID': 0, 'size': 4294967295}]}}",
	 "linux.gidMappings[0]: there are not so many ids", 0},
	{"{'linux': {'timeOffsets': {'realtime': {'secs': 1}}}}",
	 "linux.timeOffsets.realtime: expected a clock: monotonic or boottime", 0},
	{"{'linux': {'timeOffsets': {'boottime': {'nanosecs': 1000000000}}}}",
	 "linux.timeOffsets.boottime.nanosecs: 1000000000 is above 999999999", 0},
};

START_TEST(a_wrong_namespace_or_map_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/namespaces", NULL, NULL, namespaces_are_the_hosts_new_or_existing,
      ids_and_clocks_are_read, a_wrong_namespace_or_map_is_named)
