/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cacerts/pem.h"
#include "tests/unit/cacerts/planner.h"

#define ALONE DROPIN "/.anchord-authorities.pem"

static void setup(void)
{
	planner_setup();
	planner.strategies = CACERTS_ALL;
}

static void set(const char *variable)
{
	struct err e = ERR_NONE;

	ck_ok(strv_add(&planner.env, variable, &e), e);
}

static void plan(void)
{
	planner_make(/* with_helper= */ true);
}

static const char *value(const char *name)
{
	const char *found = strv_value(&planner.plan.env, name);

	return found ? found : "unset";
}

static void make_debian(void)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	tree_file(&planner.v.t, "r" BUNDLE, "# the distribution's\n");
}

START_TEST(what_extends_gets_ours_alone_and_what_replaces_gets_the_bundle)
{
	make_debian();
	plan();
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), ALONE);
	ck_assert_str_eq(value("DENO_CERT"), ALONE);
	ck_assert_str_eq(value("REQUESTS_CA_BUNDLE"), BUNDLE);
	ck_assert_str_eq(value("SSL_CERT_FILE"), BUNDLE);
	ck_assert_uint_eq(pem_count(planner_bytes(ALONE), strlen(planner_bytes(ALONE)), box_ours()),
			  1);
	ck_assert_ptr_null(strstr(planner_bytes(ALONE), "distribution"));
}
END_TEST

START_TEST(what_the_caller_has_set_stays_and_the_report_says_so)
{
	cleanup_free char *text = NULL;

	make_debian();
	set("NODE_EXTRA_CA_CERTS=/own.pem");
	set("CURL_CA_BUNDLE=/own.pem");
	set("SSL_CERT_DIR=/own");
	plan();
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), "unset");
	ck_assert_str_eq(value("REQUESTS_CA_BUNDLE"), "unset"); /* requests reads CURL's, too */
	ck_assert_str_eq(value("SSL_CERT_FILE"), "unset");
	ck_assert_str_eq(value("AWS_CA_BUNDLE"), BUNDLE);
	text = json_line(json_object_get(planner.plan.report, "environment"));
	ck_assert_ptr_nonnull(strstr(text, "the caller has set CURL_CA_BUNDLE"));
}
END_TEST

START_TEST(a_bundle_of_ours_alone_replaces_nobodys_own)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	plan();
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), ALONE);
	ck_assert_str_eq(value("REQUESTS_CA_BUNDLE"), "unset");
	ck_assert_str_eq(value("SSL_CERT_FILE"), "unset");
}
END_TEST

START_TEST(an_image_with_nothing_at_all_gets_ours_by_variables)
{
	plan();
	ck_assert_str_eq(value("SSL_CERT_FILE"), ALONE);
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), ALONE);
	ck_assert_str_eq(value("REQUESTS_CA_BUNDLE"), "unset");
	ck_assert(!planner.plan.complete);
}
END_TEST

START_TEST(a_bundle_that_could_not_be_installed_is_not_hidden)
{
	tree_fifo(&planner.v.t, "r/etc/ssl/cert.pem");
	plan();
	ck_assert_str_eq(value("SSL_CERT_FILE"), "unset");
}
END_TEST

START_TEST(one_file_with_all_authorities_is_enough)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=fedora\n");
	tree_file(&planner.v.t, "r/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "#\n");
	plan();
	ck_assert_int_eq(strncmp(value("NODE_EXTRA_CA_CERTS"),
				 "/etc/pki/ca-trust/source/anchors/anchord-", 41),
			 0);
	ck_assert_str_eq(value("SSL_CERT_FILE"),
			 "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
}
END_TEST

START_TEST(on_a_read_only_rootfs_variables_name_what_is_masked)
{
	make_debian();
	mount_specs_done(&planner.v.rootfs);
	planner.v.rootfs = (struct mount_specs){.n = 0};
	view_rootfs(&planner.v, "bind", "@/r", "rbind,ro");
	plan();
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), ALONE);
	ck_assert_str_eq(value("SSL_CERT_FILE"), BUNDLE);
	ck_assert_int_eq(rmdir(tree_at(&planner.v.t, "r" DROPIN)), 0);
	plan();
	ck_assert_str_eq(value("NODE_EXTRA_CA_CERTS"), "unset"); /* no place for the file */
}
END_TEST

START_TEST(a_policy_can_leave_the_environment_alone)
{
	make_debian();
	planner.strategies &= ~(1u << CACERTS_ENVIRONMENT);
	plan();
	ck_assert_uint_eq(planner.plan.env.n, 0);
	ck_assert_ptr_null(changes_find(&planner.plan.changes, ALONE));
}
END_TEST

SUITE("cacerts/plan_environment", setup, planner_teardown,
      what_extends_gets_ours_alone_and_what_replaces_gets_the_bundle,
      what_the_caller_has_set_stays_and_the_report_says_so,
      a_bundle_of_ours_alone_replaces_nobodys_own,
      an_image_with_nothing_at_all_gets_ours_by_variables,
      a_bundle_that_could_not_be_installed_is_not_hidden, one_file_with_all_authorities_is_enough,
      on_a_read_only_rootfs_variables_name_what_is_masked, a_policy_can_leave_the_environment_alone)
