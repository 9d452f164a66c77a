/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/oci/documents.h"

START_TEST(devices_are_read)
{
	cleanup_oci_config struct oci_config c;
	const struct container_device *d;

	document_must_read("{'linux': {'devices': ["
			   " {'type': 'c', 'path': '/dev/fuse', 'major': 10, 'minor': 229,"
			   "  'fileMode': 8624, 'uid': 1, 'gid': 2},"
			   " {'type': 'b', 'path': '/dev/sda', 'major': 8, 'minor': 0},"
			   " {'type': 'p', 'path': '/dev/pipe', 'fileMode': 384}]}}",
			   &c);
	ck_assert_uint_eq(c.container.devices.n, 3);
	d = c.container.devices.v;
	ck_assert_str_eq(d[0].path, "/dev/fuse");
	ck_assert_uint_eq(d[0].type, S_IFCHR);
	ck_assert_uint_eq(d[0].major, 10);
	ck_assert_uint_eq(d[0].minor, 229);
	ck_assert_uint_eq(d[0].mode, 0660); /* without the type that docker writes along */
	ck_assert_uint_eq(d[0].uid, 1);
	ck_assert_uint_eq(d[0].gid, 2);
	ck_assert_uint_eq(d[1].type, S_IFBLK);
	ck_assert_uint_eq(d[1].mode, 0666);
	ck_assert_uint_eq(d[2].type, S_IFIFO);
	ck_assert_uint_eq(d[2].mode, 0600);
}
END_TEST

static const struct document_error errors[] = {
	{"{'linux': {'devices': [{'path': '/dev/x', 'major': 1, 'minor': 1}]}}",
	 "linux.devices[0].type: missing", 0},
	{"{'linux': {'devices': [{'type': 'd', 'path': '/dev/x'}]}}",
	 "linux.devices[0].type: 'd' is not one of c, u, b, p", 0},
	{"{'linux': {'devices': [{'type': 'c', 'path': '/dev/x', 'minor': 1}]}}",
	 "linux.devices[0].major: missing", 0},
	{"{'linux': {'devices': [{'type': 'c', 'path': '/dev/x', 'major': 1}]}}",
	 "linux.devices[0].minor: missing", 0},
	{"{'linux': {'devices': [{'type': 'c', 'path': 'dev/x', 'major': 1, 'minor': 1}]}}",
	 "linux.devices[0].path: 'dev/x' is not an absolute path", 0},
	{"{'linux': {'devices': [{'type': 'c', 'path': '/x', 'major': -1, 'minor': 1}]}}",
	 "linux.devices[0].major: -1 is below 0", 0},
	{"{'linux': {'devices': [{'type': 'c', 'path': '/x', 'major': 1, 'minor': 4294967296}]}}",
	 "linux.devices[0].minor: 4294967296 is above 4294967295", 0},
};

START_TEST(a_wrong_device_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/devices", NULL, NULL, devices_are_read, a_wrong_device_is_named)
