/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/translate.h"

static Anchord__V1__RunRequest q;
static Anchord__V1__Network network;
static Anchord__V1__Mount mount;
static struct exec_request got;

static void setup(void)
{
	anchord__v1__run_request__init(&q);
	anchord__v1__network__init(&network);
	anchord__v1__mount__init(&mount);
	exec_request_init(&got);
}

static void teardown(void)
{
	exec_request_done(&got);
}

/* A string of @n letters; the caller frees it. */
static char *letters(size_t n)
{
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	text[n] = '\0';
	return text;
}

static void expect_refused(enum err_kind kind, const char *text)
{
	struct err e = ERR_NONE;

	ck_assert_int_lt(translate_run(&q, &got, &e), 0);
	ck_assert_uint_eq(e.kind, kind);
	ck_assert_msg(strstr(e.msg, text) != NULL, "'%s' is not in '%s'", text, e.msg);
}

START_TEST(every_field_arrives)
{
	char id[] = "a.b-c_1", cwd[] = "/w", user[] = "me", host[] = "h", upper[] = "/u",
	     net[] = "/n";
	char overlay[] = "overlay", source[] = "s", target[] = "t", option[] = "lowerdir=/a,b:/c";
	char *strings[] = {option, host};
	Anchord__V1__Mount *mounts[] = {&mount};
	struct err e = ERR_NONE;

	q.id = id, q.cwd = cwd, q.user = user, q.hostname = host, q.default_upper = upper;
	mount.type = overlay, mount.source = source, mount.target = target;
	mount.options = q.args = q.env = strings;
	mount.n_options = q.n_args = q.n_env = 2;
	q.rootfs = q.mounts = mounts;
	q.n_rootfs = q.n_mounts = 1;
	q.readonly_rootfs = true;
	q.init = true;
	q.network = &network;
	network.mode = ANCHORD__V1__NETWORK__MODE__PATH;
	network.path = net;
	q.trust = ANCHORD__V1__TRUST__TRUST_REQUIRE;
	ck_ok(translate_run(&q, &got, &e), e);

	ck_assert_str_eq(got.id, id);
	ck_assert_str_eq(got.cwd, cwd);
	ck_assert_str_eq(got.user, user);
	ck_assert_str_eq(got.hostname, host);
	ck_assert_str_eq(got.default_upper, upper);
	ck_assert_str_eq(got.network_path, net);
	ck_assert_int_eq(got.network, NETWORK_PATH);
	ck_assert_int_eq(got.trust, TRUST_REQUIRE);
	ck_assert(got.readonly_rootfs);
	ck_assert(got.has_init);
	ck_assert_uint_eq(got.args.n, 2);
	ck_assert_str_eq(got.env.v[0], option);
	ck_assert_uint_eq(got.rootfs.n, 1);
	ck_assert_uint_eq(got.mounts.n, 1);
	ck_assert_str_eq(got.mounts.v[0].type, overlay);
	ck_assert_str_eq(got.mounts.v[0].source, source);
	ck_assert_str_eq(got.mounts.v[0].destination, target);
	ck_assert_uint_eq(got.mounts.v[0].options.n, 2);
	ck_assert_str_eq(got.mounts.v[0].options.v[0], option); /* its comma stays in it */
}
END_TEST

START_TEST(long_strings_are_refused_by_name)
{
	char **const fields[] = {&q.cwd, &q.user, &q.hostname, &q.default_upper};
	static const char *const names[] = {"cwd", "user", "hostname", "default_upper"};
	char *text = letters(LIMIT_PATH);
	char *strings[1] = {letters(LIMIT_STRING)};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char *before = *fields[i];

		*fields[i] = text;
		expect_refused(ERR_LIMIT, names[i]);
		*fields[i] = before;
	}
	q.args = strings;
	q.n_args = 1;
	expect_refused(ERR_LIMIT, "args: at most 131071 bytes");
	free(strings[0]);
	free(text);
}
END_TEST

START_TEST(a_path_is_copied_and_none_is_null)
{
	cleanup_free char *longest = letters(LIMIT_PATH - 1);
	cleanup_free char *longer = letters(LIMIT_PATH);
	cleanup_free char *path = NULL;
	struct err e = ERR_NONE;

	ck_assert_int_eq(translate_path("path", "", &path, &e), 0);
	ck_assert_ptr_null(path);
	ck_assert_int_eq(translate_path("path", longest, &path, &e), 0);
	ck_assert_str_eq(path, longest);
	ck_assert_int_eq(translate_path("path", longer, &path, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.msg, "path: at most 4095 bytes are accepted");
	ck_assert_str_eq(path, longest); /* outputs are untouched on failure */
}
END_TEST

START_TEST(long_lists_are_refused_by_name)
{
	char **strings = calloc(LIMIT_ENV + 1, sizeof(*strings));
	Anchord__V1__Mount *mounts[LIMIT_MOUNTS + 1];
	char x[] = "x";

	for (size_t i = 0; i < LIMIT_ENV + 1; i++)
		strings[i] = x;
	for (size_t i = 0; i < LIMIT_MOUNTS + 1; i++)
		mounts[i] = &mount;
	q.env = strings;
	q.n_env = LIMIT_ENV + 1;
	expect_refused(ERR_LIMIT, "env: ");
	q.args = strings;
	q.n_args = LIMIT_ARGS + 1;
	expect_refused(ERR_LIMIT, "args: ");
	q.mounts = mounts;
	q.n_mounts = 1;
	mount.options = strings;
	mount.n_options = LIMIT_MOUNT_OPTIONS + 1;
	expect_refused(ERR_LIMIT, "mounts[0]: options: ");
	mount.n_options = 0;
	q.n_mounts = LIMIT_MOUNTS + 1;
	expect_refused(ERR_LIMIT, "mounts[");
	free(strings);
}
END_TEST

START_TEST(unknown_values_are_refused_by_name)
{
	q.trust = (Anchord__V1__Trust)7;
	expect_refused(ERR_INVALID, "trust: 7");
	q.trust = ANCHORD__V1__TRUST__TRUST_ON;
	q.network = &network;
	network.mode = (Anchord__V1__Network__Mode)-1;
	expect_refused(ERR_INVALID, "network.mode: -1");
}
END_TEST

START_TEST(an_id_is_a_plain_file_name)
{
	static const char *const good[] = {"a", "A-1_b.c", "...", "-"};
	static const char *const bad[] = {"", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"};
	char *longest = letters(LIMIT_ID);
	char *longer = letters(LIMIT_ID + 1);

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_assert_int_eq(translate_check_id(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(translate_check_id(bad[i], NULL), -EINVAL);
	ck_assert_int_eq(translate_check_id(longest, NULL), 0);
	ck_assert_int_eq(translate_check_id(longer, NULL), -EINVAL);
	free(longest);
	free(longer);
}
END_TEST

START_TEST(the_ids_of_a_repair_are_ids_and_not_too_many)
{
	Anchord__V1__RepairRequest repair = ANCHORD__V1__REPAIR_REQUEST__INIT;
	char *ids[LIMIT_REPAIR_IDS + 1];
	struct repair_request asked = {0};
	struct err e = ERR_NONE;
	char good[] = "a", bad[] = "../x";

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = good;
	repair.ids = ids;
	repair.n_ids = LIMIT_REPAIR_IDS;
	repair.forget = true;
	ck_ok(translate_repair(&repair, &asked, &e), e);
	ck_assert(asked.forget && !asked.dry_run && asked.ids.n == LIMIT_REPAIR_IDS);
	strv_done(&asked.ids);
	repair.n_ids++;
	ck_assert_int_eq(translate_repair(&repair, &asked, &e), -E2BIG);
	strv_done(&asked.ids);
	ids[1] = bad;
	ck_assert_int_eq(translate_repair(&repair, &asked, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "ids[1]: "));
	strv_done(&asked.ids);
}
END_TEST

SUITE("daemon/translate", setup, teardown, every_field_arrives, long_strings_are_refused_by_name,
      a_path_is_copied_and_none_is_null, long_lists_are_refused_by_name,
      unknown_values_are_refused_by_name, an_id_is_a_plain_file_name,
      the_ids_of_a_repair_are_ids_and_not_too_many)
