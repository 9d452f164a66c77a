/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/ttrpc.h"

/* clang-format off */
/* Recorded between containerd/ttrpc 1.1.1 clients and servers, whole frames. */
static const struct {
	const char *hex;
	uint32_t stream;
	const char *method;  /* of a request */
	int64_t timeout_nano;
	size_t n_metadata;
} requests[] = {
	{"00000025000000010100" "0a15616e63686f72642e70726f746f2e76312e4563686f12044563686f"
	 "1a060a0268691007", 1, "Echo", 0, 0},
	{"00000062000000030100" "0a15616e63686f72642e70726f746f2e76312e4563686f12044563686f"
	 "1a060a026869100720a3f293d0122a250a1a636f6e7461696e6572642d6e616d6573706163652d7474727063"
	 "120764656661756c742a060a016b1201612a060a016b120162", 3, "Echo", 4999936291, 3},
	{"0000001e000000050100" "0a15616e63686f72642e70726f746f2e76312e4563686f1205456d707479",
	 5, "Empty", 0, 0},
	{"0000002b000000010100" "0a15616e63686f72642e70726f746f2e76312e4563686f1205536c656570"
	 "1a06108094ebdc032081d3a85f", 1, "Sleep", 199895425, 0},
};

static const struct {
	const char *hex;
	int32_t code;
	const char *message;
	size_t n_payload;
} replies[] = {
	{"00000008000000010200" "12060a0268691008", 0, "", 6},
	{"00000000000000050200", 0, "", 0},
	{"00000013000000070200" "0a110802120d706c61696e206661696c757265", 2, "plain failure", 0},
	{"00000017000000090200" "0a15080512116e6f20636f6e7461696e65722022633122",
	 5, "no container \"c1\"", 0},
	{"000000110000000b0200" "0a0f080c120b6d6574686f64204e6f7065", 12, "method Nope", 0},
	{"0000001d0000000d0200" "0a1b080c121773657276696365206e6f2e737563682e53657276696365",
	 12, "service no.such.Service", 0},
	{"0000001f000000010200" "0a1d08041219636f6e7465787420646561646c696e65206578636565646564",
	 4, "context deadline exceeded", 0},
	{"00000043000000010200" "0a410808123d6d657373616765206c656e677468203431393433343420657863"
	 "656564206d6178696d756d206d6573736167652073697a65206f662034313934333034", 8,
	 "message length 4194344 exceed maximum message size of 4194304", 0},
};
/* clang-format on */

/* Read one recorded frame through the reader and the envelope; the caller frees the bytes. */
static ProtobufCMessage *read_frame(const char *hex, const ProtobufCMessageDescriptor *type,
				    struct frame_reader *r, struct arena *a,
				    unsigned char **ret_bytes, size_t *ret_n)
{
	struct err e = ERR_NONE;
	ProtobufCMessage *m;
	size_t used;

	*ret_bytes = hex_decode(hex, ret_n);
	ck_assert_ptr_nonnull(*ret_bytes);
	ck_assert_int_eq(frame_reader_feed(r, *ret_bytes, *ret_n, &used, &e), FRAME_READY);
	ck_assert_uint_eq(used, *ret_n);
	ck_ok(ttrpc_unpack(type, r->body.data, r->body.n, a, &m, &e), e);
	return m;
}

START_TEST(recorded_requests_are_read_and_written_byte_for_byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
		cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
		cleanup_free unsigned char *bytes = NULL;
		unsigned char again[256];
		size_t n;
		const Ttrpc__Request *q = (void *)read_frame(
			requests[i].hex, &ttrpc__request__descriptor, &r, &a, &bytes, &n);

		ck_assert_uint_eq(r.header.type, FRAME_REQUEST);
		ck_assert_uint_eq(r.header.stream, requests[i].stream);
		ck_assert_str_eq(q->service, "anchord.proto.v1.Echo");
		ck_assert_str_eq(q->method, requests[i].method);
		ck_assert_int_eq(q->timeout_nano, requests[i].timeout_nano);
		ck_assert_uint_eq(q->n_metadata, requests[i].n_metadata);
		frame_header_put(&r.header, again);
		ttrpc__request__pack(q, again + FRAME_HEADER);
		ck_assert_mem_eq(again, bytes, n);
	}
}
END_TEST

START_TEST(recorded_replies_are_read_and_written_byte_for_byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
		cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
		cleanup_free unsigned char *bytes = NULL;
		unsigned char again[256];
		size_t n;
		const Ttrpc__Response *p = (void *)read_frame(
			replies[i].hex, &ttrpc__response__descriptor, &r, &a, &bytes, &n);

		ck_assert_uint_eq(r.header.type, FRAME_RESPONSE);
		ck_assert_int_eq(p->status ? p->status->code : 0, replies[i].code);
		ck_assert_str_eq(p->status ? p->status->message : "", replies[i].message);
		ck_assert_uint_eq(p->payload.len, replies[i].n_payload);
		frame_header_put(&r.header, again);
		ttrpc__response__pack(p, again + FRAME_HEADER);
		ck_assert_mem_eq(again, bytes, n);
	}
}
END_TEST

START_TEST(an_empty_reply_is_a_frame_of_length_zero)
{
	Anchord__V1__KillResponse reply = ANCHORD__V1__KILL_RESPONSE__INIT;
	cleanup_buf struct buf frame = BUF(100);

	ck_assert_int_eq(ttrpc_put_reply(5, &reply.base, &frame, NULL), 0);
	ck_assert_uint_eq(frame.n, FRAME_HEADER);
	ck_assert_mem_eq(frame.data, "\0\0\0\0\0\0\0\5\2\0", FRAME_HEADER);
}
END_TEST

START_TEST(an_error_travels_with_kind_text_and_dirty_mark)
{
	for (int kind = 0; kind < ERR_KIND_MAX; kind++) {
		cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
		cleanup_buf struct buf frame = BUF(1000);
		ProtobufCBinaryData payload;
		struct err sent = ERR_NONE;
		struct err got = ERR_NONE;

		err_set(&sent, -EIO, (enum err_kind)kind, "f\xc3\xbcr '\xff'");
		sent.dirty = kind % 2 == 1;
		ck_assert_int_eq(ttrpc_put_error(7, &sent, &frame, NULL), 0);
		ck_assert_int_eq(ttrpc_open_reply(frame.data + FRAME_HEADER, frame.n - FRAME_HEADER,
						  &a, &payload, &got),
				 -EREMOTEIO);
		ck_assert_int_eq(got.kind, kind);
		ck_assert_str_eq(got.msg, "f\xc3\xbcr '?'");
		ck_assert_int_eq(got.dirty, sent.dirty);
	}
}
END_TEST

START_TEST(an_error_of_another_server_is_an_internal_one)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	static const unsigned char body[] = "\x0a\x11\x08\x02\x12\x0dplain failure";
	ProtobufCBinaryData payload;
	struct err e = ERR_NONE;

	ck_assert_int_eq(ttrpc_open_reply(body, sizeof(body) - 1, &a, &payload, &e), -EREMOTEIO);
	ck_assert_uint_eq(e.kind, ERR_INTERNAL);
	ck_assert_str_eq(e.msg, "plain failure");
}
END_TEST

START_TEST(a_reply_that_is_too_long_is_not_begun)
{
	Anchord__V1__InfoResponse reply = ANCHORD__V1__INFO_RESPONSE__INIT;
	cleanup_free char *text = malloc(LIMIT_REPLY + 1);
	cleanup_buf struct buf frame = BUF(4 << 20);
	struct err e = ERR_NONE;

	memset(text, 'x', LIMIT_REPLY);
	text[LIMIT_REPLY] = '\0';
	reply.info_json = text;
	ck_assert_int_eq(ttrpc_put_reply(1, &reply.base, &frame, &e), -E2BIG);
	ck_assert_uint_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(frame.n, 0);
}
END_TEST

/* Fill a message of @n bytes with the field @tag, @payload; returns it. */
static unsigned char *repeat(const char *piece, size_t size, size_t n)
{
	unsigned char *bytes = malloc(n);

	for (size_t i = 0; i + size <= n; i += size)
		memcpy(bytes + i, piece, size);
	return bytes;
}

START_TEST(a_message_cannot_take_more_than_its_quota)
{
	static const struct {
		const char *piece;
		size_t size;
	} amplifiers[] = {
		{"\x2a\x00", 2},         /* empty metadata: 56 times its size with plain malloc */
		{"\xf8\x07\x01", 3},     /* unknown fields: 44 times */
		{"\x2a\x02\x0a\x00", 4}, /* metadata with a key */
	};
	const size_t n = LIMIT_FRAME / 12 * 12;

	for (size_t i = 0; i < ARRAY_SIZE(amplifiers); i++) {
		cleanup_free unsigned char *bytes =
			repeat(amplifiers[i].piece, amplifiers[i].size, n);
		cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
		struct err e = ERR_NONE;
		ProtobufCMessage *m;

		ck_assert_int_eq(ttrpc_unpack(&ttrpc__request__descriptor, bytes, n, &a, &m, &e),
				 -E2BIG);
		ck_assert_uint_eq(e.kind, ERR_LIMIT);
		ck_assert_uint_le(a.used, LIMIT_ARENA);
	}
}
END_TEST

START_TEST(the_quota_itself_is_an_error_that_says_so)
{
	cleanup_free unsigned char *bytes = repeat("\x2a\x00", 2, 2000);
	cleanup_arena struct arena a = ARENA(10000);
	struct err e = ERR_NONE;
	ProtobufCMessage *m;

	ck_assert_int_eq(ttrpc_unpack(&ttrpc__request__descriptor, bytes, 2000, &a, &m, &e),
			 -E2BIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "10000 bytes"));
}
END_TEST

START_TEST(the_longest_payload_fits_the_quota)
{
	Ttrpc__Request q = TTRPC__REQUEST__INIT;
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	cleanup_free unsigned char *payload = calloc(1, LIMIT_FRAME);
	cleanup_free unsigned char *bytes = NULL;
	ProtobufCMessage *m;
	size_t n;

	q.payload = (ProtobufCBinaryData){LIMIT_FRAME - 20, payload};
	n = ttrpc__request__get_packed_size(&q);
	bytes = malloc(n);
	ttrpc__request__pack(&q, bytes);
	ck_assert_int_eq(ttrpc_unpack(&ttrpc__request__descriptor, bytes, n, &a, &m, NULL), 0);
}
END_TEST

START_TEST(truncated_and_flipped_envelopes_do_no_harm)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		size_t n;
		cleanup_free unsigned char *bytes = hex_decode(requests[i].hex, &n);
		const unsigned char *body = bytes + FRAME_HEADER;

		n -= FRAME_HEADER;
		for (size_t bit = 0; bit < 8 * n; bit++) {
			cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
			cleanup_free unsigned char *copy = malloc(n);
			ProtobufCBinaryData payload;
			ProtobufCMessage *m;

			memcpy(copy, body, n);
			copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
			(void)!ttrpc_unpack(&ttrpc__request__descriptor, copy, n, &a, &m, NULL);
			(void)!ttrpc_unpack(&ttrpc__request__descriptor, copy, bit / 8, &a, &m,
					    NULL);
			(void)!ttrpc_open_reply(copy, n, &a, &payload, NULL);
		}
	}
}
END_TEST

SUITE("proto/ttrpc", NULL, NULL, recorded_requests_are_read_and_written_byte_for_byte,
      recorded_replies_are_read_and_written_byte_for_byte, an_empty_reply_is_a_frame_of_length_zero,
      an_error_travels_with_kind_text_and_dirty_mark, an_error_of_another_server_is_an_internal_one,
      a_reply_that_is_too_long_is_not_begun, a_message_cannot_take_more_than_its_quota,
      the_quota_itself_is_an_error_that_says_so, the_longest_payload_fits_the_quota,
      truncated_and_flipped_envelopes_do_no_harm)
