/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/jks.h"

#include <string.h>

#include "base/limits.h"
#include "cacerts/java_order.h"
#include "cacerts/names.h"
#include "tests/support/suite.h"
#include "tests/unit/cacerts/vectors.h"

enum { TIME_SIZE = 8, DIGEST_SIZE = 20 };

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

	ck_ok(jks_count(b->data, b->n, set, &n, &e), e);
	return n;
}

static struct buf strip(const struct buf *b)
{
	struct buf rest = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;
	struct store_why why;
	size_t one = 1;

	ck_assert_int_eq(jks_strip(b->data, b->n, set, &one, &rest, &why, &e), 0);
	return rest;
}

static struct buf add(const struct buf *b)
{
	struct buf more = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;
	struct store_why why;

	ck_assert_int_eq(jks_add(b->data, b->n, set, 1234567890123, &more, &why, &e), 0);
	return more;
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_mem_eq(a->data, b->data, a->n);
}

static struct jks parse(const struct buf *b)
{
	struct err e = ERR_NONE;
	struct store_why why = {""};
	struct jks j = {0};
	int r = jks_parse(b->data, b->n, &j, &why, &e);

	ck_assert_msg(r == 0, "%d: %s%s", r, why.text, e.msg);
	return j;
}

START_TEST(what_keytool_imported_is_counted_and_taken_out)
{
	cleanup_buf struct buf before = vector_read("two.jks");
	cleanup_buf struct buf after = vector_read("two-ours.jks");
	cleanup_buf struct buf rest = strip(&after);

	ck_assert_uint_eq(count(&before), 0);
	ck_assert_uint_eq(count(&after), 1);
	assert_same(&rest, &before);
}
END_TEST

START_TEST(what_we_add_is_what_keytool_imports_but_for_the_order_and_the_time)
{
	cleanup_buf struct buf before = vector_read("two.jks");
	cleanup_buf struct buf after = vector_read("two-ours.jks");
	cleanup_buf struct buf more = add(&before);
	cleanup_buf struct buf ordered = BUF(LIMIT_STORE_FILE);
	cleanup_jks struct jks ours = parse(&more);
	cleanup_jks struct jks keytools = parse(&after);
	struct err e = ERR_NONE;

	ck_assert_int_eq(java_order(&ours, &e), 0);
	ck_assert_uint_eq(ours.n, keytools.n);
	for (size_t i = 0; i < ours.n; i++) {
		const struct jks_entry *a = &ours.v[i];
		const struct jks_entry *b = &keytools.v[i];
		size_t behind_time = 6 + a->n_alias + TIME_SIZE;

		ck_assert_uint_eq(a->n, b->n);
		ck_assert_mem_eq(a->bytes, b->bytes, 6 + a->n_alias);
		ck_assert_mem_eq(a->bytes + behind_time, b->bytes + behind_time,
				 a->n - behind_time);
	}
	ck_ok(jks_write(&keytools, &ordered, &e), e);
	assert_same(&ordered, &after); /* the digest too */
}
END_TEST

START_TEST(adding_and_taking_out_is_identity)
{
	static const char *const names[] = {"two.jks", "empty.jks", "changeme.jks"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_buf struct buf before = vector_read(names[i]);
		cleanup_buf struct buf more = add(&before);
		cleanup_buf struct buf again = add(&more);
		cleanup_buf struct buf rest = strip(&more);

		ck_assert_uint_eq(count(&more), 1);
		assert_same(&again, &more);
		assert_same(&rest, &before);
	}
}
END_TEST

START_TEST(a_namesake_gets_a_number_behind_the_name)
{
	cleanup_buf struct buf before = vector_read("two.jks");
	cleanup_buf struct buf taken = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf more = BUF(0);
	cleanup_jks struct jks j = parse(&before);
	struct authority other = set->v[0];
	struct err e = ERR_NONE;
	struct jks result;

	other.n_der--; /* another certificate, for all that a keystore knows */
	ck_ok(jks_append_authority(&j, alias, 0, &other, &e), e);
	ck_ok(jks_write(&j, &taken, &e), e);
	more = add(&taken);
	result = parse(&more);
	ck_assert(jks_has(&result, alias));
	strcat(alias, "-1");
	ck_assert(jks_has(&result, alias));
	jks_done(&result);
}
END_TEST

START_TEST(of_two_the_one_under_our_name_goes)
{
	cleanup_buf struct buf before = vector_read("two.jks");
	cleanup_buf struct buf both = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf rest = BUF(0);
	cleanup_jks struct jks j = parse(&before);
	struct err e = ERR_NONE;
	struct jks result;

	ck_ok(jks_append_authority(&j, alias, 0, &set->v[0], &e), e);
	ck_ok(jks_append_authority(&j, "users", 0, &set->v[0], &e), e);
	ck_ok(jks_write(&j, &both, &e), e);
	ck_assert_uint_eq(count(&both), 2);
	rest = strip(&both);
	result = parse(&rest);
	ck_assert(jks_has(&result, "users"));
	ck_assert(!jks_has(&result, alias));
	jks_done(&result);
}
END_TEST

/* clang-format off */
static const struct {
	const char *name;
	const char *why;
} refused[] = {
	{"secret.jks",  "password"},
	{"other.jceks", "JCEKS"},
};
/* clang-format on */

START_TEST(what_cannot_be_written_is_refused_with_a_reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		cleanup_buf struct buf b = vector_read(refused[i].name);
		cleanup_buf struct buf ret = BUF(LIMIT_STORE_FILE);
		struct err e = ERR_NONE;
		struct store_why why = {""};
		size_t one = 1;

		ck_assert(jks_is(b.data, b.n));
		ck_assert_int_eq(jks_add(b.data, b.n, set, 0, &ret, &why, &e), STORE_CANT);
		ck_assert_msg(strstr(why.text, refused[i].why), "%s", why.text);
		ck_assert_int_eq(jks_strip(b.data, b.n, set, &one, &ret, &why, &e), STORE_CANT);
		ck_assert_uint_eq(ret.n, 0);
	}
}
END_TEST

START_TEST(ours_is_counted_without_knowing_the_password)
{
	cleanup_buf struct buf b = vector_read("secret-ours.jks");

	ck_assert_uint_eq(count(&b), 1);
}
END_TEST

/* Exactly sized, so that the sanitizer sees a step too far. */
static void try_bytes(const char *bytes, size_t n, bool may_be_right)
{
	cleanup_free char *copy = malloc(n ? n : 1);
	cleanup_buf struct buf ret = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};
	struct err e = ERR_NONE;
	size_t n_ours = 0;
	size_t one = 1;
	int r;

	memcpy(copy, bytes, n);
	jks_is(copy, n);
	ck_ok(jks_count(copy, n, set, &n_ours, &e), e);
	r = jks_strip(copy, n, set, &one, &ret, &why, &e);
	ck_assert(r == STORE_CANT || (may_be_right && r == 0));
}

START_TEST(a_cut_or_damaged_keystore_is_refused)
{
	cleanup_buf struct buf b = vector_read("two-ours.jks");

	for (size_t n = 0; n < b.n; n++)
		try_bytes(b.data, n, /* may_be_right= */ false);
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.data[i] ^= (char)(1 << bit);
			try_bytes(b.data, b.n, /* may_be_right= */ false);
			b.data[i] ^= (char)(1 << bit);
		}
}
END_TEST

START_TEST(more_entries_than_the_limit_are_refused)
{
	char head[32] = "\xfe\xed\xfe\xed\0\0\0\2\x7f\xff\xff\xff";
	struct store_why why = {""};
	struct jks j;

	ck_assert_int_eq(jks_parse(head, sizeof(head), &j, &why, NULL), STORE_CANT);
	ck_assert_msg(strstr(why.text, "more than"), "%s", why.text);
}
END_TEST

static struct jks read_names(const char *vector, size_t from, size_t to, struct jks j)
{
	cleanup_buf struct buf b = vector_read(vector);
	char *rest = b.data;
	char *line;

	for (size_t i = 0; (line = strsep(&rest, "\n")) && *line; i++)
		if (i >= from && i < to)
			ck_assert_int_eq(jks_append_authority(&j, line, 0, &set->v[0], NULL), 0);
	return j;
}

static void assert_order(const struct jks *j, const char *vector)
{
	cleanup_jks struct jks wanted = read_names(vector, 0, 100, (struct jks){0});

	ck_assert_uint_eq(j->n, wanted.n);
	for (size_t i = 0; i < j->n; i++)
		ck_assert_msg(j->v[i].n_alias == wanted.v[i].n_alias &&
				      memcmp(j->v[i].alias, wanted.v[i].alias, j->v[i].n_alias) ==
					      0,
			      "%s at %zu: %.*s", vector, i, (int)j->v[i].n_alias, j->v[i].alias);
}

START_TEST(the_order_is_that_of_the_real_jar)
{
	cleanup_jks struct jks fresh = read_names("order-in", 0, 49, (struct jks){0});
	cleanup_jks struct jks more =
		read_names("order-in", 49, 52, read_names("order-49", 0, 49, (struct jks){0}));
	struct err e = ERR_NONE;

	ck_assert_int_eq(java_order(&fresh, &e), 0);
	assert_order(&fresh, "order-49");
	ck_assert_int_eq(java_order(&more, &e), 0);
	assert_order(&more, "order-52");
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	size_t n;
	bool ok;
	uint32_t hash; /* of String.hashCode() */
} hashes[] = {
	{"",                         0, true,  0},
	{"a",                        1, true,  97},
	{"hello world",             11, true,  1794106052},
	{"\xc3\xa9",                 2, true,  233},
	{"\xed\xa0\xb4\xed\xb4\x9e", 6, true,  0xd834u * 31 + 0xdd1e},
	{"\xc0\x80",                 2, true,  0},    /* NUL, the modified way */
	{"\0",                       1, false, 0},    /* as plain UTF-8 */
	{"\xc0\x81",                 2, false, 0},    /* longer than need be */
	{"\xe0\x80\x80",             3, false, 0},
	{"\xc3",                     1, false, 0},    /* cut */
	{"\xe2\x82",                 2, false, 0},
	{"\xf0\x9d\x84\x9e",         4, false, 0},    /* four bytes, as plain UTF-8 */
	{"\x80",                     1, false, 0},
	{"\xc3(",                    2, false, 0},
};
/* clang-format on */

START_TEST(the_hash_is_that_of_a_java_string)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		uint32_t hash = 0;

		ck_assert_msg(java_hash(hashes[i].text, hashes[i].n, &hash) == hashes[i].ok, "%zu",
			      i);
		ck_assert_uint_eq(hash, hashes[i].hash);
	}
}
END_TEST

START_TEST(a_name_that_is_there_twice_has_no_order)
{
	cleanup_jks struct jks j = read_names("order-in", 0, 49, (struct jks){0});

	ck_assert_int_eq(jks_append_authority(&j, "debian:certum.pem", 0, &set->v[0], NULL), 0);
	ck_assert_int_eq(java_order(&j, NULL), JAVA_ORDER_UNKNOWN);
}
END_TEST

SUITE("cacerts/jks", setup, teardown, what_keytool_imported_is_counted_and_taken_out,
      what_we_add_is_what_keytool_imports_but_for_the_order_and_the_time,
      adding_and_taking_out_is_identity, a_namesake_gets_a_number_behind_the_name,
      of_two_the_one_under_our_name_goes, what_cannot_be_written_is_refused_with_a_reason,
      ours_is_counted_without_knowing_the_password, a_cut_or_damaged_keystore_is_refused,
      more_entries_than_the_limit_are_refused, the_order_is_that_of_the_real_jar,
      the_hash_is_that_of_a_java_string, a_name_that_is_there_twice_has_no_order)
