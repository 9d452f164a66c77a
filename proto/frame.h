/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * frame - ttrpc's frames out of a stream of bytes, and back
 *
 * A frame is a header of ten bytes (length, stream id, type, flags; big endian) and a body.
 * The reader takes the stream in pieces of any size. It keeps no more than the peer has really
 * sent: a header that announces four megabytes costs nothing until they come.
 *
 * Nothing here reads or writes a descriptor, and nothing here looks into a body.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"

enum { FRAME_HEADER = 10 /* bytes */ };

enum frame_type { FRAME_REQUEST = 1, FRAME_RESPONSE = 2, FRAME_DATA = 3 };

struct frame_header {
	uint32_t length; /* bytes of the body */
	uint32_t stream; /* names the call on this connection; a client's are odd and grow */
	uint8_t type;    /* enum frame_type, or one from the future */
	uint8_t flags;   /* only streams use them; unary calls ignore them */
};

void frame_header_put(const struct frame_header *h, unsigned char to[FRAME_HEADER]);
struct frame_header frame_header_get(const unsigned char from[FRAME_HEADER]);

/* FRAME_READER, then frame_reader_feed() as long as bytes come, then frame_reader_done(). */
struct frame_reader {
	struct frame_header header; /* of the frame that frame_reader_feed() reported */
	struct buf body;            /* its body; empty when the frame was too long */
	unsigned char raw[FRAME_HEADER];
	size_t n_raw;  /* bytes of raw that are filled */
	size_t n_left; /* bytes of the body that are still to come */
	bool reported; /* the frame was handed out; the next byte begins another */
};

#define FRAME_READER ((struct frame_reader){.body = BUF(LIMIT_FRAME)})

void frame_reader_done(struct frame_reader *r);
#define cleanup_frame_reader cleanup(frame_reader_done)

enum { FRAME_MORE, FRAME_READY, FRAME_TOO_LONG };

/*
 * frame_reader_feed - go on reading, up to the end of one frame
 * @ret_used: how many of the @n bytes were taken; call again with the rest
 *
 * Returns: FRAME_MORE: all bytes are taken, no frame is complete;
 *          FRAME_READY: @r->header and @r->body hold a frame until the next call;
 *          FRAME_TOO_LONG: @r->header holds a frame whose body exceeded LIMIT_FRAME and was
 *          thrown away; -EMSGSIZE (ERR_LIMIT) above LIMIT_FRAME_DROP: give the connection up;
 *          -ENOMEM.
 */
int frame_reader_feed(struct frame_reader *r, const void *bytes, size_t n, size_t *ret_used,
		      struct err *e);
