/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "tests/unit/oci/documents.h"

static const struct {
	const char *word;
	unsigned long flags;
} propagations[] = {
	{"private", MS_PRIVATE},
	{"rslave", MS_SLAVE | MS_REC},
	{"rshared", MS_SHARED | MS_REC},
	{"unbindable", MS_UNBINDABLE},
};

START_TEST(the_propagation_of_the_root_is_flags_of_mount)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++) {
		cleanup_oci_config struct oci_config c;
		char fragment[80];

		snprintf(fragment, sizeof(fragment), "{'linux': {'rootfsPropagation': '%s'}}",
			 propagations[i].word);
		document_must_read(fragment, &c);
		ck_assert_uint_eq(c.container.rootfs_propagation, propagations[i].flags);
	}
}
END_TEST

START_TEST(a_personality_is_the_processs)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'linux': {'personality': {'domain': 'LINUX32', 'flags': []}}}", &c);
	ck_assert(c.container.process.has_personality);
	ck_assert_uint_eq(c.container.process.personality, PER_LINUX32);
}
END_TEST

START_TEST(what_is_not_done_is_refused_but_may_be_empty)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'linux': {'intelRdt': {}, 'memoryPolicy': {}, 'netDevices': {}}}", &c);
}
END_TEST

START_TEST(kernel_parameters_are_settings)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'linux': {'sysctl': {'kernel.sem': '1 2 3 4',"
			   " 'net/ipv4/conf/eth0.1/forwarding': ''}}}",
			   &c);
	ck_assert_uint_eq(c.container.sysctl.n, 2);
	ck_assert_str_eq(strv_value(&c.container.sysctl, "kernel.sem"), "1 2 3 4");
	ck_assert_str_eq(strv_value(&c.container.sysctl, "net/ipv4/conf/eth0.1/forwarding"), "");
}
END_TEST

static const struct document_error errors[] = {
	{"{'linux': {'rootfsPropagation': 'own'}}",
	 "linux.rootfsPropagation: 'own' is not one of private, rprivate, slave, rslave, shared, "
	 "rshared, unbindable, runbindable, ",
	 0},
	{"{'linux': {'personality': {'domain': 'BSD'}}}",
	 "linux.personality.domain: 'BSD' is not one of LINUX, LINUX32", 0},
	{"{'linux': {'personality': {'domain': 'LINUX', 'flags': ['X']}}}",
	 "linux.personality.flags[0]: the specification defines no flag", -EOPNOTSUPP},
	{"{'linux': {'intelRdt': {'closID': 'x'}}}", "linux.intelRdt: not supported", -EOPNOTSUPP},
	{"{'linux': {'memoryPolicy': {'mode': 'MPOL_BIND'}}}", "linux.memoryPolicy: not supported",
	 -EOPNOTSUPP},
	{"{'linux': {'netDevices': {'eth0': {}}}}", "linux.netDevices: not supported", -EOPNOTSUPP},
	{"{'linux': {'netDevices': []}}", "linux.netDevices: expected an object, found a list", 0},
	{"{'linux': {'maskedPaths': ['proc/x']}}",
	 "linux.maskedPaths[0]: 'proc/x' is not an absolute path", 0},
	{"{'linux': {'sysctl': {'net.a': 1}}}",
	 "linux.sysctl.net.a: expected a string, found a number", 0},
	{"{'linux': {'sysctl': {'': '1'}}}", "linux.sysctl.: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'a=b': '1'}}}", "linux.sysctl.a=b: no name of a kernel parameter",
	 0},
	{"{'linux': {'sysctl': {'net/../kernel/panic': '1'}}}",
	 "linux.sysctl.net/../kernel/panic: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'net.//.kernel.panic': '1'}}}",
	 "linux.sysctl.net.//.kernel.panic: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'/net/core/somaxconn': '1'}}}",
	 "linux.sysctl./net/core/somaxconn: no name of a kernel parameter", 0},
	{"{'linux': {'sysctl': {'net.a\\nb': '1'}}}",
	 "linux.sysctl.net.a?b: no name of a kernel parameter", 0},
	{"{'linux': {'cgroupsPath': []}}", "linux.cgroupsPath: expected a string, found a list", 0},
};

START_TEST(a_wrong_member_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/linux", NULL, NULL, the_propagation_of_the_root_is_flags_of_mount,
      a_personality_is_the_processs, what_is_not_done_is_refused_but_may_be_empty,
      kernel_parameters_are_settings, a_wrong_member_is_named)
