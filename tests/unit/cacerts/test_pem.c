/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pem.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "cacerts/p11_ours.h"
#include "tests/support/pki.h"
#include "tests/support/suite.h"

static struct authorities *set;
static const struct authority *ours;
static char *other;

static void setup(void)
{
	cleanup_free char *pem = pki_make(PKI_CA, "ours");
	struct err e = ERR_NONE;

	ck_ok(authorities_parse(pem, strlen(pem), "test", &set, &e), e);
	ours = &set->v[0];
	other = pki_make(PKI_CA, "other");
}

static void teardown(void)
{
	authorities_unref(set);
	free(other);
}

/* "O" is ours, "X" another one, "W" ours in long lines, "C" ours with CRLF, "T" the label TRUSTED
 * CERTIFICATE, "5" the label X509 CERTIFICATE, "." a line of comment, "L" and "l" one with the name
 * of ours, which "l" ends with CRLF; others are themselves. */
static char *bundle(const char *shape)
{
	struct buf b = BUF(1 << 20);
	char label[P11_LABEL_MAX + 1];

	ck_assert(p11_label_of(ours, label));
	buf_add(&b, "", 0, NULL);
	for (; *shape; shape++) {
		cleanup_free char *made =
			*shape == 'W'   ? pki_rewrap(ours->pem, 1000, "CERTIFICATE", "\n")
			: *shape == 'C' ? pki_rewrap(ours->pem, 64, "CERTIFICATE", "\r\n")
			: *shape == 'T' ? pki_rewrap(ours->pem, 64, "TRUSTED CERTIFICATE", "\n")
			: *shape == '5' ? pki_rewrap(ours->pem, 64, "X509 CERTIFICATE", "\n")
					: NULL;
		const char *text = made            ? made
				   : *shape == 'O' ? ours->pem
				   : *shape == 'X' ? other
				   : *shape == '.' ? "# a comment\n"
						   : NULL;

		if (text)
			buf_addf(&b, NULL, "%s", text);
		else if (*shape == 'L' || *shape == 'l')
			buf_addf(&b, NULL, "# %s%s\n", label, *shape == 'l' ? "\r" : "");
		else
			buf_add(&b, shape, 1, NULL);
	}
	return buf_take(&b);
}

START_TEST(our_certificate_is_found_in_any_encoding)
{
	static const struct {
		const char *shape;
		size_t n_blocks;
		size_t n_ours;
	} rows[] = {
		{"", 0, 0},     {".", 0, 0},     {"O", 1, 1},     {"X", 1, 0},
		{"OX", 2, 1},   {"XOXO", 4, 2},  {"W", 1, 1},     {"C", 1, 1},
		{"5", 1, 1},    {"T", 1, 1},     {".O.X.", 2, 1}, {"\r\n\r\nO\r\n", 1, 1},
		{"abcO", 1, 1}, {"OWC5X", 5, 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *text = bundle(rows[i].shape);
		struct pem_block block = {0, 0};
		size_t n = 0;

		while (pem_next(text, strlen(text), block.end, &block))
			n++;
		ck_assert_msg(n == rows[i].n_blocks, "'%s': %zu", rows[i].shape, n);
		n = pem_count(text, strlen(text), ours);
		ck_assert_msg(n == rows[i].n_ours, "'%s': %zu", rows[i].shape, n);
		ck_assert(pem_is_only(text, strlen(text), ours) ==
			  (rows[i].n_blocks == 1 && rows[i].n_ours == 1));
	}
}
END_TEST

START_TEST(a_block_reaches_from_its_begin_to_its_line_end)
{
	cleanup_free char *text = bundle(".OX");
	struct pem_block block;

	ck_assert(pem_next(text, strlen(text), 0, &block));
	ck_assert_uint_eq(block.start, strlen("# a comment\n"));
	ck_assert_uint_eq(block.end - block.start, strlen(ours->pem));
	ck_assert(pem_next(text, strlen(text), block.end, &block));
	ck_assert_uint_eq(block.end, strlen(text));
	ck_assert(!pem_next(text, strlen(text), block.end, &block));
}
END_TEST

START_TEST(other_blocks_are_no_certificates)
{
	cleanup_free char *key = pki_key();
	cleanup_buf struct buf text = BUF(1 << 20);
	struct pem_block block;

	buf_addf(&text, NULL,
		 "%s-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
		 "-----END CERTIFICATE REQUEST-----\n",
		 key);
	ck_assert(!pem_next(text.data, text.n, 0, &block));
	buf_addf(&text, NULL, "%s", ours->pem);
	ck_assert(pem_next(text.data, text.n, 0, &block));
	ck_assert_uint_eq(block.end, text.n);
}
END_TEST

START_TEST(stripping_takes_what_we_installed_and_leaves_the_rest)
{
	static const struct {
		const char *shape;
		size_t n;
		const char *rest;
	} rows[] = {
		{"O", 1, ""},       {"XO", 1, "X"},
		{"OX", 1, "X"},     {"X", 1, "X"},
		{"", 1, ""},        {"XO", 0, "XO"},
		{".O.", 1, ".."},   {"OXO", 1, "OX"},
		{"OXO", 2, "X"},    {"OXO", 9, "X"},
		{"OW", 1, "W"},     {"WO", 1, "W"},
		{"WXW", 1, "WX"},   {"XC", 1, "X"},
		{"abcO", 1, "abc"}, {"abcO\nO", 1, "abcO\n"},
		{"OW", 2, ""},      {"LO\nXO", 1, "XO"},
		{"LOO", 1, "O"},    {"lC\r\nXO", 2, "X"},
		{"X\nLO", 1, "X"},  {".O", 1, "."},
		{"OLC", 1, "LC"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *text = bundle(rows[i].shape);
		cleanup_free char *wanted = bundle(rows[i].rest);
		cleanup_buf struct buf rest = BUF(1 << 20);
		struct err e = ERR_NONE;

		ck_ok(pem_strip(text, strlen(text), ours, rows[i].n, &rest, &e), e);
		ck_assert_msg(rest.n == strlen(wanted) &&
				      memcmp(rest.data ? rest.data : "", wanted, rest.n) == 0,
			      "'%s': '%s'", rows[i].shape, rest.data);
	}
}
END_TEST

START_TEST(a_missing_final_newline_stays_missing)
{
	cleanup_free char *text = bundle("OX");
	cleanup_buf struct buf rest = BUF(1 << 20);
	struct err e = ERR_NONE;

	ck_ok(pem_strip(text, strlen(text) - 1, ours, 1, &rest, &e), e);
	ck_assert_uint_eq(rest.n, strlen(other) - 1);
	rest.n = 0;
	ck_ok(pem_strip(ours->pem, strlen(ours->pem) - 1, ours, 1, &rest, &e), e);
	ck_assert_uint_eq(rest.n, 0);
}
END_TEST

START_TEST(nothing_is_an_empty_text)
{
	cleanup_buf struct buf rest = BUF(16);
	struct err e = ERR_NONE;

	ck_assert_uint_eq(pem_count(NULL, 0, ours), 0);
	ck_ok(pem_strip(NULL, 0, ours, 1, &rest, &e), e);
	ck_assert_uint_eq(rest.n, 0);
}
END_TEST

/* Exactly as long as its text, so that ASan sees the first byte too many. */
static void look_at_all(const char *text, size_t n)
{
	cleanup_free char *exact = malloc(n ? n : 1);
	cleanup_buf struct buf rest = BUF(1 << 20);

	memcpy(exact, text, n);
	pem_count(exact, n, ours);
	pem_is_only(exact, n, ours);
	pem_strip(exact, n, ours, 2, &rest, NULL);
	ck_assert_uint_le(rest.n, n);
}

START_TEST(a_cut_off_bundle_is_read_to_its_end)
{
	cleanup_free char *text = bundle("XO");

	for (size_t n = 0; n < strlen(text); n++) {
		look_at_all(text, n);
		look_at_all(text + n, strlen(text) - n);
	}
}
END_TEST

START_TEST(no_mutation_crashes_the_reader)
{
	cleanup_free char *text = bundle(".OWXT");
	size_t n = strlen(text);
	unsigned dice = 1;

	for (int i = 0; i < 4000; i++) {
		size_t at = (dice = dice * 1103515245u + 12345u) / 7 % n;
		char was = text[at];

		text[at] = (char)("-\n\r\0=\x80 B"[dice / 65536 % 8]);
		look_at_all(text, n);
		if (i % 8)
			text[at] = was;
	}
}
END_TEST

START_TEST(a_hostile_bundle_costs_linear_time)
{
	static const char *const parts[] = {"-----BEGIN A", "-----BEGIN CERTIFICATE-----",
					    "-----BEGIN CERTIFICATE-----\n-----END ",
					    "-----BEGIN A-----\n-----END A-----\n",
					    "-----END -----"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
		clock_t began;

		while (text.n < 1 << 20)
			buf_addf(&text, NULL, "%s", parts[i]);
		buf_addf(&text, NULL, "-----END X-----\n");
		began = clock();
		pem_count(text.data, text.n, ours);
		ck_assert_msg(clock() - began < CLOCKS_PER_SEC, "'%s': %ld ms", parts[i],
			      (long)((clock() - began) / 1000));
	}
}
END_TEST

SUITE("cacerts/pem", setup, teardown, our_certificate_is_found_in_any_encoding,
      a_block_reaches_from_its_begin_to_its_line_end, other_blocks_are_no_certificates,
      stripping_takes_what_we_installed_and_leaves_the_rest, a_missing_final_newline_stays_missing,
      nothing_is_an_empty_text, a_cut_off_bundle_is_read_to_its_end, no_mutation_crashes_the_reader,
      a_hostile_bundle_costs_linear_time)
