/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum { KEEP = 65536 /* bytes of memory that an idle reader may hold */ };

void frame_header_put(const struct frame_header *h, unsigned char to[FRAME_HEADER])
{
	uint32_t words[2] = {htobe32(h->length), htobe32(h->stream)};

	memcpy(to, words, sizeof(words));
	to[8] = h->type;
	to[9] = h->flags;
}

struct frame_header frame_header_get(const unsigned char from[FRAME_HEADER])
{
	uint32_t words[2];

	memcpy(words, from, sizeof(words));
	return (struct frame_header){
		.length = be32toh(words[0]),
		.stream = be32toh(words[1]),
		.type = from[8],
		.flags = from[9],
	};
}

void frame_reader_done(struct frame_reader *r)
{
	buf_done(&r->body);
	*r = FRAME_READER;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void begin_frame(struct frame_reader *r)
{
	r->reported = false;
	r->n_raw = 0;
	if (r->body.cap > KEEP)
		buf_done(&r->body);
	else
		buf_clear(&r->body);
}

/* Returns the bytes taken; the header is complete when n_raw says so. */
static size_t take_header(struct frame_reader *r, const unsigned char *bytes, size_t n)
{
	size_t take = least(n, FRAME_HEADER - r->n_raw);

	memcpy(r->raw + r->n_raw, bytes, take);
	r->n_raw += take;
	if (r->n_raw == FRAME_HEADER) {
		r->header = frame_header_get(r->raw);
		r->n_left = r->header.length;
	}
	return take;
}

static bool is_too_long(const struct frame_reader *r)
{
	return r->header.length > LIMIT_FRAME;
}

static int take_body(struct frame_reader *r, const unsigned char *bytes, size_t n, struct err *e)
{
	int r_add;

	if (!is_too_long(r)) {
		r_add = buf_add(&r->body, bytes, n, e);
		if (r_add < 0)
			return r_add;
	}
	r->n_left -= n;
	return 0;
}

int frame_reader_feed(struct frame_reader *r, const void *bytes, size_t n, size_t *ret_used,
		      struct err *e)
{
	const unsigned char *at = bytes;
	size_t used;
	size_t take;
	int r_take;

	if (r->reported)
		begin_frame(r);
	used = r->n_raw < FRAME_HEADER ? take_header(r, at, n) : 0;
	if (r->n_raw < FRAME_HEADER) {
		*ret_used = used;
		return FRAME_MORE;
	}
	if (r->header.length > LIMIT_FRAME_DROP)
		return err_set(e, -EMSGSIZE, ERR_LIMIT, "a frame of %u bytes exceeds %d",
			       r->header.length, LIMIT_FRAME_DROP);
	take = least(n - used, r->n_left);
	r_take = take_body(r, at + used, take, e);
	if (r_take < 0)
		return r_take;
	*ret_used = used + take;
	if (r->n_left > 0)
		return FRAME_MORE;
	r->reported = true;
	return is_too_long(r) ? FRAME_TOO_LONG : FRAME_READY;
}
