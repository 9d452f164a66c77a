/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * der - ASN.1 values as byte ranges, in the one encoding that DER allows
 *
 * Only what reads and rewrites a PKCS12 file byte for byte, or what is behind a certificate: tags
 * of one byte, lengths that are definite and as short as can be. What was read and is written again
 * is the same; whatever isn't DER can't be read. Nothing recurses: callers know the structure that
 * they expect.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0,       /* [0] EXPLICIT, or of a constructed type */
	DER_CONTEXT_0_BYTES = 0x80, /* [0] IMPLICIT OCTET STRING */
};

/* A byte range: borrowed. */
struct der {
	const unsigned char *p;
	size_t n;
};

/* Take the next value off @in. @ret: its content; @ret_whole: with its header; both may be NULL. */
bool der_take_any(struct der *in, unsigned *ret_tag, struct der *ret, struct der *ret_whole);
/* The same for one that must have this tag; else @in stays as it is. */
bool der_take(struct der *in, unsigned tag, struct der *ret);
/* The only value of this tag in @in, which nothing follows. */
bool der_only(struct der in, unsigned tag, struct der *ret);
/* The value of an INTEGER's content, if it is neither negative nor above UINT32_MAX. */
bool der_number(struct der content, uint32_t *ret);
bool der_equal(struct der a, struct der b);

/* Make what was added to @b since it had @from bytes the content of a value. */
int der_wrap(struct buf *b, size_t from, unsigned tag, struct err *e);
/* Add a value with this content. */
int der_add(struct buf *b, unsigned tag, struct der content, struct err *e);
