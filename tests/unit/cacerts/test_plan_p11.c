/* SPDX-License-Identifier: Apache-2.0 */
/* Images that have p11-kit's files and no tool; the files are the real ones
 * (vectors/p11-kit/README.md). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "cacerts/native_p11.h"
#include "distro/families.h"
#include "tests/unit/cacerts/box.h"

#define EXTRACTED "/etc/pki/ca-trust/extracted"

static struct view v;
static struct authorities *set;
static struct cacerts_plan plan;

static void run(const char *script)
{
	cleanup_free char *command = NULL;

	ck_assert_int_gt(asprintf(&command, "cd '%s' && V=" VECTORS " && { %s\n}",
				  tree_at(&v.t, "r"), script),
			 0);
	ck_assert_msg(system(command) == 0, "%s", script);
}

static struct buf read_vector(const char *name)
{
	struct buf text = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;
	char path[400];

	snprintf(path, sizeof(path), VECTORS "/%s", name);
	ck_ok(io_read_file_at(AT_FDCWD, path, &text, &e), e);
	return text;
}

static void setup(void)
{
	cleanup_buf struct buf text = read_vector("ours.crt");
	struct err e = ERR_NONE;

	ck_ok(authorities_parse(text.data, text.n, "ours", &set, &e), e);
	view_init(&v);
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	run("cd . && mkdir -p etc/pki/ca-trust/extracted && cd etc/pki/ca-trust/extracted;"
	    "mkdir pem java edk2 openssl; cp $V/before.pem pem/tls-ca-bundle.pem;"
	    "cp $V/before.plain pem/email-ca-bundle.pem; cp $V/before.jks java/cacerts;"
	    "cp $V/before.edk2 edk2/cacerts.bin; cp $V/before.trusted openssl/ca-bundle.trust.crt");
}

static void teardown(void)
{
	cacerts_plan_done(&plan);
	authorities_unref(set);
	set = NULL;
	view_done(&v);
}

static int try_plan(const char *family)
{
	const struct cacerts_request q = {
		.rootfs = &v.rootfs, .mounts = &v.mounts, .authorities = set};
	struct err e = ERR_NONE;
	int r;

	view_open(&v);
	plan.distro.family = distro_family_get(family);
	plan.report = json_pack("{s:[], s:[]}", "stores", "skipped");
	r = plan_p11_append(&q, v.fs, &plan, &e);
	ck_ok(r, e);
	return r;
}

static void assert_becomes(const char *path, const char *vector)
{
	cleanup_buf struct buf text = read_vector(vector);
	const struct change *c = changes_find(&plan.changes, path);

	ck_assert_msg(c, "'%s' isn't changed", path);
	ck_assert_msg(c->n_bytes == text.n && memcmp(c->bytes, text.data, text.n) == 0,
		      "'%s' is not '%s'", path, vector);
}

START_TEST(each_file_becomes_what_the_tool_would_make_of_it)
{
	cleanup_buf struct buf after = read_vector("after.jks");
	const struct change *keystore;

	ck_assert_int_eq(try_plan("rhel"), 0);
	ck_assert(plan.complete);
	ck_assert_uint_eq(plan.changes.n, 5);
	assert_becomes(EXTRACTED "/pem/tls-ca-bundle.pem", "after.pem");
	assert_becomes(EXTRACTED "/pem/email-ca-bundle.pem", "after.plain");
	assert_becomes(EXTRACTED "/openssl/ca-bundle.trust.crt", "after.trusted");
	assert_becomes(EXTRACTED "/edk2/cacerts.bin", "after.edk2");
	keystore = changes_find(&plan.changes, EXTRACTED "/java/cacerts");
	ck_assert_uint_eq(keystore->n_bytes, after.n); /* its times are now */
}
END_TEST

START_TEST(a_hashed_directory_gets_a_file_and_two_links)
{
	const struct change *link;

	run("mkdir etc/pki/ca-trust/extracted/pem/directory-hash;"
	    "touch etc/pki/ca-trust/extracted/pem/directory-hash/x");
	ck_assert_int_eq(try_plan("rhel"), 0);
	assert_becomes(EXTRACTED "/pem/directory-hash/Ours_Two_x.y-z__test_.pem", "ours.crt");
	link = changes_find(&plan.changes, EXTRACTED "/pem/directory-hash/41225094.0");
	ck_assert_str_eq(link->target, "Ours_Two_x.y-z__test_.pem");
	ck_assert_ptr_nonnull(
		changes_find(&plan.changes, EXTRACTED "/pem/directory-hash/7e47cd93.0"));
}
END_TEST

START_TEST(the_head_of_suses_bundle_stays_before_ours)
{
	const struct change *c;
	cleanup_buf struct buf after = read_vector("after.plain");

	run("mkdir -p var/lib/ca-certificates;"
	    "{ echo '#'; echo '# do not edit'; cat $V/before.plain; }"
	    "	> var/lib/ca-certificates/ca-bundle.pem");
	ck_assert_int_eq(try_plan("suse"), 0);
	c = changes_find(&plan.changes, "/var/lib/ca-certificates/ca-bundle.pem");
	ck_assert_uint_eq(c->n_bytes, after.n + strlen("#\n# do not edit\n"));
	ck_assert_int_eq(memcmp(c->bytes + strlen("#\n# do not edit\n"), after.data, after.n), 0);
}
END_TEST

START_TEST(files_of_somebody_else_stay_as_they_are)
{
	run("cd etc/pki/ca-trust/extracted; echo >> pem/tls-ca-bundle.pem;"
	    "cp $V/after.trusted openssl/ca-bundle.trust.crt; rm java/cacerts; mkdir java/cacerts;"
	    "rm edk2/cacerts.bin; mkfifo edk2/cacerts.bin; : > pem/email-ca-bundle.pem");
	ck_assert_int_eq(try_plan("rhel"), PLAN_P11_NOT);
	ck_assert_uint_eq(plan.changes.n, 0);
	ck_assert(!plan.complete);
}
END_TEST

START_TEST(other_families_have_no_such_files)
{
	ck_assert_int_eq(try_plan("debian"), PLAN_P11_NOT);
	cacerts_plan_done(&plan);
	ck_assert_int_eq(try_plan("suse"), PLAN_P11_NOT);
}
END_TEST

SUITE("cacerts/plan_p11", setup, teardown, each_file_becomes_what_the_tool_would_make_of_it,
      a_hashed_directory_gets_a_file_and_two_links, the_head_of_suses_bundle_stays_before_ours,
      files_of_somebody_else_stay_as_they_are, other_families_have_no_such_files)
