/* SPDX-License-Identifier: Apache-2.0 */
/* Images of no family, without a tool: what happens to their keystores is all there is. */
#include "cacerts/cacerts.h"

#include <string.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "cacerts/store_format.h"
#include "tests/unit/cacerts/vectors.h"
#include "tests/unit/vfs/view.h"

#define STORE "/opt/j/lib/security/cacerts"

static struct authorities *set;
static struct cacerts_plan plan;
static struct view v;

static void setup(void)
{
	set = vector_authorities();
	view_init(&v);
	tree_dir(&v.t, "r/opt/j/lib/security");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
}

static void teardown(void)
{
	cacerts_plan_done(&plan);
	authorities_unref(set);
	tree_wipe(&v.t);
	view_done(&v);
}

static void run(const char *script)
{
	cleanup_free char *command = NULL;

	ck_assert_int_gt(asprintf(&command, "V=%s; cd '%s' && { %s\n}", VECTORS,
				  tree_at(&v.t, "r/opt/j/lib/security"), script),
			 0);
	ck_assert_msg(system(command) == 0, "%s", script);
}

static void make_plan(void)
{
	const struct cacerts_request q = {
		.rootfs = &v.rootfs,
		.mounts = &v.mounts,
		.authorities = set,
		.strategies = 1u << CACERTS_JAVA | 1u << CACERTS_MASK,
	};
	cleanup_free char *before = tree_manifest(&v.t, "r");
	cleanup_free char *after = NULL;
	struct err e = ERR_NONE;

	view_open(&v);
	ck_ok(cacerts_plan(&q, v.fs, &plan, &e), e);
	after = tree_manifest(&v.t, "r");
	ck_assert_str_eq(after, before);
}

static bool report_has(const char *list, const char *words)
{
	cleanup_free char *text = json_line(json_object_get(plan.report, list));

	return strstr(text, words) != NULL;
}

static size_t n_ours(const struct change *c)
{
	struct err e = ERR_NONE;
	size_t n = 0;

	ck_ok(store_format_of(c->bytes, c->n_bytes)->count(c->bytes, c->n_bytes, set, &n, &e), e);
	return n;
}

START_TEST(each_keystore_gets_the_authority)
{
	static const char *const names[] = {"two.jks",  "empty.jks",     "plain.p12", "mac.p12",
					    "none.p12", "clear-mac.p12", "sha1.p12"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char script[128];

		snprintf(script, sizeof(script), "cp $V/%s cacerts", names[i]);
		run(script);
		make_plan();
		ck_assert_uint_eq(plan.changes.n, 1);
		ck_assert_str_eq(plan.changes.v[0].path, STORE);
		ck_assert_int_eq(plan.changes.v[0].role, ROLE_STORE);
		ck_assert_uint_eq(n_ours(&plan.changes.v[0]), 1);
		ck_assert(report_has("stores", "\"store\": \"keystore\", \"strategy\": \"java\"") ||
			  report_has("stores", "\"store\":\"keystore\",\"strategy\":\"java\""));
		cacerts_plan_done(&plan);
	}
}
END_TEST

START_TEST(its_mode_owner_and_attributes_are_kept)
{
	const struct change *c;

	run("cp $V/two.jks cacerts; chmod 0604 cacerts; chown 12:34 cacerts");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "r" STORE), "trusted.x", "y", 1, 0), 0);
	make_plan();
	c = changes_find(&plan.changes, STORE);
	ck_assert_uint_eq(c->meta.mode, 0604);
	ck_assert_uint_eq(c->meta.uid, 12);
	ck_assert_uint_eq(c->meta.gid, 34);
	ck_assert_uint_eq(c->xattrs.n, 1);
	ck_assert_str_eq(c->xattrs.v[0].name, "trusted.x");
}
END_TEST

START_TEST(one_that_holds_the_authority_gets_nothing)
{
	run("cp $V/plain-ours.p12 cacerts");
	make_plan();
	ck_assert_uint_eq(plan.changes.n, 0);
	ck_assert(!report_has("skipped", STORE));
}
END_TEST

/* clang-format off */
static const struct {
	const char *script;
	const char *why;
} refused[] = {
	{"cp $V/secret.jks cacerts", "password"},
	{"cp $V/secret.p12 cacerts", "password"},
	{"cp $V/legacy.p12 cacerts", "too old"},
	{"cp $V/other.jceks cacerts", "JCEKS"},
	{"cp $V/other.pem cacerts", "no keystore format"},
	{": > cacerts", "no keystore format"},
	{"mkfifo cacerts", "not a regular file"},
	{"mkdir cacerts", "not a regular file"},
	{"ln -s /dev/zero cacerts; mkdir -p ../../../../dev; mknod ../../../../dev/zero c 1 5",
	 "not a regular file"},
	{"truncate -s 20M cacerts", "larger than any keystore"},
	{"head -c 400 $V/two.jks > cacerts", "damaged"},
	{"head -c 400 $V/plain.p12 > cacerts", "damaged"},
};
/* clang-format on */

START_TEST(what_cannot_be_written_is_skipped_with_a_reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		run("rm -rf *");
		run(refused[i].script);
		make_plan();
		ck_assert_uint_eq(plan.changes.n, 0);
		ck_assert_msg(report_has("skipped", refused[i].why), "%s", refused[i].script);
		cacerts_plan_done(&plan);
	}
}
END_TEST

START_TEST(one_that_cannot_be_written_is_masked)
{
	run("cp $V/two.jks cacerts");
	view_mount(&v, "bind", "@/r" STORE, STORE, "rbind,rw");
	make_plan();
	ck_assert_uint_eq(plan.changes.n, 0);
	ck_assert_uint_eq(plan.masks.n, 1);
	ck_assert_str_eq(plan.masked.v[0], STORE);
	ck_assert_uint_eq(n_ours(&plan.masks.v[0]), 1);
	cacerts_plan_done(&plan);

	view_mount(&v, "bind", "@/r/opt", "/opt", "rbind,ro");
	make_plan();
	ck_assert_uint_eq(plan.changes.n, 0);
	ck_assert_uint_eq(plan.masks.n, 1);
	ck_assert_str_eq(plan.masked.v[0], STORE);
}
END_TEST

SUITE("cacerts/plan_java", setup, teardown, each_keystore_gets_the_authority,
      its_mode_owner_and_attributes_are_kept, one_that_holds_the_authority_gets_nothing,
      what_cannot_be_written_is_skipped_with_a_reason, one_that_cannot_be_written_is_masked)
