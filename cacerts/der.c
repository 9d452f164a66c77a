/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/der.h"

#include <string.h>

enum { HEADER_MAX = 6, LONG_FORM = 0x80, HIGH_TAG = 0x1f };

/* The length octets at the start of @in, which are taken off. */
static bool take_length(struct der *in, size_t *ret)
{
	size_t first;
	size_t n = 0;

	if (in->n == 0)
		return false;
	first = *in->p++;
	in->n--;
	if (first < LONG_FORM) {
		*ret = first;
		return true;
	}
	first -= LONG_FORM; /* so many octets follow; none: an indefinite length */
	if (first == 0 || first > 4 || first > in->n || in->p[0] == 0)
		return false;
	for (size_t i = 0; i < first; i++)
		n = n << 8 | in->p[i];
	in->p += first;
	in->n -= first;
	*ret = n;
	return n >= LONG_FORM;
}

bool der_take_any(struct der *in, unsigned *ret_tag, struct der *ret, struct der *ret_whole)
{
	struct der rest = *in;
	size_t n;

	if (rest.n == 0 || (rest.p[0] & HIGH_TAG) == HIGH_TAG)
		return false;
	rest.p++;
	rest.n--;
	if (!take_length(&rest, &n) || n > rest.n)
		return false;
	if (ret_tag)
		*ret_tag = in->p[0];
	if (ret)
		*ret = (struct der){rest.p, n};
	if (ret_whole)
		*ret_whole = (struct der){in->p, (size_t)(rest.p - in->p) + n};
	*in = (struct der){rest.p + n, rest.n - n};
	return true;
}

bool der_take(struct der *in, unsigned tag, struct der *ret)
{
	return in->n > 0 && in->p[0] == tag && der_take_any(in, NULL, ret, NULL);
}

bool der_only(struct der in, unsigned tag, struct der *ret)
{
	return der_take(&in, tag, ret) && in.n == 0;
}

bool der_number(struct der content, uint32_t *ret)
{
	uint64_t value = 0;

	if (content.n == 0 || content.n > 5 || content.p[0] >= 0x80)
		return false;
	for (size_t i = 0; i < content.n; i++)
		value = value << 8 | content.p[i];
	*ret = (uint32_t)value;
	return value <= UINT32_MAX;
}

bool der_equal(struct der a, struct der b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int der_wrap(struct buf *b, size_t from, unsigned tag, struct err *e)
{
	unsigned char header[HEADER_MAX] = {(unsigned char)tag};
	size_t n = b->n - from;
	size_t n_header = 2;
	int r;

	if (n < LONG_FORM) {
		header[1] = (unsigned char)n;
	} else {
		for (size_t shifted = n; shifted; shifted >>= 8)
			header[1]++;
		for (size_t i = header[1]; i-- > 0;)
			header[n_header++] = (unsigned char)(n >> 8 * i);
		header[1] |= LONG_FORM;
	}
	r = buf_add(b, header, n_header, e);
	if (r < 0)
		return r;
	memmove(b->data + from + n_header, b->data + from, n);
	memcpy(b->data + from, header, n_header);
	return 0;
}

int der_add(struct buf *b, unsigned tag, struct der content, struct err *e)
{
	size_t from = b->n;
	int r = buf_add(b, content.p, content.n, e);

	return r == 0 ? der_wrap(b, from, tag, e) : r;
}
