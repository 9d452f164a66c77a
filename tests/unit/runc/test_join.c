/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/join.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/support/suite.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"args\":[\"own\"],"
	"\"cwd\":\"/own\",\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3]},"
	"\"env\":[\"A=1\",\"B=2\"],\"capabilities\":{\"bounding\":[\"CAP_KILL\"],"
	"\"permitted\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"]}},"
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}";

static struct join_settings s;
static struct container c;
static struct bundle bundle;
static struct container_spec spec;

static void setup(void)
{
	const struct oci_place place = {.bundle = "/b", .last_capability = 40};
	struct err e = ERR_NONE;

	s = (struct join_settings){
		.env = STRV(8), .groups = STRV(8), .capabilities = STRV(8), .cgroups = STRV(8)};
	c = CONTAINER;
	container_state_init(&c.state);
	bundle_init(&bundle);
	container_spec_init(&spec);
	bundle.path = strdup("/b");
	ck_ok(oci_config_read(config, sizeof(config) - 1, &place, &bundle.config, &e), e);
}

static void teardown(void)
{
	strv_done(&s.env);
	strv_done(&s.groups);
	strv_done(&s.capabilities);
	container_done(&c);
	bundle_done(&bundle);
	container_spec_done(&spec);
}

static int join(const char *const *args, struct err *e)
{
	return join_spec(&s, &c, &bundle, (char *const *)(uintptr_t)args, &spec, e);
}

static const char *const command[] = {"cmd", "-x", NULL};

START_TEST(what_is_left_open_is_the_containers_own)
{
	struct err e = ERR_NONE;

	ck_ok(join(command, &e), e);
	ck_assert_uint_eq(spec.process.args.n, 2);
	ck_assert_str_eq(spec.process.args.v[0], "cmd");
	ck_assert_str_eq(spec.process.cwd, "/own");
	ck_assert_uint_eq(spec.process.user.uid, 1);
	ck_assert_uint_eq(spec.process.user.gid, 2);
	ck_assert_uint_eq(spec.process.user.n_groups, 1);
	ck_assert_uint_eq(spec.process.env.n, 2);
	ck_assert_uint_eq(spec.process.capabilities.bounding, 1 << CAP_KILL);
	ck_assert_ptr_nonnull(spec.seccomp);
	ck_assert_ptr_null(bundle.config.container.seccomp);
	ck_assert(spec.is_staged);
}
END_TEST

START_TEST(what_the_command_line_says_counts)
{
	struct err e = ERR_NONE;

	s.cwd = "/tmp";
	s.user = "10:20";
	s.tty = s.no_new_privileges = true;
	strv_add(&s.env, "A=9", NULL);
	strv_add(&s.env, "C=3", NULL);
	strv_add(&s.groups, "30", NULL);
	strv_add(&s.capabilities, "CAP_NET_RAW", NULL);
	ck_ok(join(command, &e), e);
	ck_assert_str_eq(spec.process.cwd, "/tmp");
	ck_assert_uint_eq(spec.process.user.uid, 10);
	ck_assert_uint_eq(spec.process.user.gid, 20);
	ck_assert_uint_eq(spec.process.user.n_groups, 2);
	ck_assert_uint_eq(spec.process.user.groups[1], 30);
	ck_assert_uint_eq(spec.process.env.n, 3);
	ck_assert_str_eq(spec.process.env.v[0], "A=9");
	ck_assert(spec.process.terminal.is_wanted && spec.process.no_new_privileges);
	ck_assert_uint_eq(spec.process.capabilities.ambient, 1 << CAP_NET_RAW);
	ck_assert_uint_eq(spec.process.capabilities.bounding, 1 << CAP_NET_RAW | 1 << CAP_KILL);
	ck_assert_uint_eq(spec.process.capabilities.inheritable, 0);
}
END_TEST

START_TEST(trust_adds_variables_that_nobody_has_set)
{
	struct err e = ERR_NONE;

	strv_add(&c.state.trust_env, "A=trusted", NULL);
	strv_add(&c.state.trust_env, "T=trusted", NULL);
	ck_ok(join(command, &e), e);
	ck_assert_str_eq(strv_value(&spec.process.env, "A"), "1");
	ck_assert_str_eq(strv_value(&spec.process.env, "T"), "trusted");
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const users[] = {"", "root", "1:", "-1", "4294967295", "1:x", "1 "};
	static const char *const nothing[] = {NULL};
	struct err e = ERR_NONE;

	ck_assert_int_eq(join(nothing, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "process args cannot be empty");
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		teardown();
		setup();
		s.user = users[i];
		ck_assert_msg(join(command, &e) == -EINVAL, "%s", users[i]);
	}
}
END_TEST

START_TEST(what_is_ours_as_well_is_not_joined)
{
	struct container_namespace namespaces[NAMESPACE_MAX] = {0};
	struct err e = ERR_NONE;

	ck_ok(join_namespaces(getpid(), namespaces, &e), e);
	for (size_t i = 0; i < NAMESPACE_MAX; i++)
		ck_assert_int_eq(namespaces[i].mode, NAMESPACE_HOST);
}
END_TEST

SUITE("runc/join", setup, teardown, what_is_left_open_is_the_containers_own,
      what_the_command_line_says_counts, trust_adds_variables_that_nobody_has_set,
      nonsense_is_refused, what_is_ours_as_well_is_not_joined)
