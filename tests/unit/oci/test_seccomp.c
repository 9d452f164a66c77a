/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

/* enum scmp_compare; seccomp.h itself is not for tests of this folder to include */
enum { COMPARE_EQ = 4, COMPARE_MASKED_EQ = 7 };

START_TEST(a_policy_is_read)
{
	cleanup_oci_config struct oci_config c;
	const struct seccomp_policy *p;

	document_must_read("{'linux': {'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO',"
			   " 'defaultErrnoRet': 38, 'architectures': ['SCMP_ARCH_X86'],"
			   " 'flags': ['SECCOMP_FILTER_FLAG_LOG'], 'listenerPath': '/run/s',"
			   " 'listenerMetadata': 'm', 'syscalls': ["
			   "  {'names': ['read', 'write'], 'action': 'SCMP_ACT_ALLOW'},"
			   "  {'names': ['bpf'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 0},"
			   "  {'names': ['clone'], 'action': 'SCMP_ACT_NOTIFY', 'args': ["
			   "   {'index': 0, 'value': 2114060288, 'valueTwo': 1,"
			   "    'op': 'SCMP_CMP_MASKED_EQ'},"
			   "   {'index': 5, 'value': 1, 'op': 'SCMP_CMP_EQ'}]}]}}}",
			   &c);
	p = c.container.seccomp;
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->default_action, SECCOMP_RET_ERRNO | ENOSYS);
	ck_assert_uint_eq(p->architectures.n, 1);
	ck_assert_str_eq(p->architectures.v[0], "SCMP_ARCH_X86");
	ck_assert_uint_eq(p->flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert_str_eq(p->listener_path, "/run/s");
	ck_assert_str_eq(p->listener_metadata, "m");
	ck_assert_uint_eq(p->n_rules, 3);
	ck_assert_uint_eq(p->rules[0].names.n, 2);
	ck_assert_str_eq(p->rules[0].names.v[1], "write");
	ck_assert_uint_eq(p->rules[0].action, SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(p->rules[1].action, SECCOMP_RET_ERRNO);
	ck_assert_uint_eq(p->rules[2].action, SECCOMP_RET_USER_NOTIF);
	ck_assert_uint_eq(p->rules[2].n_conditions, 2);
	ck_assert_uint_eq(p->rules[2].conditions[0].op, COMPARE_MASKED_EQ);
	ck_assert_uint_eq(p->rules[2].conditions[0].value, 2114060288);
	ck_assert_uint_eq(p->rules[2].conditions[0].second, 1);
	ck_assert_uint_eq(p->rules[2].conditions[1].argument, 5);
	ck_assert_uint_eq(p->rules[2].conditions[1].op, COMPARE_EQ);
}
END_TEST

static const struct {
	const char *members; /* JSON */
	uint32_t action;
} actions[] = {
	{"'SCMP_ACT_KILL'", SECCOMP_RET_KILL_THREAD},
	{"'SCMP_ACT_KILL_THREAD'", SECCOMP_RET_KILL_THREAD},
	{"'SCMP_ACT_KILL_PROCESS'", SECCOMP_RET_KILL_PROCESS},
	{"'SCMP_ACT_TRAP'", SECCOMP_RET_TRAP},
	{"'SCMP_ACT_ERRNO'", SECCOMP_RET_ERRNO | EPERM},
	{"'SCMP_ACT_ERRNO', 'errnoRet': 4095", SECCOMP_RET_ERRNO | 4095},
	{"'SCMP_ACT_TRACE'", SECCOMP_RET_TRACE | EPERM},
	{"'SCMP_ACT_TRACE', 'errnoRet': 65535", SECCOMP_RET_TRACE | 65535},
	{"'SCMP_ACT_LOG'", SECCOMP_RET_LOG},
	{"'SCMP_ACT_ALLOW'", SECCOMP_RET_ALLOW},
};

#define IN_SECCOMP(text) "{'linux': {'seccomp': {'defaultAction': 'SCMP_ACT_ALLOW', " text "}}}"

START_TEST(an_action_is_what_the_filter_returns)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		cleanup_oci_config struct oci_config c;
		char fragment[200];

		snprintf(fragment, sizeof(fragment),
			 IN_SECCOMP("'syscalls': [{'names': ['bpf'], 'action': %s}]"),
			 actions[i].members);
		document_must_read(fragment, &c);
		ck_assert_uint_eq(c.container.seccomp->rules[0].action, actions[i].action);
	}
}
END_TEST

#define WITH_RULE(text) IN_SECCOMP("'syscalls': [{'names': ['x'], " text "}]")

static const struct document_error errors[] = {
	{"{'linux': {'seccomp': {}}}", "linux.seccomp.defaultAction: missing", 0},
	{"{'linux': {'seccomp': {'defaultAction': 'ALLOW'}}}",
	 "linux.seccomp.defaultAction: 'ALLOW' is not an action ('SCMP_ACT_ERRNO')", 0},
	{"{'linux': {'seccomp': {'defaultAction': 'SCMP_ACT_NOTIFY', 'listenerPath': '/x'}}}",
	 "linux.seccomp: SCMP_ACT_NOTIFY can't be the default action", 0},
	{IN_SECCOMP("'defaultErrnoRet': 1"), "linux.seccomp: this action takes no errno", 0},
	{IN_SECCOMP("'flags': ['X']"),
	 "linux.seccomp.flags[0]: 'X' is not a flag ('SECCOMP_FILTER_FLAG_LOG')", 0},
	{IN_SECCOMP("'architectures': ['x86']"),
	 "linux.seccomp.architectures[0]: 'x86' is not an architecture ('SCMP_ARCH_X86')", 0},
	{IN_SECCOMP("'listenerMetadata': 'x'"),
	 "linux.seccomp: listenerMetadata needs a listenerPath", 0},
	{IN_SECCOMP("'syscalls': [{'action': 'SCMP_ACT_LOG'}]"),
	 "linux.seccomp.syscalls[0].names: missing", 0},
	{IN_SECCOMP("'syscalls': [{'names': [], 'action': 'SCMP_ACT_LOG'}]"),
	 "linux.seccomp.syscalls[0]: expected the name of a system call", 0},
	{WITH_RULE("'action': 'SCMP_ACT_ERRNO', 'errnoRet': 4096"),
	 "linux.seccomp.syscalls[0]: the errno 4096 is above 4095", 0},
	{WITH_RULE("'action': 'SCMP_ACT_ALLOW', 'errnoRet': 1"),
	 "linux.seccomp.syscalls[0]: this action takes no errno", 0},
	{WITH_RULE("'action': 'SCMP_ACT_NOTIFY'"),
	 "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath", 0},
	{WITH_RULE("'action': 'SCMP_ACT_LOG', 'args': [{'index': 6, 'value': 1,"
		   " 'op': 'SCMP_CMP_EQ'}]"),
	 "linux.seccomp.syscalls[0].args[0].index: 6 is above 5", 0},
	{WITH_RULE("'action': 'SCMP_ACT_LOG', 'args': [{'index': 0, 'value': 1, 'op': '=='}]"),
	 "linux.seccomp.syscalls[0].args[0].op: '==' is not a comparison ('SCMP_CMP_EQ')", 0},
	{WITH_RULE("'action': 'SCMP_ACT_LOG', 'args': [{'index': 0, 'op': 'SCMP_CMP_EQ'}]"),
	 "linux.seccomp.syscalls[0].args[0].value: missing", 0},
};

START_TEST(a_wrong_policy_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

/* ---- rules that may be known already ------------------------------------------------------- */

static char asked[200]; /* the text of the rules that were asked for; "": none */
static bool are_known;

static bool knows_rules(struct seccomp_policy *policy, const char *text, size_t n)
{
	ck_assert_uint_eq(policy->n_rules, 0);
	ck_assert_uint_lt(n, sizeof(asked));
	memcpy(asked, text, n);
	asked[n] = '\0';
	return are_known;
}

static int read_asking(const char *fragment, struct oci_config *ret, struct err *e)
{
	const struct oci_place place = {
		.bundle = documents_place.bundle,
		.last_capability = documents_place.last_capability,
		.knows_rules = knows_rules,
	};
	cleanup_free char *text = document_text(fragment);

	*asked = '\0';
	return oci_config_read(text, strlen(text), &place, ret, e);
}

START_TEST(rules_that_are_known_are_not_read)
{
	static const char *const fragments[] = {
		WITH_RULE("'action': 'SCMP_ACT_LOG'"),
		WITH_RULE("'action': 'wrong'"), /* nobody has looked */
	};

	for (size_t i = 0; i < ARRAY_SIZE(fragments); i++) {
		cleanup_oci_config struct oci_config c;
		struct err e = ERR_NONE;

		are_known = true;
		ck_ok(read_asking(fragments[i], &c, &e), e);
		ck_assert_ptr_nonnull(strstr(asked, "\"action\""));
		ck_assert_int_eq(asked[0], '[');
		ck_assert_int_eq(asked[strlen(asked) - 1], ']');
		ck_assert_uint_eq(c.container.seccomp->n_rules, 0);
		ck_assert_uint_eq(c.container.seccomp->default_action, SECCOMP_RET_ALLOW);
	}
}
END_TEST

START_TEST(rules_that_are_not_known_are_read_as_ever)
{
	cleanup_oci_config struct oci_config c;
	struct err e = ERR_NONE;

	are_known = false;
	ck_ok(read_asking(IN_SECCOMP("'syscalls': [{'names': ['a', 'b'], 'action': 'SCMP_ACT_LOG'},"
				     " {'names': ['c'], 'action': 'SCMP_ACT_TRAP'}]"),
			  &c, &e),
	      e);
	ck_assert_uint_eq(c.container.seccomp->n_rules, 2);
	ck_assert_str_eq(c.container.seccomp->rules[0].names.v[1], "b");
	ck_assert_uint_eq(c.container.seccomp->rules[1].action, SECCOMP_RET_TRAP);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct oci_config ignored;

		e = ERR_NONE;
		ck_assert_int_eq(read_asking(errors[i].fragment, &ignored, &e), -EINVAL);
		ck_assert_str_eq(e.msg, errors[i].message);
	}
}
END_TEST

START_TEST(nobody_is_asked_for_rules_that_notify_a_listener)
{
	cleanup_oci_config struct oci_config c;
	struct err e = ERR_NONE;

	are_known = true;
	ck_ok(read_asking(IN_SECCOMP("'listenerPath': '/run/s', 'syscalls': [{'names': ['x'],"
				     " 'action': 'SCMP_ACT_NOTIFY'}]"),
			  &c, &e),
	      e);
	ck_assert_str_eq(asked, "");
	ck_assert_uint_eq(c.container.seccomp->n_rules, 1);
}
END_TEST

/* Of all the document, though only a part was parsed. */
START_TEST(an_error_of_syntax_has_the_line_that_its_author_knows)
{
	static const char *const broken[] = {"[}",        "[]x",        "[,]",  "[1,]",
					     "[\n\n1 2]", "[\"\x01\"]", "[tru]"};

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		const struct oci_place asking = {.bundle = "/b", .knows_rules = knows_rules};
		const struct oci_place plain = {.bundle = "/b"};
		struct err e = ERR_NONE, whole = ERR_NONE;
		struct oci_config ignored;
		char text[400];
		int n = snprintf(text, sizeof(text),
				 "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"/r\"},\n"
				 "\"process\": {\"cwd\": \"/\", \"args\": [\"x\"]},\n"
				 "\"linux\": {\"seccomp\": {\"defaultAction\":"
				 " \"SCMP_ACT_LOG\", \"syscalls\": %s}}}",
				 broken[i]);

		are_known = false;
		ck_assert_int_eq(oci_config_read(text, (size_t)n, &plain, &ignored, &whole),
				 -EINVAL);
		ck_assert_int_eq(oci_config_read(text, (size_t)n, &asking, &ignored, &e), -EINVAL);
		ck_assert_ptr_nonnull(strstr(whole.msg, "line "));
		ck_assert_str_eq(e.msg, whole.msg);
	}
}
END_TEST

SUITE("oci/seccomp", NULL, NULL, a_policy_is_read, an_action_is_what_the_filter_returns,
      a_wrong_policy_is_named, rules_that_are_known_are_not_read,
      rules_that_are_not_known_are_read_as_ever, nobody_is_asked_for_rules_that_notify_a_listener,
      an_error_of_syntax_has_the_line_that_its_author_knows)
