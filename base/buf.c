/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *b)
{
	free(b->data);
	*b = BUF(b->max);
}

int buf_reserve(struct buf *b, size_t more, struct err *e)
{
	size_t want = b->cap ? b->cap : 256;
	char *p;

	if (more > b->max - b->n)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %zu bytes", b->max);
	if (b->n + more + 1 <= b->cap)
		return 0;
	while (want < b->n + more + 1)
		want *= 2;
	p = realloc(b->data, want);
	if (!p)
		return err_oom(e);
	p[b->n] = '\0';
	b->data = p;
	b->cap = want;
	return 0;
}

int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e)
{
	int r = buf_reserve(b, n, e);

	if (r < 0)
		return r;
	if (n)
		memcpy(b->data + b->n, bytes, n);
	b->n += n;
	b->data[b->n] = '\0';
	return 0;
}

int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;
	int r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(e, -EINVAL, ERR_INTERNAL, "bad format");
	r = buf_reserve(b, (size_t)n, e);
	if (r < 0)
		return r;
	va_start(ap, fmt);
	vsnprintf(b->data + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
	char *p = b->data;

	*b = BUF(b->max);
	return p;
}
