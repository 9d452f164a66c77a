/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/check.h"
#include "proto/ttrpc.h"

/* clang-format off */
/* Bytes as a RunRequest. */
static const struct {
	const char *bytes;
	size_t n;
	int r;
	const char *text; /* in the message */
} cases[] = {
#define BYTES(s) s, sizeof(s) - 1
	{BYTES(""), 0, ""},
	{BYTES("\x0a\x01""a"), 0, ""},                       /* id = "a" */
	{BYTES("\x20\x01"), 0, ""},                          /* readonly_rootfs = true */
	{BYTES("\xf8\x07\x2a"), 0, ""},                      /* unknown varint */
	{BYTES("\xfa\x07\x02\xff\xff"), 0, ""},              /* unknown bytes, not UTF-8 */
	{BYTES("\xf9\x07""12345678"), 0, ""},                /* unknown 64 bit */
	{BYTES("\xfd\x07""1234"), 0, ""},                    /* unknown 32 bit */
	{BYTES("\x0a\x02""a\0"), -EINVAL, "'id'"},           /* NUL */
	{BYTES("\x0a\x02\xc3\x28"), -EINVAL, "'id'"},        /* not UTF-8 */
	{BYTES("\x12\x04\x0a\x02\xc3\x28"), -EINVAL, "'type'"}, /* inside rootfs */
	{BYTES("\x08\x01"), -EINVAL, "'id' has a wrong wire type"},
	{BYTES("\x22\x01""a"), -EINVAL, "'readonly_rootfs'"},
	{BYTES("\x0a\x05""a"), -EINVAL, "malformed"},        /* longer than the message */
	{BYTES("\x12\x02\x0a\x01"), -EINVAL, "malformed"},   /* longer than the one around it */
	{BYTES("\x0a"), -EINVAL, "malformed"},               /* no length */
	{BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -EINVAL, "malformed"},
	{BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -EINVAL, "malformed"},
	{BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), -EINVAL, "malformed"},
	{BYTES("\xf9\x07""1234567"), -EINVAL, "malformed"},
	{BYTES("\x0b\x0c"), -EINVAL, "malformed"},           /* a group */
	{BYTES("\x0e"), -EINVAL, "malformed"},               /* wire type 6 */
	{BYTES("\x02\x00"), -EINVAL, "malformed"},           /* field 0 */
	{BYTES("\x80\x80\x80\x80\x80\x01"), -EINVAL, "malformed"}, /* a tag above 32 bits */
#undef BYTES
};
/* clang-format on */

START_TEST(what_is_malformed_is_refused_by_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;
		int r = check_message(&anchord__v1__run_request__descriptor, cases[i].bytes,
				      cases[i].n, &e);

		ck_assert_msg(r == cases[i].r, "case %zu: %d %s", i, r, e.msg);
		ck_assert_msg(strstr(e.msg, cases[i].text) != NULL, "case %zu: %s", i, e.msg);
	}
}
END_TEST

START_TEST(fields_are_counted_over_the_whole_message)
{
	struct err e = ERR_NONE;
	size_t n = 2 * (LIMIT_ELEMENTS + 1);
	cleanup_free unsigned char *bytes = malloc(n);

	for (size_t i = 0; i < n; i += 2)
		memcpy(bytes + i, "\x2a\0", 2); /* args += "" */
	ck_assert_int_eq(check_message(&anchord__v1__run_request__descriptor, bytes, n - 2, &e), 0);
	ck_assert_int_eq(check_message(&anchord__v1__run_request__descriptor, bytes, n, &e),
			 -E2BIG);
	ck_assert_uint_eq(e.kind, ERR_LIMIT);
}
END_TEST

/* A valid request with every kind of field. Returns its bytes; the caller frees them. */
static unsigned char *valid_request(size_t *ret_n)
{
	Anchord__V1__RunRequest q = ANCHORD__V1__RUN_REQUEST__INIT;
	Anchord__V1__Network network = ANCHORD__V1__NETWORK__INIT;
	Anchord__V1__Mount mount = ANCHORD__V1__MOUNT__INIT;
	Anchord__V1__Mount *mounts[] = {&mount};
	char overlay[] = "overlay", option[] = "lowerdir=/a:/b", name[] = "n\xc3\xa4me";
	char *strings[] = {option, name};
	unsigned char *bytes;

	mount.type = overlay;
	mount.options = q.args = q.env = strings;
	mount.n_options = q.n_args = q.n_env = ARRAY_SIZE(strings);
	q.rootfs = q.mounts = mounts;
	q.n_rootfs = q.n_mounts = 1;
	q.id = name;
	q.readonly_rootfs = true;
	q.network = &network;
	network.mode = ANCHORD__V1__NETWORK__MODE__PATH;
	network.path = option;
	*ret_n = anchord__v1__run_request__get_packed_size(&q);
	bytes = malloc(*ret_n);
	anchord__v1__run_request__pack(&q, bytes);
	return bytes;
}

/* Whatever the check lets through, protobuf-c must unpack without harm. */
static void take(const unsigned char *bytes, size_t n)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	/* A copy of its exact size, so that a sanitizer sees a byte too many. */
	cleanup_free unsigned char *copy = malloc(n ? n : 1);
	ProtobufCMessage *m;

	memcpy(copy, bytes, n);
	(void)!ttrpc_unpack(&anchord__v1__run_request__descriptor, copy, n, &a, &m, NULL);
}

START_TEST(truncated_and_flipped_requests_do_no_harm)
{
	cleanup_free unsigned char *bytes = NULL;
	unsigned seed = 1;
	size_t n;

	bytes = valid_request(&n);
	ck_assert_int_eq(check_message(&anchord__v1__run_request__descriptor, bytes, n, NULL), 0);
	for (size_t cut = 0; cut < n; cut++)
		take(bytes, cut);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		take(bytes, n);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (int round = 0; round < 5000; round++) {
		bytes[(size_t)rand_r(&seed) % n] = (unsigned char)rand_r(&seed);
		take(bytes, n);
		if (round % 8 == 0) {
			free(bytes);
			bytes = valid_request(&n);
		}
	}
}
END_TEST

SUITE("proto/check", NULL, NULL, what_is_malformed_is_refused_by_name,
      fields_are_counted_over_the_whole_message, truncated_and_flipped_requests_do_no_harm)
