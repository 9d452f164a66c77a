/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pkcs12.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/names.h"
#include "cacerts/pkcs12_file.h"
#include "tests/support/suite.h"
#include "tests/unit/cacerts/vectors.h"

static struct authorities *set;
static char alias[NAMES_ALIAS_SIZE];

static void setup(void)
{
	set = vector_authorities();
	names_alias(&set->v[0], 0, alias);
}

static void teardown(void)
{
	authorities_unref(set);
}

static size_t count(const struct buf *b)
{
	struct err e = ERR_NONE;
	size_t n = 0;

	ck_ok(pkcs12_count(b->data, b->n, set, &n, &e), e);
	return n;
}

static struct buf strip(const struct buf *b)
{
	struct buf rest = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};
	struct err e = ERR_NONE;
	size_t one = 1;
	int r = pkcs12_strip(b->data, b->n, set, &one, &rest, &why, &e);

	ck_assert_msg(r == 0, "%d: %s%s", r, why.text, e.msg);
	return rest;
}

static struct buf add(const struct buf *b)
{
	struct buf more = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};
	struct err e = ERR_NONE;
	int r = pkcs12_add(b->data, b->n, set, 0, &more, &why, &e);

	ck_assert_msg(r == 0, "%d: %s%s", r, why.text, e.msg);
	return more;
}

static struct pkcs12_file parse(const struct buf *b)
{
	struct store_why why = {""};
	struct err e = ERR_NONE;
	struct pkcs12_file f = {0};
	int r = pkcs12_file_parse(b->data, b->n, &f, &why, &e);

	ck_assert_msg(r == 0, "%d: %s%s", r, why.text, e.msg);
	return f;
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_mem_eq(a->data, b->data, a->n);
}

static const char *const all[] = {"plain.p12",     "none.p12",       "mac.p12",     "sha1.p12",
				  "clear-mac.p12", "plain-ours.p12", "mac-ours.p12"};

START_TEST(what_is_read_is_written_byte_by_byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		cleanup_buf struct buf before = vector_read(all[i]);
		cleanup_buf struct buf after = BUF(LIMIT_STORE_FILE);
		cleanup_pkcs12_file struct pkcs12_file f = parse(&before);
		struct store_why why;
		struct err e = ERR_NONE;

		ck_assert_int_eq(pkcs12_file_write(&f, &after, &why, &e), 0);
		assert_same(&after, &before);
	}
}
END_TEST

START_TEST(encrypted_again_it_is_the_same_bytes)
{
	cleanup_buf struct buf before = vector_read("mac.p12");
	cleanup_buf struct buf after = BUF(LIMIT_STORE_FILE);
	cleanup_pkcs12_file struct pkcs12_file f = parse(&before);
	struct store_why why;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < f.n; i++)
		f.v[i].changed = true;
	ck_assert_int_eq(pkcs12_file_write(&f, &after, &why, &e), 0);
	assert_same(&after, &before);
}
END_TEST

START_TEST(adding_and_taking_out_is_identity)
{
	for (size_t i = 0; i < 5; i++) {
		cleanup_buf struct buf before = vector_read(all[i]);
		cleanup_buf struct buf more = add(&before);
		cleanup_buf struct buf again = add(&more);
		cleanup_buf struct buf rest = strip(&more);

		ck_assert_uint_eq(count(&before), 0);
		ck_assert_uint_eq(count(&more), 1);
		assert_same(&again, &more);
		assert_same(&rest, &before);
	}
}
END_TEST

static const struct pkcs12_bag *find(const struct pkcs12_file *f)
{
	for (size_t i = 0; i < f->n_bags; i++)
		if (f->bags[i].cert.n == set->v[0].n_der &&
		    memcmp(f->bags[i].cert.p, set->v[0].der, set->v[0].n_der) == 0)
			return &f->bags[i];
	ck_abort_msg("it isn't there");
}

START_TEST(the_bag_that_we_add_is_the_one_that_keytool_adds)
{
	cleanup_buf struct buf before = vector_read("plain.p12");
	cleanup_buf struct buf after = vector_read("plain-ours.p12");
	cleanup_buf struct buf more = add(&before);
	cleanup_pkcs12_file struct pkcs12_file ours = parse(&more);
	cleanup_pkcs12_file struct pkcs12_file keytools = parse(&after);

	ck_assert(der_equal(find(&ours)->whole, find(&keytools)->whole));
	ck_assert_uint_eq(ours.n, keytools.n);
	ck_assert_uint_eq(more.n, after.n); /* only the order may differ */
}
END_TEST

START_TEST(what_keytool_imported_is_counted_and_taken_out)
{
	static const char *const pairs[][2] = {{"plain.p12", "plain-ours.p12"},
					       {"mac.p12", "mac-ours.p12"},
					       {"sha1.p12", "sha1-ours.p12"}};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cleanup_buf struct buf before = vector_read(pairs[i][0]);
		cleanup_buf struct buf after = vector_read(pairs[i][1]);
		cleanup_buf struct buf rest = strip(&after);
		cleanup_pkcs12_file struct pkcs12_file a = parse(&before);
		cleanup_pkcs12_file struct pkcs12_file b = parse(&rest);

		ck_assert_uint_eq(count(&after), 1);
		ck_assert_uint_eq(count(&rest), 0);
		ck_assert_uint_eq(a.n_bags, b.n_bags);
		ck_assert_uint_eq(a.n, b.n);
	}
}
END_TEST

START_TEST(without_the_trusted_usage_it_is_not_there)
{
	cleanup_buf struct buf b = vector_read("untrusted.p12");

	ck_assert_uint_eq(count(&b), 0);
}
END_TEST

/* clang-format off */
static const struct {
	const char *name;
	const char *why;
} refused[] = {
	{"secret.p12", "password"},
	{"legacy.p12", "too old"},
};
/* clang-format on */

START_TEST(what_cannot_be_read_is_refused_with_a_reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		cleanup_buf struct buf b = vector_read(refused[i].name);
		cleanup_buf struct buf ret = BUF(LIMIT_STORE_FILE);
		struct store_why why = {""};
		struct err e = ERR_NONE;
		size_t one = 1;

		ck_assert(pkcs12_is(b.data, b.n));
		ck_assert_int_eq(pkcs12_add(b.data, b.n, set, 0, &ret, &why, &e), STORE_CANT);
		ck_assert_msg(strstr(why.text, refused[i].why), "%s: %s", refused[i].name,
			      why.text);
		ck_assert_int_eq(pkcs12_strip(b.data, b.n, set, &one, &ret, &why, &e), STORE_CANT);
		ck_assert_uint_eq(ret.n, 0);
		ck_assert_uint_eq(count(&b), 0);
	}
}
END_TEST

/* The MAC's 10000 iterations, in the last bytes of the file. */
START_TEST(iterations_without_end_are_refused_before_any_is_done)
{
	static const char *const many[] = {"\x02\x02\x7f\xff", "\x02\x03\x7f\xff\xff",
					   "\x02\x04\x7f\xff\xff\xff", "\x02\x05\x01\0\0\0\0"};
	cleanup_buf struct buf b = vector_read("clear-mac.p12");
	struct store_why why = {""};
	cleanup_pkcs12_file struct pkcs12_file f = parse(&b);

	ck_assert_mem_eq(b.data + b.n - 4, "\x02\x02\x27\x10", 4);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		unsigned char tail[32];
		struct pkcs12_mac mac = f.mac;
		struct pkcs12_budget budget = {LIMIT_KEY_ITERATIONS};
		size_t n_salt = mac.tail.n - 4;
		size_t n_number = 2 + (size_t)many[i][1];
		cleanup_buf struct buf data = BUF(4096);
		bool is_right;

		memcpy(tail, mac.tail.p, n_salt);
		memcpy(tail + n_salt, many[i], n_number);
		ck_assert_int_eq(der_add(&data, DER_SEQUENCE, mac.algorithm, NULL), 0);
		data.n = 0;
		buf_add(&data, mac.algorithm.p, mac.algorithm.n, NULL);
		der_add(&data, DER_OCTETS, mac.value, NULL);
		der_wrap(&data, 0, DER_SEQUENCE, NULL);
		buf_add(&data, tail, n_salt + n_number, NULL);
		if (i == 3) { /* above all numbers */
			ck_assert(!pkcs12_mac_parse(
				(struct der){(unsigned char *)data.data, data.n}, &mac));
			continue;
		}
		ck_assert(pkcs12_mac_parse((struct der){(unsigned char *)data.data, data.n}, &mac));
		ck_assert_int_eq(
			pkcs12_mac_check(&mac, f.text, "changeit", &budget, &is_right, &why, NULL),
			i == 0 ? 0 : STORE_CANT);
		if (i > 0)
			ck_assert_msg(strstr(why.text, "iterations"), "%s", why.text);
	}
}
END_TEST

/* clang-format off */
#define SALT "\x04\x01s"
static const struct {
	const char *algorithm;
	size_t n;
} schemes[] = { /* content of an AlgorithmIdentifier: what would cost too much, or isn't known */
#define ROW(text) {text, sizeof(text) - 1}
	ROW("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03" "\x30\x09" SALT "\x02\x04\x7f\xff\xff\xff"),
	ROW("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03" "\x30\x06" SALT "\x02\x01\x00"), /* none */
	ROW("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x01" "\x30\x06" SALT "\x02\x01\x01"), /* RC4 */
	ROW("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03" "\x30\x06" SALT "\x02\x01\x01"), /* MD5, DES */
	/* PBES2 with scrypt, which may ask for memory */
	ROW("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d" "\x30\x36"
	    "\x30\x15\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b" "\x30\x08" SALT "\x02\x03\x10\x00\x00"
	    "\x30\x1d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a\x04\x10" "0123456789abcdef"),
	ROW(""),
	ROW("\x05\x00"),
#undef ROW
};
/* clang-format on */

START_TEST(encryption_that_costs_too_much_or_is_not_known_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		const struct der algorithm = {(const unsigned char *)schemes[i].algorithm,
					      schemes[i].n};
		struct pkcs12_budget budget = {LIMIT_KEY_ITERATIONS};
		cleanup_buf struct buf ret = BUF(4096);
		struct store_why why = {""};

		ck_assert_int_eq(pkcs12_crypt(algorithm, algorithm, "changeit", false, &budget,
					      &ret, &why, NULL),
				 STORE_CANT);
		ck_assert_msg(strstr(why.text, "iterations") || strstr(why.text, "isn't known"),
			      "%zu: %s", i, why.text);
		ck_assert_uint_eq(budget.left, LIMIT_KEY_ITERATIONS);
	}
}
END_TEST

/* Exactly sized, so that the sanitizer sees a step too far. */
static void try_bytes(const char *bytes, size_t n)
{
	cleanup_free char *copy = malloc(n ? n : 1);
	cleanup_buf struct buf more = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf rest = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};
	struct err e = ERR_NONE;
	size_t one = 1;
	int r;

	memcpy(copy, bytes, n);
	pkcs12_is(copy, n);
	r = pkcs12_add(copy, n, set, 0, &more, &why, &e);
	ck_assert_msg(r >= 0, "%s", e.msg);
	if (r == 0 && more.n > n) {
		ck_assert_int_eq(pkcs12_strip(more.data, more.n, set, &one, &rest, &why, &e), 0);
		ck_assert_uint_eq(rest.n, n);
		ck_assert_mem_eq(rest.data, copy, n);
	}
}

START_TEST(cut_or_damaged_it_is_refused_or_comes_back_as_it_was)
{
	cleanup_buf struct buf plain = vector_read("plain-ours.p12");
	cleanup_buf struct buf mac = vector_read("mac.p12");

	for (size_t n = 0; n < plain.n; n++)
		try_bytes(plain.data, n);
	for (size_t i = 0; i < plain.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			plain.data[i] ^= (char)(1 << bit);
			try_bytes(plain.data, plain.n);
			plain.data[i] ^= (char)(1 << bit);
		}
	for (size_t n = 0; n < mac.n; n += 7)
		try_bytes(mac.data, n);
	for (size_t i = 0; i < mac.n; i += 31) { /* each one derives three keys */
		mac.data[i] ^= 0x40;
		try_bytes(mac.data, mac.n);
		mac.data[i] ^= 0x40;
	}
}
END_TEST

START_TEST(a_length_without_end_is_recognized_and_refused)
{
	static const char ber[] = "\x30\x80\x02\x01\x03\x30\x80\x06\x09";
	cleanup_buf struct buf ret = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};

	ck_assert(pkcs12_is(ber, sizeof(ber) - 1));
	ck_assert_int_eq(pkcs12_add(ber, sizeof(ber) - 1, set, 0, &ret, &why, NULL), STORE_CANT);
	ck_assert_msg(strstr(why.text, "DER"), "%s", why.text);
}
END_TEST

SUITE("cacerts/pkcs12", setup, teardown, what_is_read_is_written_byte_by_byte,
      encrypted_again_it_is_the_same_bytes, adding_and_taking_out_is_identity,
      the_bag_that_we_add_is_the_one_that_keytool_adds,
      what_keytool_imported_is_counted_and_taken_out, without_the_trusted_usage_it_is_not_there,
      what_cannot_be_read_is_refused_with_a_reason,
      iterations_without_end_are_refused_before_any_is_done,
      encryption_that_costs_too_much_or_is_not_known_is_refused,
      cut_or_damaged_it_is_refused_or_comes_back_as_it_was,
      a_length_without_end_is_recognized_and_refused)
