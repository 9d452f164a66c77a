/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian's engine on a store of three certificates, which nobody parses. That it does what the
 * tool does is shown on real roots (tests/e2e/test_native.py); here is each reason to decline,
 * and images that want to do harm.
 */
#include "cacerts/native.h"

#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "tests/unit/cacerts/box.h"

static struct view v;
static struct cacerts_plan plan;

/* As the tool leaves it. */
static const char make_store[] =
	"mkdir -p tmp etc/ssl/certs etc/ca-certificates/update.d usr/bin usr/sbin "
	"         usr/share/ca-certificates/m usr/local/share/ca-certificates;"
	"echo ID=debian > etc/os-release;"
	"for x in usr/bin/openssl usr/sbin/update-ca-certificates; do"
	"	echo '#!/bin/sh' > $x; chmod +x $x; done;"
	"cd usr/share/ca-certificates/m; echo first > A.crt; printf second > B.crt; cd ../../../..;"
	"echo third > usr/local/share/ca-certificates/L.crt;"
	"printf '# comment\\n\\nm/A.crt\\n!m/gone.crt\\nm/missing.crt\\nm/B.crt\\n'"
	"	> etc/ca-certificates.conf;"
	"cd etc/ssl/certs;"
	"ln -s /usr/share/ca-certificates/m/A.crt A.pem; ln -s A.pem 11111111.0;"
	"ln -s /usr/share/ca-certificates/m/B.crt B.pem; ln -s B.pem 11111111.1;"
	"ln -s /usr/local/share/ca-certificates/L.crt L.pem; ln -s L.pem 22222222.0;"
	"printf 'first\\nsecond\\nthird\\n' > ca-certificates.crt;";

static void run(const char *script)
{
	cleanup_free char *command = NULL;

	ck_assert_int_gt(asprintf(&command, "cd '%s' && { %s\n}", tree_at(&v.t, "r"), script), 0);
	ck_assert_msg(system(command) == 0, "%s", script);
}

static void setup(void)
{
	box_begin();
	view_init(&v);
	tree_dir(&v.t, "r");
	run(make_store);
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
}

static void teardown(void)
{
	cacerts_plan_done(&plan);
	view_done(&v);
	box_end();
}

/* The engine, whatever the tool's version. Returns its result and why it declined. */
static int try_engine(char why[256])
{
	const struct cacerts_request q = {.strategies = CACERTS_ALL,
					  .rootfs = &v.rootfs,
					  .mounts = &v.mounts,
					  .authorities = box_authorities()};
	struct native n = {.q = &q, .fs = NULL, .p = &plan};
	struct err e = ERR_NONE;
	size_t n_before;
	int r;

	view_open(&v);
	cacerts_plan_done(&plan);
	ck_ok(cacerts_plan(&q, v.fs, &plan, &e), e); /* with the drop-in files */
	n.fs = v.fs;
	n_before = plan.changes.n;
	r = native_debian(&n, &e);
	ck_assert_msg(r >= 0, "%d: %s", r, e.msg);
	ck_assert(r == 0 || plan.changes.n == n_before);
	memcpy(why, n.why, sizeof(n.why));
	return r;
}

START_TEST(the_bundle_is_that_of_all_sources_in_their_order)
{
	const struct authorities *set = box_authorities();
	const struct change *bundle;
	cleanup_buf struct buf wanted = BUF(65536);
	char why[256];

	ck_assert_msg(try_engine(why) == 0, "%s", why);
	bundle = changes_find(&plan.changes, "/etc/ssl/certs/ca-certificates.crt");
	ck_assert_ptr_nonnull(bundle);
	buf_addf(&wanted, NULL, "first\nsecond\nthird\n"); /* "L" comes before "anchord-..." */
	for (size_t i = 0; i < set->n; i++)
		buf_addf(&wanted, NULL, "%s", set->v[i].pem);
	ck_assert_uint_eq(bundle->n_bytes, wanted.n);
	ck_assert_mem_eq(bundle->bytes, wanted.data, wanted.n);
	ck_assert(plan.complete);
}
END_TEST

START_TEST(each_authority_gets_a_link_and_a_hash_link)
{
	const struct authorities *set = box_authorities();
	char why[256];

	ck_assert_msg(try_engine(why) == 0, "%s", why);
	for (size_t i = 0; i < set->n; i++) {
		const struct change *link;
		char path[LIMIT_PATH];
		char text[LIMIT_PATH];

		snprintf(path, sizeof(path), "/etc/ssl/certs/anchord-%.16s.pem",
			 set->v[i].fingerprint);
		snprintf(text, sizeof(text), "/usr/local/share/ca-certificates/anchord-%.16s.crt",
			 set->v[i].fingerprint);
		link = changes_find(&plan.changes, path);
		ck_assert_ptr_nonnull(link);
		ck_assert_str_eq(link->target, text);
		snprintf(path, sizeof(path), "/etc/ssl/certs/%08x.0", set->v[i].subject_hash);
		snprintf(text, sizeof(text), "anchord-%.16s.pem", set->v[i].fingerprint);
		link = changes_find(&plan.changes, path);
		ck_assert_ptr_nonnull(link);
		ck_assert_str_eq(link->target, text);
	}
}
END_TEST

/* clang-format off */
static const struct {
	const char *script;
	const char *why; /* words of it; NULL: the engine does it all the same */
} states[] = {
	/* what changes nothing for the tool */
	{"echo x > usr/local/share/ca-certificates/README", NULL},
	{"echo x > etc/ca-certificates/update.d/hook.disabled", NULL},
	{"mkdir etc/ssl/certs/java; echo x > etc/ssl/certs/java/cacerts", NULL},
	{"echo x > etc/ssl/certs/README", NULL},
	{"ln -s README etc/ssl/certs/link; echo x > etc/ssl/certs/README", NULL},
	{"mv etc/ssl/certs etc/pki; ln -s ../pki etc/ssl/certs", NULL},
	{"echo own > etc/ssl/certs/own.pem; ln -s own.pem etc/ssl/certs/33333333.0", NULL},

	/* its sources */
	{"rm etc/ca-certificates.conf", "can't be read"},
	{": > etc/ca-certificates.conf", "is empty"},
	{"printf 'm/A.crt' > etc/ca-certificates.conf", "ordinary"},
	{"printf 'm/A.crt\\r\\n' > etc/ca-certificates.conf", "ordinary"},
	{"printf 'm/A.crt\\0\\n' > etc/ca-certificates.conf", "ordinary"},
	{"printf 'm/\\\\A.crt\\n' > etc/ca-certificates.conf", "ordinary"},
	{"echo ../../../../etc/passwd >> etc/ca-certificates.conf", "ordinary"},
	{"echo m >> etc/ca-certificates.conf", "is no file"},
	{"echo '!m/A.crt' >> etc/ca-certificates.conf", "removes"},
	{"printf '!gone.crt\\n!\\n' >> etc/ca-certificates.conf", "ordinary"},
	{"echo '!gone.crt' >> etc/ca-certificates.conf", NULL},
	{"echo '!A.crt' >> etc/ca-certificates.conf", "removes"},
	{"echo '!x/A.crt/' >> etc/ca-certificates.conf", "ordinary"},
	{"ln -s /usr/local/share/ca-certificates/anchord-0.crt usr/share/ca-certificates/m/C.crt;"
	 "echo m/C.crt >> etc/ca-certificates.conf",
	 "of ours"},
	{"for i in `seq 5000`; do echo m/A.crt; done >> etc/ca-certificates.conf", "more than"},
	{"echo m/C.crt >> etc/ca-certificates.conf; echo x > usr/share/ca-certificates/m/C.crt",
	 "is not linked"},
	{"echo x >> usr/share/ca-certificates/m/A.crt;"
	 "touch -d '-1 day' usr/share/ca-certificates/m/A.crt",
	 "not what the tool would make"},
	{"rm usr/share/ca-certificates/m/A.crt; mkfifo usr/share/ca-certificates/m/A.crt",
	 "is no file"},
	{"truncate -s 3G usr/share/ca-certificates/m/A.crt;"
	 "touch -d '-1 day' usr/share/ca-certificates/m/A.crt",
	 "can't be read"},
	{"echo m/L.crt >> etc/ca-certificates.conf; echo x > usr/share/ca-certificates/m/L.crt",
	 "two certificates are called 'L.pem'"},
	{"mkdir usr/local/share/ca-certificates/d", "ordinary"},
	{"ln -s L.crt usr/local/share/ca-certificates/M.crt", "ordinary"},
	{"touch 'usr/local/share/ca-certificates/a\nb.crt'", "ordinary"},
	{"rm usr/local/share/ca-certificates/L.crt", "leads nowhere"},
	{"rm -r usr/local/share/ca-certificates; touch usr/local/share/ca-certificates", "written"},

	/* its links */
	{"ln -sf /etc/passwd etc/ssl/certs/A.pem", "is not the link"},
	{"rm etc/ssl/certs/A.pem; cp usr/share/ca-certificates/m/A.crt etc/ssl/certs/A.pem",
	 "is not linked"},
	{"rm etc/ssl/certs/11111111.0", "ordinary"},
	{"rm etc/ssl/certs/11111111.1", "hash link"},
	{"rm etc/ssl/certs/*.[01]", "hash link"},
	{"mv etc/ssl/certs/11111111.1 etc/ssl/certs/11111111.2", "ordinary"},
	{"mv etc/ssl/certs/22222222.0 etc/ssl/certs/22222222.00", "ordinary"},
	{"mv etc/ssl/certs/22222222.0 etc/ssl/certs/ABCDEF12.0", "ordinary"},
	{"ln -s A.pem etc/ssl/certs/33333333.0", "hash link"},
	{"ln -s A.pem etc/ssl/certs/33333333.r0", "ordinary"},
	{"echo x > etc/ssl/certs/33333333.0", "ordinary"},
	{"echo own > etc/ssl/certs/own.PEM", "hash link"},
	{"ln -s /nowhere etc/ssl/certs/x", "leads nowhere"},
	{"ln -s x etc/ssl/certs/x", "leads nowhere"},
	{"mkdir etc/ssl/certs/d; ln -s /nowhere etc/ssl/certs/d/x", "ordinary"},
	{"mkdir etc/ssl/certs/d.pem", "ordinary"},
	{"mkdir etc/ssl/certs/d; cd etc/ssl/certs/d; seq -f 'n%g' 5000 | xargs touch", "listed"},
	{"mkfifo etc/ssl/certs/x.pem", "ordinary"},
	{"cd etc/ssl/certs; seq -f 'n%g' 5000 | xargs touch", "can't be listed"},

	{"touch -d '+1 hour' usr/share/ca-certificates/m/A.crt", "newer than its hash link"},
	{"echo own > etc/ssl/certs/own.pem; ln -s own.pem etc/ssl/certs/33333333.0;"
	 "touch -d '+1 hour' etc/ssl/certs/own.pem", "newer than its hash link"},

	/* the bundle */
	{"printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >"
	 "	usr/local/share/ca-certificates/L.crt; touch -d '-1 day' usr/local/share/ca-certificates/L.crt;"
	 "cat usr/share/ca-certificates/m/A.crt usr/share/ca-certificates/m/B.crt >"
	 "	etc/ssl/certs/ca-certificates.crt; echo >> etc/ssl/certs/ca-certificates.crt;"
	 "cat usr/local/share/ca-certificates/L.crt >> etc/ssl/certs/ca-certificates.crt",
	 "single certificate"},
	{"echo >> etc/ssl/certs/ca-certificates.crt", "not what the tool would make"},
	{"rm etc/ssl/certs/ca-certificates.crt", "ordinary"},
	{"rm etc/ssl/certs/ca-certificates.crt; mkfifo etc/ssl/certs/ca-certificates.crt", "ordinary"},
	{"truncate -s 10G etc/ssl/certs/ca-certificates.crt", "can't be read"},
	{"mv etc/ssl/certs/ca-certificates.crt b; ln -s /b etc/ssl/certs/ca-certificates.crt",
	 "ordinary"},
	{"touch etc/ssl/certs/ca-certificates.crt.new", "ordinary"},
	{"chmod g+s etc/ssl/certs", "ordinary"},

	/* what it runs */
	{"rm usr/bin/openssl", "no openssl"},
	{"chmod -x usr/bin/openssl", "no openssl"},
	{"mkdir -p usr/local/bin; cp usr/bin/openssl usr/local/bin", "not the system's"},
	{"mkdir -p usr/local/sbin; ln -s /bin/true usr/local/sbin/sort", "not the system's"},
	{"mkdir -p usr/local/bin; cp usr/bin/openssl usr/local/bin/other", NULL},
	{"rmdir tmp", "no /tmp"},
	{"rmdir tmp; ln -s /nowhere tmp", "no /tmp"},
	{"touch etc/ca-certificates/update.d/hook", "the hook"},
	{"mkdir sbin; touch sbin/restorecon", "restorecon"},
	{"rm -r etc/ca-certificates/update.d; ln -s update.d etc/ca-certificates/update.d",
	 "can't be listed"},
};
/* clang-format on */

static void try_state(size_t i)
{
	char why[256];
	int r;

	run("cd ..; rm -rf r; mkdir r");
	run(make_store);
	run(states[i].script);
	r = try_engine(why);
	ck_assert_msg(r == (states[i].why ? NATIVE_DECLINED : 0), "%s: %d '%s'", states[i].script,
		      r, why);
	if (states[i].why)
		ck_assert_msg(strstr(why, states[i].why) != NULL, "%s: '%s'", states[i].script,
			      why);
}

START_TEST(it_declines_whatever_could_make_the_tool_do_more)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		try_state(i);
}
END_TEST

START_TEST(a_default_acl_of_the_directory_is_the_tools_business)
{
	static const unsigned char acl[] = {2,  0, 0, 0, /* u::rwx g::--- o::--- */
					    1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff,
					    4,  0, 0, 0, 0xff, 0xff, 0xff, 0xff,
					    32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	char why[256];

	ck_assert_int_eq(setxattr(tree_at(&v.t, "r/etc/ssl/certs"), "system.posix_acl_default", acl,
				  sizeof(acl), 0),
			 0);
	ck_assert_int_eq(try_engine(why), NATIVE_DECLINED);
	ck_assert_ptr_nonnull(strstr(why, "default ACL"));
}
END_TEST

START_TEST(a_hash_that_another_certificate_has_is_the_tools_business)
{
	char script[256];
	char why[256];

	snprintf(script, sizeof(script), "mv etc/ssl/certs/22222222.0 etc/ssl/certs/%08x.0",
		 box_authorities()->v[0].subject_hash);
	run(script);
	ck_assert_int_eq(try_engine(why), NATIVE_DECLINED);
	ck_assert_ptr_nonnull(strstr(why, "subject hash"));
}
END_TEST

START_TEST(an_image_that_takes_long_to_look_at_is_the_tools_business)
{
	const struct cacerts_request q = {.strategies = CACERTS_ALL,
					  .rootfs = &v.rootfs,
					  .mounts = &v.mounts,
					  .authorities = box_authorities()};
	struct native n = {.q = &q, .p = &plan, .deadline = 1};
	struct err e = ERR_NONE;
	char why[256];

	try_engine(why); /* opens the view and makes the plan */
	n.fs = v.fs;
	ck_assert_int_eq(native_debian(&n, &e), NATIVE_DECLINED);
	ck_assert_ptr_nonnull(strstr(n.why, "too long"));
}
END_TEST

START_TEST(an_unknown_version_is_run_and_the_report_says_so)
{
	char why[256];

	try_engine(why);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(
					     json_object_get(plan.report, "native"), "declined")),
				     "isn't known"));
}
END_TEST

SUITE("cacerts/native", setup, teardown, the_bundle_is_that_of_all_sources_in_their_order,
      each_authority_gets_a_link_and_a_hash_link, it_declines_whatever_could_make_the_tool_do_more,
      a_default_acl_of_the_directory_is_the_tools_business,
      a_hash_that_another_certificate_has_is_the_tools_business,
      an_image_that_takes_long_to_look_at_is_the_tools_business,
      an_unknown_version_is_run_and_the_report_says_so)
