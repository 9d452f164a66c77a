/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pem.h"

#include <openssl/evp.h>
#include <string.h>

#include "cacerts/p11_ours.h"

static const char *const labels[] = {"CERTIFICATE-----", "X509 CERTIFICATE-----",
				     "TRUSTED CERTIFICATE-----"};

static bool starts_with(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - p) >= n && memcmp(p, what, n) == 0;
}

/* As memmem(), which a sanitizer lets look at the whole rest of the text with each call. */
static const char *find(const char *from, const char *end, const char *what)
{
	while (from < end && (from = memchr(from, what[0], (size_t)(end - from)))) {
		if (starts_with(from, end, what))
			return from;
		from++;
	}
	return NULL;
}

static bool is_certificate_label(const char *p, const char *end)
{
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (starts_with(p, end, labels[i]))
			return true;
	return false;
}

/* The next "-----END ...-----" at or after @p, which is of one line; @ret_after: behind it. */
static const char *find_stop(const char *p, const char *end, const char **ret_after)
{
	while ((p = find(p, end, "-----END "))) {
		const char *label = p + strlen("-----END ");
		const char *eol = memchr(label, '\n', (size_t)(end - label));
		const char *dashes = find(label, eol ? eol : end, "-----");

		if (dashes) {
			*ret_after = dashes + strlen("-----");
			return p;
		}
		p = label;
	}
	return NULL;
}

/* The last "-----BEGIN " between them: one that was begun before it was never ended. */
static const char *find_begin(const char *p, const char *stop)
{
	const char *begin = NULL;

	while ((p = find(p, stop, "-----BEGIN "))) {
		begin = p;
		p += strlen("-----BEGIN ");
	}
	return begin;
}

static const char *skip_line_end(const char *p, const char *end)
{
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p == '\n')
		p++;
	return p;
}

/* Ends are looked for first, so that many begins without one don't cost a search each. */
bool pem_next(const char *text, size_t n, size_t from, struct pem_block *ret)
{
	const char *after;
	const char *stop;
	const char *end;
	const char *p;

	if (from >= n) /* also an empty text, which may be NULL */
		return false;
	end = text + n;
	for (p = text + from; (stop = find_stop(p, end, &after)); p = after) {
		const char *begin = find_begin(p, stop);

		if (!begin || !is_certificate_label(begin + strlen("-----BEGIN "), stop))
			continue;
		after = skip_line_end(after, end);
		*ret = (struct pem_block){(size_t)(begin - text), (size_t)(after - text)};
		return true;
	}
	return false;
}

/* A TRUSTED CERTIFICATE has more behind the certificate, which says itself how long it is. */
static bool is_trusted(const char *text, const struct pem_block *block)
{
	return starts_with(text + block->start + strlen("-----BEGIN "), text + block->end,
			   "TRUSTED ");
}

/* What a character of base64 stands for, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/*
 * Does the body begin with the bytes of @a? Bundles hold thousands of others, which differ soon:
 * to decode each one as a whole would be most of the work.
 */
static bool begins_with(const char *body, const char *stop, const struct authority *a)
{
	unsigned bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (; body < stop && n < a->n_der; body++) {
		int value = value_of(*body);

		if (value < 0 && is_space(*body))
			continue;
		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if ((unsigned char)(bits >> n_bits) != a->der[n++])
			return false;
	}
	return n == a->n_der;
}

bool pem_is(const char *text, const struct pem_block *block, const struct authority *a)
{
	const char *end = text + block->end;
	const char *body = memchr(text + block->start, '\n', block->end - block->start);
	const char *stop = body ? find(body, end, "-----END ") : NULL;
	cleanup_free unsigned char *der = NULL;
	EVP_ENCODE_CTX *ctx;
	int n_head = 0;
	int n_tail = 0;
	bool same;

	if (!stop || !begins_with(body, stop, a))
		return false;
	der = malloc((size_t)(stop - body));
	ctx = EVP_ENCODE_CTX_new();
	if (ctx)
		EVP_DecodeInit(ctx);
	same = der && ctx &&
	       EVP_DecodeUpdate(ctx, der, &n_head, (const unsigned char *)body,
				(int)(stop - body)) >= 0 &&
	       EVP_DecodeFinal(ctx, der + n_head, &n_tail) >= 0 &&
	       ((size_t)(n_head + n_tail) == a->n_der ||
		((size_t)(n_head + n_tail) > a->n_der && is_trusted(text, block))) &&
	       memcmp(der, a->der, a->n_der) == 0;
	EVP_ENCODE_CTX_free(ctx);
	return same;
}

size_t pem_count(const char *text, size_t n, const struct authority *a)
{
	struct pem_block block = {0, 0};
	size_t count = 0;

	while (pem_next(text, n, block.end, &block))
		count += pem_is(text, &block, a);
	return count;
}

bool pem_is_only(const char *text, size_t n, const struct authority *a)
{
	struct pem_block first = {0, 0};
	struct pem_block second;

	return pem_next(text, n, 0, &first) && !pem_next(text, n, first.end, &second) &&
	       pem_is(text, &first, a);
}

/* Is this block, with its line end, exactly what we write? */
static bool is_verbatim(const char *text, const struct pem_block *block, const struct authority *a)
{
	size_t n = strlen(a->pem);

	return block->end - block->start == n && memcmp(text + block->start, a->pem, n) == 0 &&
	       (block->start == 0 || text[block->start - 1] == '\n');
}

/* Where the line begins that ends at @at; @at where nothing is before it. */
static size_t start_of_line(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

/* Is this line, which ends at @end with its "\n" or "\r\n", "# <label>"? */
static bool is_label(const char *text, size_t start, size_t end, const char *label)
{
	size_t n = strlen(label);

	end--;
	if (end > start && text[end - 1] == '\r')
		end--;
	return end - start == n + 2 && memcmp(text + start, "# ", 2) == 0 &&
	       memcmp(text + start + 2, label, n) == 0;
}

/* How long is the line end at @at? */
static size_t line_end(const char *text, size_t n, size_t at)
{
	if (at < n && text[at] == '\n')
		return 1;
	return at + 1 < n && text[at] == '\r' && text[at + 1] == '\n' ? 2 : 0;
}

/*
 * A line "# <label>" that p11-kit writes before a certificate belongs to it, and so does the empty
 * line between it and its neighbour. Returns whether there is one.
 */
static bool take_comment(const char *text, size_t n, const struct authority *a,
			 struct pem_block *block)
{
	char label[P11_LABEL_MAX + 1];
	size_t start;

	if (block->start == 0 || text[block->start - 1] != '\n' || !p11_label_of(a, label))
		return false;
	start = start_of_line(text, block->start - 1);
	if (!is_label(text, start, block->start, label))
		return false;
	block->start = start;
	if (line_end(text, n, block->end) > 0)
		block->end += line_end(text, n, block->end);
	else if (block->end == n && start >= 2 && text[start - 1] == '\n' &&
		 text[start - 2] == '\n')
		block->start--;
	return true;
}

/* The block that pem_strip() takes next. */
static bool find_ours(const char *text, size_t n, const struct authority *a, struct pem_block *ret)
{
	struct pem_block block = {0, 0};
	int best = 0;

	while (pem_next(text, n, block.end, &block)) {
		struct pem_block wide = block;
		int rank = is_verbatim(text, &block, a) ? 3 : pem_is(text, &block, a);

		if (rank > 0 && take_comment(text, n, a, &wide))
			rank++;
		if (rank > 0 && rank >= best) {
			*ret = wide;
			best = rank;
		}
	}
	return best > 0;
}

int pem_strip(const char *text, size_t n, const struct authority *a, size_t n_remove,
	      struct buf *ret, struct err *e)
{
	struct pem_block ours = {0};
	int r = buf_add(ret, text, n, e);

	while (r == 0 && n_remove-- > 0 && find_ours(ret->data, ret->n, a, &ours)) {
		memmove(ret->data + ours.start, ret->data + ours.end, ret->n - ours.end + 1);
		ret->n -= ours.end - ours.start;
	}
	return r;
}
