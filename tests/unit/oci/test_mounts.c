/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/oci/documents.h"

static const struct {
	const char *mount; /* JSON */
	const char *type, *source, *destination;
	const char *options; /* joined by blanks */
} cases[] = {
	{"{'destination': '/proc', 'type': 'proc', 'source': 'proc', 'options': ['nosuid', 'ro']}",
	 "proc", "proc", "/proc", "nosuid ro"},
	{"{'destination': '/x'}", "", "", "/x", ""},
	/* the type of a bind is a dummy, its relative source is the bundle's */
	{"{'destination': '/x', 'type': 'none', 'source': '/a', 'options': ['rbind', 'ro']}",
	 "bind", "/a", "/x", "rbind ro"},
	{"{'destination': '/x', 'source': 'a/b', 'options': ['bind']}", "bind", "/bundle/a/b", "/x",
	 "bind"},
	{"{'destination': '/x', 'type': 'bind', 'source': 'a'}", "bind", "/bundle/a", "/x", ""},
	/* an option is one even with a comma in it */
	{"{'destination': '/x', 'type': 'tmpfs', 'options': ['context=u:r:t:s0:c1,c2']}", "tmpfs",
	 "", "/x", "context=u:r:t:s0:c1,c2"},
	/* maps take the place of the word for them */
	{"{'destination': '/x', 'type': 'bind', 'source': '/a', 'options': ['ridmap', 'ro'],"
	 " 'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 10},"
	 "  {'containerID': 10, 'hostID': 5, 'size': 1}],"
	 " 'gidMappings': [{'containerID': 0, 'hostID': 2000, 'size': 10}]}",
	 "bind", "/a", "/x", "ro ridmap=uids=0-1000-10#10-5-1;gids=0-2000-10"},
	{"{'destination': '/x', 'type': 'bind', 'source': '/a',"
	 " 'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
	 " 'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}]}",
	 "bind", "/a", "/x", "idmap=uids=0-1-1;gids=0-1-1"},
	/* without maps the word is the container's own */
	{"{'destination': '/x', 'type': 'bind', 'source': '/a', 'options': ['idmap']}", "bind",
	 "/a", "/x", "idmap"},
};

static void check_options(const struct strv *options, const char *expected)
{
	char joined[200] = "";

	for (size_t i = 0; i < options->n; i++) {
		if (i)
			strcat(joined, " ");
		strcat(joined, options->v[i]);
	}
	ck_assert_str_eq(joined, expected);
}

START_TEST(mounts_become_mount_specs)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_oci_config struct oci_config c;
		const struct mount_spec *m;
		char fragment[600];

		snprintf(fragment, sizeof(fragment), "{'mounts': [%s]}", cases[i].mount);
		document_must_read(fragment, &c);
		ck_assert_uint_eq(c.container.mounts.n, 1);
		m = &c.container.mounts.v[0];
		ck_assert_str_eq(m->type, cases[i].type);
		ck_assert_str_eq(m->source, cases[i].source);
		ck_assert_str_eq(m->destination, cases[i].destination);
		check_options(&m->options, cases[i].options);
		ck_assert_uint_eq(c.warnings.n, 0);
	}
}
END_TEST

START_TEST(a_relative_destination_is_taken_with_a_warning)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'mounts': [{'destination': 'proc', 'type': 'proc'}]}", &c);
	ck_assert_str_eq(c.container.mounts.v[0].destination, "proc");
	ck_assert_uint_eq(c.warnings.n, 1);
	ck_assert_str_eq(c.warnings.v[0],
			 "mounts[0]: the destination 'proc' is relative; taking it from '/'");
}
END_TEST

START_TEST(more_mounts_than_allowed_are_refused)
{
	cleanup_free char *fragment = calloc(LIMIT_MOUNTS + 2, 32);
	struct oci_config c;
	struct err e = ERR_NONE;

	ck_assert_ptr_nonnull(fragment);
	strcpy(fragment, "{'mounts': [{'destination': '/'}");
	for (size_t i = 0; i < LIMIT_MOUNTS; i++)
		strcat(fragment, ",{'destination': '/'}");
	strcat(fragment, "]}");
	ck_assert_int_eq(document_read(fragment, &c, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "mounts: more than 256 items");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

static const struct document_error errors[] = {
	{"{'mounts': {}}", "mounts: expected a list, found an object", 0},
	{"{'mounts': ['/proc']}", "mounts[0]: expected an object, found a string", 0},
	{"{'mounts': [{'type': 'proc'}]}", "mounts[0].destination: missing", 0},
	{"{'mounts': [{'destination': ''}]}", "mounts[0]: the destination is empty", 0},
	{"{'mounts': [{'destination': '/x', 'type': 'bind'}]}",
	 "mounts[0]: a bind mount needs a source", 0},
	{"{'mounts': [{'destination': '/x', 'options': ['ro', 1]}]}",
	 "mounts[0].options[1]: expected a string, found a number", 0},
	{"{'mounts': [{'destination': '/x', 'uidMappings': [{'containerID': 0, 'hostID': 1,"
	 " 'size': 1}]}]}",
	 "mounts[0]: uidMappings and gidMappings need each other", 0},
	{"{'mounts': [{'destination': '/x', 'uidMappings': [{'containerID': 0, 'size': 1}]}]}",
	 "mounts[0].uidMappings[0].hostID: missing", 0},
};

START_TEST(a_wrong_mount_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/mounts", NULL, NULL, mounts_become_mount_specs,
      a_relative_destination_is_taken_with_a_warning, more_mounts_than_allowed_are_refused,
      a_wrong_mount_is_named)
