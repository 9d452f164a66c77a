/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proto/frame.h and proto/ttrpc.h: a stream gives the same frames however it is cut, and a body
 * is an envelope or an error, for both sides of a connection.
 *
 * The first byte of an input says how the stream is cut.
 */
#include "proto/ttrpc.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void open_envelopes(const struct buf *body)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	const char *bytes = body->data ? body->data : "";
	ProtobufCBinaryData payload = {0};
	ProtobufCMessage *message = NULL;
	struct err e = ERR_NONE;

	if (ttrpc_unpack(&ttrpc__request__descriptor, bytes, body->n, &a, &message, &e) < 0)
		fuzz_promise(e.code < 0 && e.msg[0], "an error without a word");
	else
		fuzz_promise(message != NULL, "success without a message");
	e = ERR_NONE;
	if (ttrpc_open_reply(bytes, body->n, &a, &payload, &e) < 0)
		fuzz_promise(e.code < 0, "an error without a code");
}

/* Append what comes out to @to, as text; @piece bytes are fed at a time. */
static void read_frames(const uint8_t *data, size_t n, size_t piece, bool open, struct buf *to)
{
	cleanup_frame_reader struct frame_reader r = FRAME_READER;
	size_t at = 0;

	while (at < n) {
		size_t left = n - at < piece ? n - at : piece;
		size_t used = 0;
		int got = frame_reader_feed(&r, data + at, left, &used, NULL);

		fuzz_promise(used <= left, "%zu of %zu bytes", used, left);
		fuzz_promise(got < 0 || got != FRAME_MORE || used == left, "bytes left over");
		at += used;
		if (got == FRAME_MORE)
			continue;
		buf_addf(to, NULL, "%d %u %u %u %u %zu\n", got, r.header.length, r.header.stream,
			 r.header.type, r.header.flags, r.body.n);
		if (got < 0)
			return;
		if (open && got == FRAME_READY)
			open_envelopes(&r.body);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_buf struct buf whole = BUF(16 << 20);
	cleanup_buf struct buf cut = BUF(16 << 20);

	if (n < 1)
		return 0;
	read_frames(data + 1, n - 1, n, /* open= */ true, &whole);
	read_frames(data + 1, n - 1, 1 + data[0] % 32, /* open= */ false, &cut);
	fuzz_promise(whole.n == cut.n && (!whole.n || memcmp(whole.data, cut.data, cut.n) == 0),
		     "whole:\n%scut:\n%s", whole.data ? whole.data : "", cut.data ? cut.data : "");
	return 0;
}
