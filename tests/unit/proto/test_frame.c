/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"

START_TEST(a_header_is_ten_bytes_big_endian)
{
	static const unsigned char raw[FRAME_HEADER] = {0, 0, 0, 0x25, 0, 0, 0, 9, 2, 1};
	unsigned char again[FRAME_HEADER];
	struct frame_header h = frame_header_get(raw);

	ck_assert_uint_eq(h.length, 0x25);
	ck_assert_uint_eq(h.stream, 9);
	ck_assert_uint_eq(h.type, FRAME_RESPONSE);
	ck_assert_uint_eq(h.flags, 1);
	frame_header_put(&h, again);
	ck_assert_mem_eq(again, raw, FRAME_HEADER);
}
END_TEST

/* Three frames as one stream: "abc", "" and "de". */
static const unsigned char stream[] = "\0\0\0\3\0\0\0\1\1\0abc"
				      "\0\0\0\0\0\0\0\3\1\0"
				      "\0\0\0\2\0\0\0\5\1\0de";
enum { STREAM = sizeof(stream) - 1 };

START_TEST(frames_come_out_whole_however_the_stream_is_cut)
{
	static const char *const bodies[] = {"abc", "", "de"};

	for (size_t piece = 1; piece <= STREAM; piece++) {
		cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
		struct err e = ERR_NONE;
		unsigned n = 0;

		for (size_t at = 0; at < STREAM;) {
			size_t left = STREAM - at < piece ? STREAM - at : piece;
			size_t used = 0;
			int got = frame_reader_feed(&r, stream + at, left, &used, &e);

			ck_ok(got, e);
			at += used;
			if (got == FRAME_MORE)
				continue;
			ck_assert_int_eq(got, FRAME_READY);
			ck_assert_uint_eq(r.header.stream, 2 * n + 1);
			ck_assert_uint_eq(r.body.n, strlen(bodies[n]));
			if (r.body.n > 0)
				ck_assert_mem_eq(r.body.data, bodies[n], r.body.n);
			n++;
		}
		ck_assert_uint_eq(n, 3);
	}
}
END_TEST

/* Feed a header that announces @length, then that many bytes; gives the last result. */
static int feed_length(struct frame_reader *r, uint32_t length, struct err *e)
{
	struct frame_header h = {.length = length, .stream = 1, .type = FRAME_REQUEST};
	static const unsigned char zeros[65536];
	unsigned char raw[FRAME_HEADER];
	size_t used;
	int got;

	frame_header_put(&h, raw);
	got = frame_reader_feed(r, raw, sizeof(raw), &used, e);
	for (size_t left = length; left > 0 && got == FRAME_MORE; left -= used)
		got = frame_reader_feed(r, zeros, left < sizeof(zeros) ? left : sizeof(zeros),
					&used, e);
	return got;
}

START_TEST(the_longest_body_is_accepted_and_one_more_byte_skipped)
{
	cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
	struct err e = ERR_NONE;
	size_t used = 0;

	ck_assert_int_eq(feed_length(&r, LIMIT_FRAME, &e), FRAME_READY);
	ck_assert_uint_eq(r.body.n, LIMIT_FRAME);
	ck_assert_int_eq(feed_length(&r, LIMIT_FRAME + 1, &e), FRAME_TOO_LONG);
	ck_assert_uint_eq(r.header.length, LIMIT_FRAME + 1);
	ck_assert_uint_eq(r.body.n, 0);
	ck_assert_int_eq(frame_reader_feed(&r, stream, STREAM, &used, &e), FRAME_READY);
	ck_assert_mem_eq(r.body.data, "abc", 3);
}
END_TEST

START_TEST(an_absurd_length_is_an_error)
{
	cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
	struct err e = ERR_NONE;

	ck_assert_int_eq(feed_length(&r, LIMIT_FRAME_DROP + 1u, &e), -EMSGSIZE);
	ck_assert_uint_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(a_length_that_is_announced_costs_nothing_before_it_comes)
{
	cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
	struct err e = ERR_NONE;
	size_t used = 0;

	ck_assert_int_eq(frame_reader_feed(&r, "\0\x40\0\0\0\0\0\1\1\0xyz", 13, &used, &e),
			 FRAME_MORE);
	ck_assert_uint_lt(r.body.cap, 4096);
}
END_TEST

START_TEST(any_stream_of_bytes_is_taken_without_harm)
{
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		cleanup(frame_reader_done) struct frame_reader r = FRAME_READER;
		unsigned char bytes[STREAM];
		size_t at = 0;
		int got = 0;

		memcpy(bytes, stream, STREAM);
		for (int flips = 0; flips < 1 + round % 4; flips++)
			bytes[(size_t)rand_r(&seed) % STREAM] ^=
				(unsigned char)(1 << rand_r(&seed) % 8);
		while (at < STREAM && got >= 0) {
			size_t used = 0;

			got = frame_reader_feed(&r, bytes + at, STREAM - at, &used, NULL);
			at += used;
			ck_assert(got < 0 || used > 0);
		}
	}
}
END_TEST

SUITE("proto/frame", NULL, NULL, a_header_is_ten_bytes_big_endian,
      frames_come_out_whole_however_the_stream_is_cut,
      the_longest_body_is_accepted_and_one_more_byte_skipped, an_absurd_length_is_an_error,
      a_length_that_is_announced_costs_nothing_before_it_comes,
      any_stream_of_bytes_is_taken_without_harm)
