/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/p11_formats.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/der.h"
#include "cacerts/edk2.h"
#include "cacerts/p11_jks.h"
#include "cacerts/pem.h"

void p11_certs_done(struct p11_certs *c)
{
	free(c->v);
	free(c->bytes);
	*c = (struct p11_certs){.n = 0};
}

int p11_certs_add(struct p11_certs *c, const struct p11_cert *cert, struct err *e)
{
	struct p11_cert *v;

	if (c->n == LIMIT_SOURCES)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d certificates", LIMIT_SOURCES);
	if ((c->n & (c->n - 1)) == 0) { /* a power of two: full */
		v = reallocarray(c->v, c->n ? 2 * c->n : 1, sizeof(*v));
		if (!v)
			return err_oom(e);
		c->v = v;
	}
	c->v[c->n++] = *cert;
	return 0;
}

bool p11_cert_is(const struct p11_cert *cert, const struct authority *a)
{
	return cert->n_der == a->n_der && memcmp(cert->der, a->der, a->n_der) == 0;
}

bool p11_certs_equal(const struct p11_certs *a, const struct p11_certs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].n_der != b->v[i].n_der ||
		    memcmp(a->v[i].der, b->v[i].der, a->v[i].n_der) != 0)
			return false;
	return true;
}

/* ---- what is behind a certificate ------------------------------------------------------------ */

bool p11_is_trusted_for(const struct p11_cert *cert, enum p11_purpose purpose)
{
	/* 1.3.6.1.5.5.7.3.<last> */
	static const unsigned char prefix[] = {0x2b, 6, 1, 5, 5, 7, 3};
	static const unsigned char last[] = {
		[P11_ANY] = 0, [P11_SERVER] = 1, [P11_MAIL] = 4, [P11_CODE] = 3};
	struct der in = {cert->aux, cert->n_aux};
	struct der aux;
	struct der trust;
	struct der oid;

	if (!der_take(&in, DER_SEQUENCE, &aux))
		return false;
	if (!der_take(&aux, DER_SEQUENCE, &trust))
		return aux.n == 0 || aux.p[0] != DER_CONTEXT_0;
	if (aux.n > 0 && aux.p[0] == DER_CONTEXT_0)
		return false;
	if (purpose == P11_ANY)
		return trust.n > 0; /* none is for a certificate that nobody vouches for */
	while (der_take(&trust, DER_OID, &oid))
		if (oid.n == sizeof(prefix) + 1 && memcmp(oid.p, prefix, sizeof(prefix)) == 0 &&
		    oid.p[sizeof(prefix)] == last[purpose])
			return true;
	return false;
}

bool p11_take_label(struct p11_cert *cert)
{
	struct der in = {cert->aux, cert->n_aux};
	struct der aux;
	struct der label;

	if (!der_take(&in, DER_SEQUENCE, &aux))
		return false;
	der_take(&aux, DER_SEQUENCE, &label);
	der_take(&aux, DER_CONTEXT_0, &label);
	if (!der_take(&aux, DER_UTF8_STRING, &label))
		return false;
	cert->label = (const char *)label.p;
	cert->n_label = label.n;
	return true;
}

/* Where the certificate ends that these bytes begin with; 0: it is none. */
static size_t length_of_certificate(const unsigned char *p, size_t n)
{
	struct der in = {p, n};
	struct der content;

	return der_take(&in, DER_SEQUENCE, &content) ? n - in.n : 0;
}

/* ---- PEM ------------------------------------------------------------------------------------ */

enum { LINE = 48 }; /* bytes in a line of base64 */

static int write_block(const unsigned char *bytes, size_t n, const char *name, struct buf *ret,
		       struct err *e)
{
	unsigned char line[LINE / 3 * 4 + 1];
	int r = buf_addf(ret, e, "-----BEGIN %s-----\n", name);

	for (size_t i = 0; r == 0 && i < n; i += LINE) {
		int n_line = EVP_EncodeBlock(line, bytes + i, (int)(n - i < LINE ? n - i : LINE));

		line[n_line++] = '\n';
		r = buf_add(ret, line, (size_t)n_line, e);
	}
	return r == 0 ? buf_addf(ret, e, "-----END %s-----\n", name) : r;
}

static int write_comment(const struct p11_cert *cert, bool first, struct buf *ret, struct err *e)
{
	int r = buf_add(ret, first ? "# " : "\n# ", first ? 2 : 3, e);

	if (r == 0)
		r = buf_add(ret, cert->label, cert->n_label, e);
	return r == 0 ? buf_add(ret, "\n", 1, e) : r;
}

static int write_pem(const struct p11_certs *certs, const struct p11_style *style, struct buf *ret,
		     struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < certs->n; i++) {
		const struct p11_cert *cert = &certs->v[i];
		cleanup_buf struct buf whole = BUF(LIMIT_STORE_FILE);

		if (style->comments)
			r = write_comment(cert, i == 0, ret, e);
		if (r == 0)
			r = buf_add(&whole, cert->der, cert->n_der, e);
		if (r == 0 && style->format == P11_TRUSTED)
			r = buf_add(&whole, cert->aux, cert->n_aux, e);
		if (r == 0)
			r = write_block((const unsigned char *)whole.data, whole.n,
					style->format == P11_TRUSTED ? "TRUSTED CERTIFICATE"
								     : "CERTIFICATE",
					ret, e);
	}
	return r;
}

/* The base64 of a block, behind its first line. Returns bytes written to @to, -1 if it's none. */
static ssize_t decode(const char *text, const struct pem_block *block, unsigned char *to)
{
	const char *body = memchr(text + block->start, '\n', block->end - block->start);
	const char *end = text + block->end;
	EVP_ENCODE_CTX *ctx;
	int n_head = 0;
	int n_tail = 0;
	bool ok;

	end = body ? memmem(body, (size_t)(end - body), "-----END ", 9) : NULL;
	ctx = EVP_ENCODE_CTX_new();
	if (ctx)
		EVP_DecodeInit(ctx);
	ok = ctx && end &&
	     EVP_DecodeUpdate(ctx, to, &n_head, (const unsigned char *)body, (int)(end - body)) >=
		     0 &&
	     EVP_DecodeFinal(ctx, to + n_head, &n_tail) >= 0;
	EVP_ENCODE_CTX_free(ctx);
	return ok ? n_head + n_tail : -1;
}

/* The label in the comment line that ends at @at. */
static void find_label(const char *text, size_t at, struct p11_cert *ret)
{
	const char *line;

	if (at == 0)
		return;
	line = memrchr(text, '\n', at - 1);
	line = line ? line + 1 : text;
	if (text + at - 1 - line < 2 || line[0] != '#' || line[1] != ' ')
		return;
	ret->label = line + 2;
	ret->n_label = (size_t)(text + at - 1 - ret->label);
}

int p11_find_pem(const char *text, size_t n, struct p11_certs *ret, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.bytes = malloc(n + 1)};
	struct pem_block block = {0, 0};
	unsigned char *at = certs.bytes;
	int r = at ? 0 : err_oom(e);

	while (r == 0 && pem_next(text, n, block.end, &block)) {
		struct p11_cert cert = {.der = at};
		ssize_t size = decode(text, &block, at);

		if (size < 0)
			return P11_OTHER;
		cert.n_der = length_of_certificate(at, (size_t)size);
		if (cert.n_der == 0)
			return P11_OTHER;
		cert.aux = at + cert.n_der;
		cert.n_aux = (size_t)size - cert.n_der;
		find_label(text, block.start, &cert);
		r = p11_certs_add(&certs, &cert, e);
		at += size;
	}
	if (r < 0)
		return r;
	*ret = certs;
	certs = (struct p11_certs){.n = 0};
	return 0;
}

static int parse_pem(const char *text, size_t n, const struct p11_style *style,
		     struct p11_certs *ret, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	int r = p11_find_pem(text, n, &certs, e);

	for (size_t i = 0; r == 0 && i < certs.n; i++)
		if ((style->comments && !certs.v[i].label) ||
		    (style->format == P11_PEM && certs.v[i].n_aux > 0))
			return P11_OTHER;
	if (r != 0)
		return r;
	*ret = certs;
	certs = (struct p11_certs){.n = 0};
	return 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

int p11_parse(const char *text, size_t n, struct p11_style *style, struct p11_certs *ret,
	      struct err *e)
{
	switch (style->format) {
	case P11_EDK2:
		return edk2_parse(text, n, ret, e);
	case P11_JKS:
		return p11_jks_parse(text, n, &style->date, ret, e);
	case P11_PEM:
	case P11_TRUSTED:
		break;
	}
	return parse_pem(text, n, style, ret, e);
}

int p11_write(const struct p11_certs *certs, const struct p11_style *style, struct buf *ret,
	      struct err *e)
{
	switch (style->format) {
	case P11_EDK2:
		return edk2_write(certs, ret, e);
	case P11_JKS:
		return p11_jks_write(certs, style->date, ret, e);
	case P11_PEM:
	case P11_TRUSTED:
		break;
	}
	return write_pem(certs, style, ret, e);
}
