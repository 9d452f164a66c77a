/* SPDX-License-Identifier: Apache-2.0 */
/* Append, hashed directories, sealed stores, the caller's own variables. */
#include <string.h>
#include <unistd.h>

#include "cacerts/pem.h"
#include "tests/unit/cacerts/planner.h"

#define NIX "/nix/store/aaaa-nss-cacert-3.98/etc/ssl/certs/ca-bundle.crt"

static const char *plan(void)
{
	return planner_make(/* with_helper= */ true);
}

static bool holds_ours(const char *path)
{
	const char *text = planner_bytes(path);

	return pem_count(text, strlen(text), box_ours()) == 1;
}

static const char *strategy_of(const char *path)
{
	const json_t *store;
	size_t i;

	json_array_foreach (json_object_get(planner.plan.report, "stores"), i, store)
		if (strcmp(json_get_string(store, "path"), path) == 0)
			return json_get_string(store, "strategy");
	return "none";
}

START_TEST(a_hashed_directory_gets_entries_where_openssl_has_no_bundle)
{
	tree_dir(&planner.v.t, "r/etc/ssl/certs");
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_dir(&planner.v.t, "r/usr/lib/ssl");
	tree_link(&planner.v.t, "r/usr/lib/ssl/certs", "/etc/ssl/certs");
	plan();
	ck_assert_uint_eq(planner_n_hashed("/etc/ssl/certs"), 2);
}
END_TEST

START_TEST(a_bundle_is_enough_for_openssl_unless_others_use_the_directory)
{
	tree_dir(&planner.v.t, "r/etc/ssl/certs");
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_link(&planner.v.t, "r/etc/ssl/cert.pem", "certs/ca-certificates.crt");
	plan();
	ck_assert_uint_eq(planner_n_hashed("/etc/ssl/certs"), 0);
	tree_link(&planner.v.t, "r/etc/ssl/certs/0a0a0a0a.0", "x.pem");
	plan();
	ck_assert_uint_eq(planner_n_hashed("/etc/ssl/certs"), 2);
}
END_TEST

START_TEST(an_entry_takes_the_first_number_that_is_free)
{
	char path[128];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "r/etc/ssl/certs/%08x.%u", box_ours()->subject_hash,
			 i);
		tree_file(&planner.v.t, path, "another\n");
	}
	plan();
	snprintf(path, sizeof(path), "/etc/ssl/certs/%08x.3", box_ours()->subject_hash);
	ck_assert(holds_ours(path));
}
END_TEST

START_TEST(an_authority_that_is_there_is_not_added_again)
{
	char path[128];

	snprintf(path, sizeof(path), "r/etc/ssl/certs/%08x.0", box_ours()->subject_hash);
	tree_file(&planner.v.t, path, box_ours()->pem);
	tree_file(&planner.v.t, "r/etc/ssl/cert.pem", box_ours()->pem);
	plan();
	ck_assert_uint_eq(planner_n_hashed("/etc/ssl/certs"), 1); /* the other authority's */
	ck_assert(holds_ours("/etc/ssl/cert.pem"));
	ck_assert_str_eq(strategy_of("/etc/ssl/cert.pem"), "append");
	ck_assert(planner.plan.complete);
}
END_TEST

START_TEST(what_is_no_text_is_no_bundle)
{
	tree_file(&planner.v.t, "r/etc/ssl/cert.pem", "");
	ck_assert_int_eq(truncate(tree_at(&planner.v.t, "r/etc/ssl/cert.pem"), 4), 0);
	ck_assert_str_eq(plan(), "");
	planner_expect_skip("not text");
}
END_TEST

START_TEST(a_file_takes_the_place_of_a_link_into_a_sealed_store)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=nixos\n");
	tree_file(&planner.v.t, "r" NIX, "# nix\n");
	tree_link(&planner.v.t, "r" BUNDLE, "/etc/static/ca-certificates.crt");
	tree_link(&planner.v.t, "r/etc/static/ca-certificates.crt", NIX);
	ck_assert_str_eq(plan(), "file " BUNDLE ";");
	ck_assert(holds_ours(BUNDLE));
	ck_assert_int_eq(strncmp(planner_bytes(BUNDLE), "# nix\n", 6), 0);
	ck_assert(planner.plan.complete);
	ck_assert_uint_eq(planner.plan.masked.n, 0);
}
END_TEST

START_TEST(a_sealed_store_behind_a_linked_directory_is_masked)
{
	tree_file(&planner.v.t, "r" NIX, "# nix\n");
	tree_link(&planner.v.t, "r/nix/store/aaaa-nss-cacert-3.98/etc/ssl/cert.pem",
		  "certs/ca-bundle.crt");
	tree_link(&planner.v.t, "r/etc/ssl", "/nix/store/aaaa-nss-cacert-3.98/etc/ssl");
	ck_assert_str_eq(plan(), "");
	ck_assert_str_eq(planner_masks(), NIX ":file /0;");
	ck_assert(planner.plan.complete);
}
END_TEST

START_TEST(a_file_that_a_variable_names_is_a_store)
{
	struct err e = ERR_NONE;

	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_file(&planner.v.t, "r/opt/ca.pem", "# own\n");
	ck_ok(strv_add(&planner.env, "REQUESTS_CA_BUNDLE=/opt/ca.pem", &e), e);
	ck_ok(strv_add(&planner.env, "SSL_CERT_FILE=" BUNDLE, &e), e);
	ck_ok(strv_add(&planner.env, "AWS_CA_BUNDLE=relative", &e), e);
	ck_ok(strv_add(&planner.env, "PIP_CERT=/missing", &e), e);
	plan();
	ck_assert(holds_ours("/opt/ca.pem"));
	ck_assert_str_eq(strategy_of("/opt/ca.pem"), "append");
}
END_TEST

START_TEST(directories_that_a_variable_names_are_hashed_ones)
{
	struct err e = ERR_NONE;

	tree_file(&planner.v.t, "r/etc/ssl/cert.pem", "#\n");
	tree_dir(&planner.v.t, "r/opt/a");
	tree_dir(&planner.v.t, "r/opt/b");
	ck_ok(strv_add(&planner.env, "SSL_CERT_DIR=/opt/a:/nowhere:/opt/b", &e), e);
	plan();
	ck_assert_uint_eq(planner_n_hashed("/opt/a"), 2);
	ck_assert_uint_eq(planner_n_hashed("/opt/b"), 2);
}
END_TEST

static int failing_tool(struct vfs *fs, int *status)
{
	(void)fs;
	*status = 1;
	return 0;
}

START_TEST(where_the_tool_fails_our_certificates_are_appended)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_file(&planner.v.t, "r" BUNDLE, "#\n");
	tree_file(&planner.v.t, "r" TOOL, "#!/bin/sh\n");
	ck_assert_int_eq(chmod(tree_at(&planner.v.t, "r" TOOL), 0755), 0);
	planner.tool = failing_tool;
	plan();
	ck_assert_int_eq(planner.n_calls, 1);
	ck_assert(holds_ours(BUNDLE));
	ck_assert(planner.plan.complete);
	planner_expect_skip("failed with status 1");
}
END_TEST

START_TEST(a_directory_without_a_bundle_gets_both)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r" DROPIN);
	tree_dir(&planner.v.t, "r/etc/ssl/certs");
	ck_assert_str_eq(plan(), "file " BUNDLE ";");
	ck_assert_uint_eq(planner_n_hashed("/etc/ssl/certs"), 2);
}
END_TEST

START_TEST(a_policy_forbids_what_it_does_not_allow)
{
	tree_file(&planner.v.t, "r/etc/os-release", "ID=debian\n");
	tree_dir(&planner.v.t, "r/etc/ssl");
	planner.strategies = 1u << CACERTS_DROPIN | 1u << CACERTS_APPEND;
	plan();
	ck_assert(!planner.plan.complete);
	planner_expect_skip("none may be made");
	planner.strategies = 1u << CACERTS_CREATE;
	ck_assert_str_eq(plan(), "mkdir /etc/ssl/certs;file " BUNDLE ";");
	ck_assert_uint_eq(planner_n_dropins(), 0);
}
END_TEST

START_TEST(a_word_that_is_no_strategy_is_told_with_those_that_are)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(cacerts_strategy_parse("mask", &e), CACERTS_MASK);
	ck_assert_int_lt(cacerts_strategy_parse("maks", &e), 0);
	ck_assert_str_eq(e.msg, "'maks' is no strategy; there are drop-in native helper append "
				"create java mask environment");
}
END_TEST

SUITE("cacerts/plan_append", planner_setup, planner_teardown,
      a_hashed_directory_gets_entries_where_openssl_has_no_bundle,
      a_bundle_is_enough_for_openssl_unless_others_use_the_directory,
      an_entry_takes_the_first_number_that_is_free, an_authority_that_is_there_is_not_added_again,
      what_is_no_text_is_no_bundle, a_file_takes_the_place_of_a_link_into_a_sealed_store,
      a_sealed_store_behind_a_linked_directory_is_masked, a_file_that_a_variable_names_is_a_store,
      directories_that_a_variable_names_are_hashed_ones,
      where_the_tool_fails_our_certificates_are_appended, a_directory_without_a_bundle_gets_both,
      a_policy_forbids_what_it_does_not_allow,
      a_word_that_is_no_strategy_is_told_with_those_that_are)
