/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * buf - bytes that grow up to a maximum
 *
 * A buf is created with its maximum and can't outgrow it. data is always NUL-terminated once
 * anything was added, so text can be read as a string; the NUL doesn't count in n. The caller
 * owns it: BUF(max), then buf_done() or cleanup_buf.
 */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

struct buf {
	char *data; /* owned; NULL while empty */
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes allowed, without the NUL */
};

#define BUF(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_done(struct buf *b);
#define cleanup_buf cleanup(buf_done)

/* Add bytes. Returns 0, -E2BIG (ERR_LIMIT) above the maximum, -ENOMEM. */
int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e);
int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Room for @n bytes more and the NUL, which the caller writes behind the others, to add their
 * number to n. Errors as for buf_add().
 */
int buf_reserve(struct buf *b, size_t n, struct err *e);

/* Forget the content, keep the memory. */
void buf_clear(struct buf *b);

/* Hand over the bytes; the buf is empty again. NULL if nothing was added. */
char *buf_take(struct buf *b);
