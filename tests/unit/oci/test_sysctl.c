/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/sysctl.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

START_TEST(parameters_of_the_containers_namespaces_are_taken)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'linux': {'namespaces': [{'type': 'mount'}, {'type': 'ipc'},"
			   " {'type': 'network', 'path': '/x'}, {'type': 'uts'}],"
			   " 'sysctl': {'net.ipv4.ip_forward': '1', 'kernel.sem': '1 2 3 4',"
			   "  'fs.mqueue.msg_max': '10', 'net/ipv4/conf/eth0.1/forwarding': '0',"
			   "  'kernel.domainname': 'd'}}}",
			   &c);
	ck_assert_uint_eq(c.container.sysctl.n, 5);
	ck_assert_str_eq(strv_value(&c.container.sysctl, "kernel.sem"), "1 2 3 4");
}
END_TEST

static const struct {
	const char *name;
	enum namespace_kind kind;
} names[] = {
	{"net.ipv4.ip_forward", NAMESPACE_NETWORK},
	{"net/ipv4/conf/eth0.1/forwarding=1", NAMESPACE_NETWORK},
	{"kernel.shmmax=net.x", NAMESPACE_IPC},
	{"kernel/shmmax", NAMESPACE_IPC},
	{"fs.mqueue.msg_max", NAMESPACE_IPC},
	{"kernel.domainname", NAMESPACE_UTS},
	{"user.max_user_namespaces", NAMESPACE_USER},
	{"kernel.shmmax.x", NAMESPACE_MAX},
	{"fs/mqueue.msg_max", NAMESPACE_MAX}, /* a file "mqueue.msg_max" in fs */
	{"vm.swappiness", NAMESPACE_MAX},
	{"network.x", NAMESPACE_MAX},
	{"", NAMESPACE_MAX},
};

START_TEST(a_parameter_is_a_namespaces_or_the_hosts)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_msg(oci_sysctl_namespace(names[i].name) == names[i].kind, "%s",
			      names[i].name);
}
END_TEST

static const struct document_error errors[] = {
	{"{'linux': {'sysctl': {'kernel.panic': '1'}}}",
	 "linux.sysctl.kernel.panic: is the host's, no namespace has its own", 0},
	{"{'linux': {'sysctl': {'kernel.hostname': 'x'}}}",
	 "linux.sysctl.kernel.hostname: is the host's, no namespace has its own", 0},
	{"{'linux': {'sysctl': {'kernel.semaphore': 'x'}}}",
	 "linux.sysctl.kernel.semaphore: is the host's, no namespace has its own", 0},
	{"{'linux': {'sysctl': {'net.': '1'}}}",
	 "linux.sysctl.net.: is the host's, no namespace has its own", 0},
	{"{'linux': {'sysctl': {'net/../kernel/panic': '1'}}}",
	 "linux.sysctl.net/../kernel/panic: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'net...kernel.panic': '1'}}}",
	 "linux.sysctl.net...kernel.panic: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'net.a\\nb': '1'}}}",
	 "linux.sysctl.net.a?b: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'net.a': 1}}}",
	 "linux.sysctl.net.a: expected a string, found a number", 0},
	{"{'linux': {'sysctl': {'/net/core/somaxconn': '1'}}}",
	 "linux.sysctl./net/core/somaxconn: no name of a kernel parameter", 0},
};

START_TEST(a_parameter_of_the_host_is_refused)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/sysctl", NULL, NULL, parameters_of_the_containers_namespaces_are_taken,
      a_parameter_is_a_namespaces_or_the_hosts, a_parameter_of_the_host_is_refused)
