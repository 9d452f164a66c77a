/* SPDX-License-Identifier: Apache-2.0 */
/* Labels, names and hashes against what the real p11-kit made of these certificates. */
#include "cacerts/p11_ours.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/support/pki.h"
#include "tests/support/suite.h"

static struct authorities *load(const char *name)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	struct authorities *set;
	struct err e = ERR_NONE;
	char path[400];

	snprintf(path, sizeof(path), VECTORS "/%s.crt", name);
	ck_ok(io_read_file_at(AT_FDCWD, path, &text, &e), e);
	ck_ok(authorities_parse(text.data, text.n, name, &set, &e), e);
	return set;
}

START_TEST(an_authority_has_the_names_that_p11_kit_gives_it)
{
	static const struct {
		const char *file;
		const char *label;
		const char *alias;
		const char *name;
		const char *links[2]; /* in any order */
	} cases[] = {
		{"ours",
		 "Ours Two_x.y-z (test)",
		 "ourstwo_x.y-z(test)",
		 "Ours_Two_x.y-z__test_.pem",
		 {"41225094.0", "7e47cd93.0"}},
		{"ou",
		 "Unit  of two Blanks",
		 "unitoftwoblanks",
		 "Unit__of_two_Blanks.pem",
		 {"171d86d5.0", "aed19e3c.0"}},
		{"o",
		 "Org: a-b_c.d,\"e\"",
		 "org:a-b_c.d,\"e\"",
		 "Org__a-b_c.d__e_.pem",
		 {"1b86d61e.0", "4d3b697e.0"}},
		{"nothing",
		 "certificate",
		 "certificate",
		 "certificate.pem",
		 {"c0fc4e0c.0", "ef7c569b.0"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_authorities struct authorities *set = load(cases[i].file);
		cleanup_p11_ours struct p11_ours ours = {.n = 0};
		struct err e = ERR_NONE;
		const char *why = "";
		size_t first;

		ck_assert_int_eq(p11_ours_make(set, &ours, &why, &e), 0);
		ck_assert_uint_eq(ours.n, 1);
		ck_assert_str_eq(ours.v[0].label, cases[i].label);
		ck_assert_str_eq(ours.v[0].alias, cases[i].alias);
		ck_assert_str_eq(ours.v[0].name, cases[i].name);
		first = strcmp(ours.v[0].links[0], cases[i].links[0]) != 0;
		ck_assert_str_eq(ours.v[0].links[0], cases[i].links[first]);
		ck_assert_str_eq(ours.v[0].links[1], cases[i].links[!first]);
	}
}
END_TEST

START_TEST(what_versions_of_p11_kit_see_differently_is_refused)
{
	static const struct {
		const char *file;
		const char *why;
	} cases[] = {
		{"two-cns", "the subject of an authority is out of the ordinary"},
		{"umlaut", "the subject of an authority is out of the ordinary"},
		{"eku", "an authority is for some purposes only"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_authorities struct authorities *set = load(cases[i].file);
		cleanup_p11_ours struct p11_ours ours = {.n = 0};
		struct err e = ERR_NONE;
		const char *why = "";

		ck_assert_int_eq(p11_ours_make(set, &ours, &why, &e), P11_ODD);
		ck_assert_str_eq(why, cases[i].why);
		ck_assert_uint_eq(ours.n, 0);
	}
}
END_TEST

static int make_pair(const char *a, const char *b, const char **why)
{
	cleanup_free char *first = pki_make(PKI_CA, a);
	cleanup_free char *second = pki_make(PKI_CA, b);
	cleanup_authorities struct authorities *set = NULL;
	cleanup_p11_ours struct p11_ours ours = {.n = 0};
	cleanup_free char *both = NULL;
	struct err e = ERR_NONE;

	ck_assert_int_gt(asprintf(&both, "%s%s", first, second), 0);
	ck_ok(authorities_parse(both, strlen(both), "test", &set, &e), e);
	return p11_ours_make(set, &ours, why, &e);
}

START_TEST(two_of_one_name_are_refused)
{
	const char *why = "";

	ck_assert_int_eq(make_pair("same", "same", &why), P11_ODD);
	ck_assert_int_eq(make_pair("a b", "a_b", &why), P11_ODD); /* one file name */
	ck_assert_int_eq(make_pair("a b", "AB", &why), P11_ODD);  /* one alias */
	ck_assert_str_eq(why, "two authorities have the same name");
	ck_assert_int_eq(make_pair("a", "b", &why), 0);
}
END_TEST

START_TEST(names_that_p11_kit_would_number_clash)
{
	static const struct {
		const char *label;
		enum p11_format format;
		bool clash;
	} cases[] = {
		{"Ours Two_x.y-z (test)", P11_PEM, true},
		{"Ours_Two_x.y-z__test_", P11_PEM, true}, /* one file name */
		{"Ours Two_x.y-z (test", P11_PEM, false},
		{"ourstwo_x.y-z(test)", P11_JKS, true},
		{"ourstwo_x.y-z", P11_JKS, false},
	};
	cleanup_authorities struct authorities *set = load("ours");
	cleanup_p11_ours struct p11_ours ours = {.n = 0};
	struct err e = ERR_NONE;
	const char *why;

	ck_assert_int_eq(p11_ours_make(set, &ours, &why, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct p11_cert cert = {.label = cases[i].label,
					.n_label = strlen(cases[i].label),
					.der = (const unsigned char *)"",
					.n_der = 1};
		const struct p11_certs certs = {.v = &cert, .n = 1};

		ck_assert_msg(p11_ours_clash(&ours, &certs, cases[i].format) == cases[i].clash,
			      "%s", cases[i].label);
	}
}
END_TEST

SUITE("cacerts/p11_ours", NULL, NULL, an_authority_has_the_names_that_p11_kit_gives_it,
      what_versions_of_p11_kit_see_differently_is_refused, two_of_one_name_are_refused,
      names_that_p11_kit_would_number_clash)
