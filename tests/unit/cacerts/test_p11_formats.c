/* SPDX-License-Identifier: Apache-2.0 */
/* Against what the real p11-kit made (vectors/p11-kit/README.md). */
#include "cacerts/p11_formats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "cacerts/p11_ours.h"
#include "cacerts/store_format.h"
#include "tests/support/suite.h"

static const struct {
	const char *suffix;
	struct p11_style style;
} files[] = {
	{"pem", {.format = P11_PEM, .comments = true}},
	{"plain", {.format = P11_PEM}},
	{"trusted", {.format = P11_TRUSTED, .comments = true}},
	{"jks", {.format = P11_JKS}},
	{"edk2", {.format = P11_EDK2}},
};

static struct authorities *set;
static struct p11_ours ours;

static struct buf vector(const char *name, const char *suffix)
{
	struct buf text = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;
	char path[400];

	snprintf(path, sizeof(path), VECTORS "/%s.%s", name, suffix);
	ck_ok(io_read_file_at(AT_FDCWD, path, &text, &e), e);
	return text;
}

static void setup(void)
{
	cleanup_buf struct buf text = vector("ours", "crt");
	struct err e = ERR_NONE;
	const char *why = "";

	ck_ok(authorities_parse(text.data, text.n, "test", &set, &e), e);
	ck_assert_int_eq(p11_ours_make(set, &ours, &why, &e), 0);
}

static void teardown(void)
{
	p11_ours_done(&ours);
	authorities_unref(set);
}

static void assert_same(const struct buf *a, const struct buf *b, const char *what)
{
	ck_assert_msg(a->n == b->n && memcmp(a->data, b->data, a->n) == 0, "%s differs", what);
}

static size_t count_ours(const struct buf *text)
{
	struct err e = ERR_NONE;
	size_t n = 0;

	ck_ok(store_format_of(text->data, text->n)->count(text->data, text->n, set, &n, &e), e);
	return n;
}

/* Of the set's only authority, one. */
static int strip_ours(const struct buf *text, struct buf *ret)
{
	const size_t one = 1;
	struct err e = ERR_NONE;
	struct store_why why;
	int r = store_format_of(text->data, text->n)
			->strip(text->data, text->n, set, &one, ret, &why, &e);

	ck_ok(r, e);
	return r;
}

START_TEST(what_p11_kit_wrote_is_written_the_same_again)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_buf struct buf text = vector("before", files[i].suffix);
		cleanup_buf struct buf again = BUF(LIMIT_STORE_FILE);
		cleanup_p11_certs struct p11_certs certs = {.n = 0};
		struct p11_style style = files[i].style;
		struct err e = ERR_NONE;

		ck_assert_int_eq(p11_parse(text.data, text.n, &style, &certs, &e), 0);
		ck_assert_uint_eq(certs.n, 3);
		ck_ok(p11_write(&certs, &style, &again, &e), e);
		assert_same(&text, &again, files[i].suffix);
	}
}
END_TEST

START_TEST(with_ours_before_it_is_what_p11_kit_makes_with_our_anchor)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_buf struct buf before = vector("before", files[i].suffix);
		cleanup_buf struct buf after = vector("after", files[i].suffix);
		cleanup_buf struct buf made = BUF(LIMIT_STORE_FILE);
		cleanup_p11_certs struct p11_certs theirs = {.n = 0};
		cleanup_p11_certs struct p11_certs all = {.n = 0};
		struct p11_style style = files[i].style;
		struct err e = ERR_NONE;

		ck_assert_int_eq(p11_parse(before.data, before.n, &style, &theirs, &e), 0);
		ck_assert(!p11_ours_clash(&ours, &theirs, style.format));
		ck_ok(p11_put_before(&ours, &theirs, style.format, &all, &e), e);
		ck_ok(p11_write(&all, &style, &made, &e), e);
		assert_same(&after, &made, files[i].suffix);
	}
}
END_TEST

START_TEST(without_ours_it_is_what_it_was)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_buf struct buf before = vector("before", files[i].suffix);
		cleanup_buf struct buf after = vector("after", files[i].suffix);
		cleanup_buf struct buf made = BUF(LIMIT_STORE_FILE);

		ck_assert_uint_eq(count_ours(&before), 0);
		ck_assert_uint_eq(count_ours(&after), 1);
		ck_assert_int_eq(strip_ours(&after, &made), 0);
		assert_same(&before, &made, files[i].suffix);
	}
}
END_TEST

START_TEST(the_one_in_the_middle_or_at_the_end_leaves_no_gap)
{
	for (size_t at = 0; at < 4; at++) {
		cleanup_buf struct buf before = vector("before", "trusted");
		cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
		cleanup_buf struct buf made = BUF(LIMIT_STORE_FILE);
		cleanup_p11_certs struct p11_certs theirs = {.n = 0};
		cleanup_p11_certs struct p11_certs all = {.n = 0};
		struct p11_style style = {.format = P11_TRUSTED, .comments = true};
		const struct p11_cert our = p11_our_cert(&ours.v[0], P11_TRUSTED);
		struct err e = ERR_NONE;

		ck_assert_int_eq(p11_parse(before.data, before.n, &style, &theirs, &e), 0);
		for (size_t i = 0; i <= theirs.n; i++) {
			if (i == at)
				ck_ok(p11_certs_add(&all, &our, &e), e);
			if (i < theirs.n)
				ck_ok(p11_certs_add(&all, &theirs.v[i], &e), e);
		}
		ck_ok(p11_write(&all, &style, &text, &e), e);
		ck_assert_int_eq(strip_ours(&text, &made), 0);
		assert_same(&before, &made, "trusted");
	}
}
END_TEST

START_TEST(a_comment_of_the_users_stays)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf made = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;

	ck_ok(buf_addf(&text, &e, "# mine\n%s", set->v[0].pem), e);
	ck_assert_int_eq(strip_ours(&text, &made), 0);
	ck_assert_str_eq(made.data, "# mine\n");
}
END_TEST

START_TEST(what_is_cut_anywhere_is_not_p11_kits)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_buf struct buf text = vector("before", files[i].suffix);

		for (size_t n = 1; n < text.n; n += 7) {
			cleanup_free char *cut = malloc(n);
			cleanup_buf struct buf again = BUF(LIMIT_STORE_FILE);
			cleanup_p11_certs struct p11_certs certs = {.n = 0};
			struct p11_style style = files[i].style;
			struct err e = ERR_NONE;
			int r;

			memcpy(cut, text.data, n);
			r = p11_parse(cut, n, &style, &certs, &e);
			ck_ok(r, e);
			if (r == 0)
				ck_ok(p11_write(&certs, &style, &again, &e), e);
			ck_assert(r == P11_OTHER || again.n != n ||
				  memcmp(again.data ? again.data : "", cut, n) != 0 || certs.n < 3);
			count_ours(&(struct buf){.data = cut, .n = n});
		}
	}
}
END_TEST

START_TEST(a_keystore_of_another_password_is_left_alone)
{
	cleanup_buf struct buf text = vector("after", "jks");
	cleanup_buf struct buf made = BUF(LIMIT_STORE_FILE);

	text.data[text.n - 1] ^= 1;
	ck_assert_int_eq(strip_ours(&text, &made), STORE_CANT);
}
END_TEST

START_TEST(what_a_certificate_is_trusted_for_is_in_its_aux)
{
	/* SEQUENCE { [trust SEQUENCE OF OID], [reject [0]], alias }, as p11-kit writes it */
	static const struct {
		const char *aux;
		size_t n;
		bool any;
		bool server;
		bool mail;
	} cases[] = {
		{"\x30\x03\x0c\x01x", 5, true, true, true}, /* nothing said: for all */
		{"\x30\x0f\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x0c\x01x", 17, true,
		 true, false},
		{"\x30\x0f\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04\x0c\x01x", 17, true,
		 false, true},
		{"\x30\x05\x30\x00\x0c\x01x", 7, false, false, false}, /* nobody vouches for it */
		{"\x30\x0f\xa0\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x0c\x01x", 17, false,
		 false, false},
		{"", 0, false, false, false},
		{"\x30\x7f", 2, false, false, false},
		{"\x30\x85\x01\x01\x01\x01\x01", 7, false, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct p11_cert cert = {.aux = (const unsigned char *)cases[i].aux,
					      .n_aux = cases[i].n};

		ck_assert_msg(p11_is_trusted_for(&cert, P11_ANY) == cases[i].any &&
				      p11_is_trusted_for(&cert, P11_SERVER) == cases[i].server &&
				      p11_is_trusted_for(&cert, P11_MAIL) == cases[i].mail,
			      "case %zu", i);
	}
}
END_TEST

SUITE("cacerts/p11_formats", setup, teardown, what_p11_kit_wrote_is_written_the_same_again,
      with_ours_before_it_is_what_p11_kit_makes_with_our_anchor, without_ours_it_is_what_it_was,
      the_one_in_the_middle_or_at_the_end_leaves_no_gap, a_comment_of_the_users_stays,
      what_is_cut_anywhere_is_not_p11_kits, a_keystore_of_another_password_is_left_alone,
      what_a_certificate_is_trusted_for_is_in_its_aux)
