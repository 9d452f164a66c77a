/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/config.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

START_TEST(the_smallest_document_asks_for_little)
{
	cleanup_oci_config struct oci_config c;
	const struct mount_spec *root;

	document_must_read("{}", &c);
	ck_assert_str_eq(c.oci_version, "1.0.2");
	ck_assert_str_eq(c.root_path, "rootfs");
	ck_assert_ptr_null(c.cgroups_path);
	ck_assert_uint_eq(c.container.rootfs.n, 1);
	root = &c.container.rootfs.v[0];
	ck_assert_str_eq(root->type, "bind");
	ck_assert_str_eq(root->source, "/bundle/rootfs");
	ck_assert_uint_eq(root->options.n, 1);
	ck_assert_str_eq(root->options.v[0], "rbind");
	ck_assert(!c.container.readonly_rootfs);
	ck_assert(c.container.makes_mount_points);
	ck_assert_ptr_null(c.container.seccomp);
	ck_assert_ptr_null(c.container.hostname);
	ck_assert_uint_eq(c.warnings.n, 0);
}
END_TEST

START_TEST(the_members_of_the_document_are_read)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'ociVersion': '1.3.0', 'hostname': 'h', 'domainname': 'd',"
			   " 'root': {'path': '/srv/fs', 'readonly': true},"
			   " 'annotations': {'a.b/c': 'd=e', 'x': ''},"
			   " 'linux': {'cgroupsPath': '/a/b', 'mountLabel': 'l',"
			   "  'maskedPaths': ['/proc/kcore'], 'readonlyPaths': ['/proc/sys']}}",
			   &c);
	ck_assert_str_eq(c.oci_version, "1.3.0");
	ck_assert_str_eq(c.container.rootfs.v[0].source, "/srv/fs");
	ck_assert(c.container.readonly_rootfs);
	ck_assert_str_eq(c.container.hostname, "h");
	ck_assert_str_eq(c.container.domainname, "d");
	ck_assert_str_eq(strv_value(&c.annotations, "a.b/c"), "d=e");
	ck_assert_str_eq(strv_value(&c.annotations, "x"), "");
	ck_assert_str_eq(c.cgroups_path, "/a/b");
	ck_assert_str_eq(c.container.mount_label, "l");
	ck_assert_str_eq(c.container.masked_paths.v[0], "/proc/kcore");
	ck_assert_str_eq(c.container.readonly_paths.v[0], "/proc/sys");
}
END_TEST

START_TEST(null_and_the_empty_string_are_as_if_absent)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'hostname': '', 'domainname': null, 'mounts': null, 'hooks': null,"
			   " 'annotations': null, 'linux': {'resources': null, 'seccomp': null,"
			   "  'sysctl': null, 'cgroupsPath': '', 'rootfsPropagation': '',"
			   "  'maskedPaths': null, 'devices': null, 'intelRdt': null}}",
			   &c);
	ck_assert_ptr_null(c.container.hostname);
	ck_assert_ptr_null(c.cgroups_path);
	ck_assert_uint_eq(c.container.rootfs_propagation, 0);
	ck_assert_uint_eq(c.container.mounts.n, 0);
}
END_TEST

START_TEST(what_the_specification_does_not_know_is_ignored)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'new': 1, 'windows': {'layerFolders': 7}, 'vm': [],"
			   " 'process': {'new': {}, 'user': {'new': [1.5], 'username': 'x'}},"
			   " 'root': {'new': null}, 'linux': {'new': 'x'}}",
			   &c);
}
END_TEST

static const struct document_error errors[] = {
	{"{'ociVersion': null}", "ociVersion: missing", 0},
	{"{'ociVersion': 1}", "ociVersion: expected a string, found a number", 0},
	{"{'ociVersion': '2.0.0'}", "ociVersion: '2.0.0' is not a version 1.x", 0},
	{"{'ociVersion': '1.'}", "ociVersion: '1.' is not a version 1.x", 0},
	{"{'process': null}", "process: missing", 0},
	{"{'process': []}", "process: expected an object, found a list", 0},
	{"{'root': null}", "root: missing", 0},
	{"{'root': {'path': ''}}", "root: the path is empty", 0},
	{"{'root': {'readonly': 'yes'}}", "root.readonly: expected true or false, found a string",
	 0},
	{"{'linux': null}", "linux: missing", 0},
	{"{'annotations': {'': 'x'}}", "annotations.: a name is empty or has a '='", 0},
	{"{'annotations': {'a\\u001b[1m': 1}}",
	 "annotations.a?[1m: expected a string, found a number", 0},
	{"{'hostname': 'hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh'}",
	 "hostname: more than 64 bytes", -E2BIG},
};

START_TEST(a_wrong_member_is_named_with_what_is_expected)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

START_TEST(a_resources_document_is_read_alone)
{
	cleanup_container_resources struct container_resources r = {0};
	static const char text[] = "{\"memory\": {\"limit\": 1048576}, \"pids\": {\"limit\": -1}}";
	struct err e = ERR_NONE;

	ck_ok(oci_resources_read(text, sizeof(text) - 1, &r, &e), e);
	ck_assert(r.memory_limit.is_set);
	ck_assert_int_eq(r.memory_limit.value, 1048576);
	ck_assert_int_eq(r.pids_limit.value, -1);
}
END_TEST

START_TEST(an_error_in_a_resources_document_has_its_path)
{
	struct container_resources r = {0};
	static const char text[] = "{\"memory\": {\"limit\": \"1M\"}}";
	struct err e = ERR_NONE;

	ck_assert_int_eq(oci_resources_read(text, sizeof(text) - 1, &r, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "memory.limit: expected a whole number, found a string");
}
END_TEST

SUITE("oci/config", NULL, NULL, the_smallest_document_asks_for_little,
      the_members_of_the_document_are_read, null_and_the_empty_string_are_as_if_absent,
      what_the_specification_does_not_know_is_ignored,
      a_wrong_member_is_named_with_what_is_expected, a_resources_document_is_read_alone,
      an_error_in_a_resources_document_has_its_path)
