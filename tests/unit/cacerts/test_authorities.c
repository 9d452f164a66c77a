/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/authorities.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "tests/support/pki.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree t;
static struct authorities *set;
static char *one;
static char *two;

static void setup(void)
{
	tree_init(&t);
	one = pki_make(PKI_CA, "one");
	two = pki_make(PKI_CA, "two");
	set = NULL;
}

static void teardown(void)
{
	authorities_unref(set);
	free(one);
	free(two);
	tree_done(&t);
}

static void file(const char *name, const char *a, const char *b)
{
	cleanup_buf struct buf text = BUF(8 << 20);

	buf_addf(&text, NULL, "%s%s", a, b);
	tree_file(&t, name, text.data);
}

static void load(size_t n, size_t n_warnings)
{
	struct err e = ERR_NONE;

	set = authorities_unref(set);
	alarm(10); /* a file that blocks must not hang the suite */
	ck_ok(authorities_load(t.path, &set, &e), e);
	alarm(0);
	for (size_t i = 0; i < set->warnings.n && set->warnings.n != n_warnings; i++)
		printf("%s\n", set->warnings.v[i]);
	ck_assert_uint_eq(set->n, n);
	ck_assert_uint_eq(set->warnings.n, n_warnings);
	for (size_t i = 1; i < set->n; i++)
		ck_assert_str_lt(set->v[i - 1].fingerprint, set->v[i].fingerprint);
}

static void expect_warning(const char *file_name, const char *words)
{
	for (size_t i = 0; i < set->warnings.n; i++)
		if (strstr(set->warnings.v[i], file_name) && strstr(set->warnings.v[i], words))
			return;
	ck_abort_msg("no warning about %s: %s", file_name, words);
}

START_TEST(a_missing_directory_is_an_empty_set)
{
	struct err e = ERR_NONE;

	ck_ok(authorities_load(tree_at(&t, "missing"), &set, &e), e);
	ck_assert_uint_eq(set->n, 0);
	ck_assert_uint_eq(set->warnings.n, 0);
	load(0, 0);
}
END_TEST

START_TEST(a_path_that_is_no_directory_is_an_error)
{
	struct err e = ERR_NONE;

	tree_file(&t, "file", "x");
	ck_assert_int_eq(authorities_load(tree_at(&t, "file"), &set, &e), -ENOTDIR);
	ck_assert_ptr_null(set);
	ck_assert_ptr_nonnull(strstr(e.msg, tree_at(&t, "file")));
}
END_TEST

START_TEST(a_file_may_hold_several_pem_certificates_and_text_between_them)
{
	file("a.pem", "# the first\n", one);
	file("b.pem", "-- text --\n", two);
	load(2, 0);
	tree_wipe(&t);
	tree_init(&t);
	file("both.pem", one, two);
	load(2, 0);
	ck_assert_str_eq(set->v[0].file, "both.pem");
}
END_TEST

START_TEST(a_file_may_hold_one_der_certificate)
{
	size_t n;
	cleanup_free unsigned char *der = pki_der(one, &n);
	cleanup_fclose FILE *f = NULL;

	tree_file(&t, "one.der", "");
	f = fopen(tree_at(&t, "one.der"), "we");
	ck_assert_uint_eq(fwrite(der, 1, n, f), n);
	fflush(f);
	load(1, 0);
	ck_assert_uint_eq(set->v[0].n_der, n);
	ck_assert_mem_eq(set->v[0].der, der, n);
	ck_assert_str_eq(set->v[0].pem, one);
	ck_assert_uint_eq(strlen(set->v[0].fingerprint), 64);
	ck_assert_ptr_nonnull(strstr(set->v[0].subject, "one"));
	ck_assert_int_gt(set->v[0].not_after, time(NULL));
}
END_TEST

START_TEST(another_encoding_of_a_certificate_is_the_same_authority)
{
	cleanup_free char *wide = pki_rewrap(one, 1000, "CERTIFICATE", "\r\n");
	cleanup_free char *narrow = pki_rewrap(one, 16, "X509 CERTIFICATE", "\n");

	file("a.pem", one, "");
	file("b.pem", narrow, one);
	file("c.pem", wide, two);
	load(2, 0);
	ck_assert(strcmp(set->v[0].pem, one) == 0 || strcmp(set->v[1].pem, one) == 0);
}
END_TEST

START_TEST(what_is_no_authority_is_refused_with_a_reason)
{
	cleanup_free char *key = pki_key();
	cleanup_free char *leaf = pki_make(PKI_LEAF, "leaf");
	cleanup_free char *cut = strndup(two, strlen(two) - 40);
	cleanup_free char *expired = pki_make(PKI_EXPIRED, "expired");

	file("empty.pem", "", "");
	file("garbage.pem", "not a certificate\n", "");
	file("der-like.pem", "0\x82\x01garbage", "");
	file("key.pem", key, one);
	file("leaf.pem", leaf, "");
	file("half.pem", one, cut);
	file("good.pem", two, "");
	file("expired.pem", expired, "");
	load(2, 7);
	expect_warning("empty.pem", "no certificate");
	expect_warning("garbage.pem", "no certificate");
	expect_warning("der-like.pem", "neither PEM nor");
	expect_warning("key.pem", "private key");
	expect_warning("leaf.pem", "CA");
	expect_warning("half.pem", "damaged");
	expect_warning("expired.pem", "expired");
}
END_TEST

START_TEST(a_refused_file_is_refused_as_a_whole)
{
	cleanup_free char *leaf = pki_make(PKI_LEAF, "leaf");

	file("mixed.pem", one, leaf);
	load(0, 1);
}
END_TEST

START_TEST(a_self_signed_certificate_of_version_1_is_an_authority)
{
	cleanup_free char *v1 = pki_make(PKI_V1, "old root");

	file("v1.pem", v1, "");
	load(1, 0);
}
END_TEST

START_TEST(an_oversized_file_is_refused)
{
	cleanup_buf struct buf text = BUF(8 << 20);

	while (text.n <= LIMIT_AUTHORITY_FILE)
		buf_addf(&text, NULL, "%s", one);
	file("large.pem", text.data, "");
	file("good.pem", two, "");
	load(1, 1);
	expect_warning("large.pem", "");
}
END_TEST

START_TEST(too_many_authorities_are_an_error)
{
	struct err e = ERR_NONE;
	char name[32];

	for (int i = 0; i <= LIMIT_AUTHORITIES; i++) {
		cleanup_free char *pem = pki_make(PKI_CA, "one of many");

		snprintf(name, sizeof(name), "%d.pem", i);
		file(name, pem, "");
	}
	ck_assert_int_eq(authorities_load(t.path, &set, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_int_eq(remove(tree_at(&t, name)), 0);
	load(LIMIT_AUTHORITIES, 0);
}
END_TEST

START_TEST(some_names_are_not_looked_at)
{
	file(".hidden.pem", one, "");
	file("backup.pem~", one, "");
	file("half-copied.tmp", one, "");
	tree_dir(&t, "directory.pem");
	load(0, 0);
}
END_TEST

START_TEST(links_are_followed_and_special_files_do_not_block)
{
	file(".data", one, "");
	tree_link(&t, "link.pem", ".data");
	tree_link(&t, "dangling.pem", "nowhere");
	tree_fifo(&t, "fifo.pem");
	tree_link(&t, "loop.pem", "loop.pem");
	tree_link(&t, "zero.pem", "/dev/zero");
	load(1, 4);
	ck_assert_str_eq(set->v[0].file, "link.pem");
	expect_warning("fifo.pem", "not a regular file");
	expect_warning("zero.pem", "not a regular file");
}
END_TEST

START_TEST(any_file_name_and_any_subject_shows_in_the_document)
{
	static const char *const names[] = {"with space.pem", "\xc3\xa4.pem", "\xff\xfe.pem",
					    "quote\"\\.pem", "line\nend.pem"};
	cleanup_json json_t *j = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *pem = pki_make(PKI_CA, "\xc3\x84rger \xe2\x82\xac\n\x1b[1m");

		file(names[i], pem, "");
	}
	file("refused \xff\n.pem", "", "");
	load(ARRAY_SIZE(names), 1);
	expect_warning("refused%20%FF%0A.pem", "no certificate");
	j = authorities_json(set);
	ck_assert_uint_eq(json_array_size(j), ARRAY_SIZE(names));
	for (size_t i = 0; i < json_array_size(j); i++) {
		const char *subject =
			json_string_value(json_object_get(json_array_get(j, i), "subject"));

		ck_assert_ptr_nonnull(subject);
		for (; *subject; subject++)
			ck_assert_msg(*subject >= ' ', "a subject drives the terminal");
		ck_assert_ptr_nonnull(json_object_get(json_array_get(j, i), "file"));
	}
}
END_TEST

START_TEST(a_set_from_text_is_all_or_nothing)
{
	cleanup_free char *leaf = pki_make(PKI_LEAF, "leaf");
	cleanup_buf struct buf text = BUF(1 << 20);
	struct err e = ERR_NONE;

	buf_addf(&text, NULL, "%s%s", one, two);
	ck_ok(authorities_parse(text.data, text.n, "journal", &set, &e), e);
	ck_assert_uint_eq(set->n, 2);
	ck_assert_str_eq(set->v[0].file, "journal");
	set = authorities_unref(set);
	buf_addf(&text, NULL, "%s", leaf);
	ck_assert_int_eq(authorities_parse(text.data, text.n, "journal", &set, &e), -EINVAL);
	ck_assert_int_eq(e.kind, ERR_INVALID);
	ck_assert_ptr_null(set);
}
END_TEST

START_TEST(a_set_lives_until_its_last_reference_goes)
{
	struct authorities *a = authorities_new();

	ck_assert_ptr_eq(authorities_ref(a), a);
	ck_assert_ptr_null(authorities_unref(a));
	ck_assert_uint_eq(a->n, 0);
	authorities_unref(a);
	ck_assert_ptr_null(authorities_unref(NULL));
}
END_TEST

START_TEST(no_mutation_crashes_the_reader)
{
	size_t n_der;
	cleanup_free unsigned char *der = pki_der(one, &n_der);
	unsigned dice = 1;

	for (int i = 0; i < 3000; i++) {
		size_t at = (dice = dice * 1103515245u + 12345u) / 7 % n_der;
		struct authorities *a = NULL;
		unsigned char was = der[at];

		der[at] ^= (unsigned char)(1 << dice / 65536 % 8);
		if (authorities_parse((const char *)der, i % 5 ? n_der : at, "x", &a, NULL) == 0)
			authorities_unref(a);
		if (i % 4)
			der[at] = was;
	}
}
END_TEST

SUITE("cacerts/authorities", setup, teardown, a_missing_directory_is_an_empty_set,
      a_path_that_is_no_directory_is_an_error,
      a_file_may_hold_several_pem_certificates_and_text_between_them,
      a_file_may_hold_one_der_certificate, another_encoding_of_a_certificate_is_the_same_authority,
      what_is_no_authority_is_refused_with_a_reason, a_refused_file_is_refused_as_a_whole,
      a_self_signed_certificate_of_version_1_is_an_authority, an_oversized_file_is_refused,
      too_many_authorities_are_an_error, some_names_are_not_looked_at,
      links_are_followed_and_special_files_do_not_block,
      any_file_name_and_any_subject_shows_in_the_document, a_set_from_text_is_all_or_nothing,
      a_set_lives_until_its_last_reference_goes, no_mutation_crashes_the_reader)
