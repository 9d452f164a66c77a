/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

static const struct document_error errors[] = {
	{"{'linux': {'namespaces': []}}", "root: needs a 'mount' namespace", 0},
	{"{'hostname': 'x'}", "hostname: needs a 'uts' namespace", 0},
	{"{'domainname': 'x'}", "domainname: needs a 'uts' namespace", 0},
	{"{'linux': {'uidMappings': [{'containerID': 0, 'hostID': 0, 'size': 1}]}}",
	 "linux.uidMappings: needs a 'user' namespace", 0},
	{"{'linux': {'timeOffsets': {'boottime': {'secs': 1}}}}",
	 "linux.timeOffsets: needs a new 'time' namespace", 0},
	{"{'linux': {'namespaces': [{'type': 'mount'}, {'type': 'time', 'path': '/x'}],"
	 " 'timeOffsets': {'boottime': {'secs': 1}}}}",
	 "linux.timeOffsets: needs a new 'time' namespace", 0},
	{"{'linux': {'sysctl': {'user.max_ipc_namespaces': '1'}}}",
	 "linux.sysctl.user.max_ipc_namespaces: needs a 'user' namespace", 0},
	{"{'linux': {'sysctl': {'net.core.somaxconn': '1'}}}",
	 "linux.sysctl.net.core.somaxconn: needs a 'network' namespace", 0},
	{"{'linux': {'sysctl': {'net/core/somaxconn': '1'}}}",
	 "linux.sysctl.net/core/somaxconn: needs a 'network' namespace", 0},
	{"{'linux': {'sysctl': {'kernel.shmmax': '1'}}}",
	 "linux.sysctl.kernel.shmmax: needs a 'ipc' namespace", 0},
};

START_TEST(what_would_change_the_host_is_refused)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/consistency", NULL, NULL, what_would_change_the_host_is_refused)
