/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/unit/oci/documents.h"

START_TEST(a_process_is_read_with_all_its_members)
{
	cleanup_oci_config struct oci_config c;
	const struct container_process *p = &c.container.process;

	document_must_read("{'process': {'terminal': true, 'consoleSize': {'height': 24,"
			   "  'width': 80}, 'cwd': '/w', 'args': ['sh', '-c', ''],"
			   " 'env': ['A=b', 'B='], 'noNewPrivileges': true, 'oomScoreAdj': -5,"
			   " 'apparmorProfile': 'a', 'selinuxLabel': 's',"
			   " 'user': {'uid': 1000, 'gid': 4294967294, 'umask': 63,"
			   "  'additionalGids': [5, 27]}}}",
			   &c);
	ck_assert(p->terminal.is_wanted);
	ck_assert_uint_eq(p->terminal.rows, 24);
	ck_assert_uint_eq(p->terminal.columns, 80);
	ck_assert_str_eq(p->cwd, "/w");
	ck_assert_uint_eq(p->args.n, 3);
	ck_assert_str_eq(p->args.v[2], "");
	ck_assert_uint_eq(p->env.n, 2);
	ck_assert_str_eq(p->env.v[1], "B=");
	ck_assert(p->no_new_privileges);
	ck_assert(p->has_oom_score_adj);
	ck_assert_int_eq(p->oom_score_adj, -5);
	ck_assert_str_eq(p->apparmor_profile, "a");
	ck_assert_str_eq(p->selinux_label, "s");
	ck_assert_uint_eq(p->user.uid, 1000);
	ck_assert_uint_eq(p->user.gid, 4294967294u);
	ck_assert_uint_eq(p->umask, 077);
	ck_assert_uint_eq(p->user.n_groups, 2);
	ck_assert_uint_eq(p->user.groups[1], 27);
}
END_TEST

START_TEST(a_process_that_says_little_gets_what_every_runtime_gives)
{
	cleanup_oci_config struct oci_config c;
	const struct container_process *p = &c.container.process;

	document_must_read("{}", &c);
	ck_assert_uint_eq(p->umask, 022);
	ck_assert_uint_eq(p->user.uid, 0);
	ck_assert(!p->has_oom_score_adj);
	ck_assert(!p->has_io_priority);
	ck_assert(!p->scheduler.is_set);
	ck_assert_uint_eq(p->capabilities.bounding, 0);
}
END_TEST

START_TEST(an_unlimited_limit_is_the_largest_number)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"x\"],\"rlimits\":["
				   "{\"type\":\"RLIMIT_NOFILE\",\"soft\":18446744073709551614,"
				   "\"hard\":18446744073709551615}]}";
	struct container_process p = {0};
	struct err e = ERR_NONE;

	ck_ok(oci_process_read(text, sizeof(text) - 1, &documents_place, &p, NULL, &e), e);
	ck_assert_uint_eq(p.rlimits.n, 1);
	ck_assert_int_eq(p.rlimits.v[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(p.rlimits.v[0].soft, UINT64_MAX - 1);
	ck_assert_uint_eq(p.rlimits.v[0].hard, UINT64_MAX);
	ck_assert(!p.rlimits.v[0].keeps_hard);
	container_process_done(&p);
}
END_TEST

START_TEST(capabilities_are_bits_and_what_the_kernel_lacks_is_passed_over)
{
	cleanup_oci_config struct oci_config c;
	const struct container_capabilities *s = &c.container.process.capabilities;

	document_must_read("{'process': {'capabilities': {"
			   " 'bounding': ['CAP_CHOWN', 'CAP_KILL', 'CAP_NEW_THING', '0'],"
			   " 'effective': ['CAP_CHOWN'], 'permitted': ['CAP_CHOWN'],"
			   " 'inheritable': [], 'ambient': null}}}",
			   &c);
	ck_assert_uint_eq(s->bounding, 1u << CAP_CHOWN | 1u << CAP_KILL);
	ck_assert_uint_eq(s->effective, 1u << CAP_CHOWN);
	ck_assert_uint_eq(s->permitted, 1u << CAP_CHOWN);
	ck_assert_uint_eq(s->inheritable, 0);
	ck_assert_uint_eq(s->ambient, 0);
	ck_assert_uint_eq(c.warnings.n, 2);
	ck_assert_str_eq(c.warnings.v[0],
			 "process.capabilities.bounding[2]: 'CAP_NEW_THING' is no known "
			 "capability; ignoring it");
	ck_assert_str_eq(c.warnings.v[1], "process.capabilities.bounding[3]: '0' is no known "
					  "capability; ignoring it");
}
END_TEST

START_TEST(a_capability_beyond_the_kernels_last_is_passed_over)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"x\"],\"capabilities\":"
				   "{\"bounding\":[\"CAP_BPF\",\"CAP_CHOWN\"]}}";
	const struct oci_place old = {.bundle = "/b", .last_capability = CAP_AUDIT_READ};
	cleanup_strv struct strv warnings = STRV(1);
	struct container_process p = {0};
	struct err e = ERR_NONE;

	ck_ok(oci_process_read(text, sizeof(text) - 1, &old, &p, &warnings, &e), e);
	ck_assert_uint_eq(p.capabilities.bounding, 1u << CAP_CHOWN);
	ck_assert_str_eq(warnings.v[0],
			 "capabilities.bounding[0]: the kernel has no 'CAP_BPF'; ignoring it");
	container_process_done(&p);
}
END_TEST

static const struct document_error errors[] = {
	{"{'process': {'cwd': null}}", "process.cwd: missing", 0},
	{"{'process': {'cwd': 'w'}}", "process.cwd: 'w' is not an absolute path", 0},
	{"{'process': {'args': []}}", "process.args: expected a command", 0},
	{"{'process': {'args': null}}", "process.args: missing", 0},
	{"{'process': {'args': ['x', 7]}}", "process.args[1]: expected a string, found a number",
	 0},
	{"{'process': {'args': 'true'}}", "process.args: expected a list, found a string", 0},
	{"{'process': {'env': ['A']}}", "process.env[0]: 'A' is not NAME=VALUE", 0},
	{"{'process': {'env': ['=A']}}", "process.env[0]: '=A' is not NAME=VALUE", 0},
	{"{'process': {'env': [null]}}", "process.env[0]: expected a string, found null", 0},
	{"{'process': {'user': {'uid': -1}}}", "process.user.uid: -1 is below 0", 0},
	{"{'process': {'user': {'uid': 4294967295}}}",
	 "process.user.uid: 4294967295 is above 4294967294", 0},
	{"{'process': {'user': {'gid': 1.0}}}",
	 "process.user.gid: expected a whole number, found a fraction", 0},
	{"{'process': {'user': {'umask': 512}}}", "process.user.umask: 512 is above 511", 0},
	{"{'process': {'user': {'additionalGids': ['x']}}}",
	 "process.user.additionalGids[0]: expected a whole number, found a string", 0},
	{"{'process': {'consoleSize': {'height': 24}}}", "process.consoleSize.width: missing", 0},
	{"{'process': {'consoleSize': {'height': 65536, 'width': 1}}}",
	 "process.consoleSize.height: 65536 is above 65535", 0},
	{"{'process': {'oomScoreAdj': 1001}}",
	 "process.oomScoreAdj: 1001 is not between -1000 and 1000", 0},
	{"{'process': {'rlimits': [{'type': 'NOFILE', 'soft': 1, 'hard': 1}]}}",
	 "process.rlimits[0].type: 'NOFILE' is not one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, "
	 "RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, "
	 "RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, "
	 "RLIMIT_SIGPENDING, RLIMIT_STACK",
	 0},
	{"{'process': {'rlimits': [{'type': 'RLIMIT_AS', 'soft': 2, 'hard': 1}]}}",
	 "process.rlimits[0]: the soft limit is above the hard one", 0},
	{"{'process': {'rlimits': [{'type': 'RLIMIT_AS', 'soft': 1, 'hard': 1},"
	 " {'type': 'RLIMIT_AS', 'soft': 1, 'hard': 1}]}}",
	 "process.rlimits[1]: a limit of this type is there already", 0},
	{"{'process': {'rlimits': [{'type': 'RLIMIT_AS', 'soft': 1}]}}",
	 "process.rlimits[0].hard: missing", 0},
	{"{'process': {'capabilities': ['CAP_KILL']}}",
	 "process.capabilities: expected an object, found a list", 0},
	{"{'process': {'capabilities': {'bounding': [3]}}}",
	 "process.capabilities.bounding[0]: expected a string, found a number", 0},
};

START_TEST(a_wrong_member_of_a_process_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

START_TEST(a_process_document_is_refused_with_the_path_in_it)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[]}";
	struct container_process p = {.umask = 7};
	struct err e = ERR_NONE;

	ck_assert_int_eq(oci_process_read(text, sizeof(text) - 1, &documents_place, &p, NULL, &e),
			 -EINVAL);
	ck_assert_str_eq(e.msg, "args: expected a command");
	ck_assert_uint_eq(p.umask, 7);
}
END_TEST

SUITE("oci/process", NULL, NULL, a_process_is_read_with_all_its_members,
      a_process_that_says_little_gets_what_every_runtime_gives,
      an_unlimited_limit_is_the_largest_number,
      capabilities_are_bits_and_what_the_kernel_lacks_is_passed_over,
      a_capability_beyond_the_kernels_last_is_passed_over, a_wrong_member_of_a_process_is_named,
      a_process_document_is_refused_with_the_path_in_it)
