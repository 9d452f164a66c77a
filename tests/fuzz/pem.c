/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/pem.h and authorities loaded from PEM or DER
 *
 * Bytes 1 to 9 of an input stand for whole pieces, such as a certificate, so that few of them make
 * a bundle. What must hold for any text:
 *
 *	blocks are inside of it, one behind the other
 *	what OpenSSL's reader finds of an authority before it gives up is counted; more may be:
 *blocks that begin in the middle of a line, have another label at their end, or are behind what
 *made OpenSSL give up an authority that was added is counted once, and the text without it is the
 *same bytes with all taken out, none is left a set that was loaded, written as PEM and loaded again
 *is the same set
 */
#include "cacerts/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/store_format.h"
#include "tests/fuzz/authority.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_MAX = 1 << 14 };

static const char *const pieces[] = {
	NULL, /* the byte 0 is itself */
	AUTHORITY_ONE,
	AUTHORITY_TWO,
	"# fuzz\n" AUTHORITY_ONE,
	"-----BEGIN CERTIFICATE-----\n",
	"-----END CERTIFICATE-----\n",
	"-----BEGIN TRUSTED CERTIFICATE-----\n",
	"-----END TRUSTED CERTIFICATE-----\n",
	"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
};

static void expand(const uint8_t *data, size_t n, struct buf *ret)
{
	buf_add(ret, "", 0, NULL);
	for (size_t i = 0; i < n; i++)
		if (data[i] < ARRAY_SIZE(pieces) && pieces[data[i]])
			buf_addf(ret, NULL, "%s", pieces[data[i]]);
		else
			buf_add(ret, data + i, 1, NULL);
}

static void check_blocks(const struct buf *text)
{
	struct pem_block block = {0, 0};
	size_t end = 0;

	while (pem_next(text->data, text->n, end, &block)) {
		fuzz_promise(block.start >= end && block.end > block.start && block.end <= text->n,
			     "%zu to %zu, behind %zu", block.start, block.end, end);
		end = block.end;
	}
}

/* How often OpenSSL's reader finds it, until something stops it. */
static size_t openssl_count(const struct buf *text, const struct authority *a)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->n);
	size_t count = 0;
	X509 *x;

	while ((x = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL))) {
		unsigned char *der = NULL;
		int n = i2d_X509(x, &der);

		count += n == (int)a->n_der && memcmp(der, a->der, a->n_der) == 0;
		OPENSSL_free(der);
		X509_free(x);
	}
	ERR_clear_error();
	BIO_free(bio);
	return count;
}

static void check_strip_all(const struct buf *text, const struct authority *a, size_t n)
{
	cleanup_buf struct buf rest = BUF(TEXT_MAX * 2);

	fuzz_promise(pem_strip(text->data, text->n, a, n, &rest, NULL) == 0, "no memory");
	fuzz_promise(rest.n <= text->n, "%zu bytes, then %zu", text->n, rest.n);
	if (n == 0)
		fuzz_promise(rest.n == text->n && memcmp(rest.data, text->data, rest.n) == 0,
			     "other bytes");
}

/* As an install adds it and the undo takes it out. */
static void check_added(const struct buf *text, struct authorities *set)
{
	const struct store_format *f = store_format_of("", 0);
	cleanup_buf struct buf more = BUF(TEXT_MAX * 2);
	cleanup_buf struct buf rest = BUF(TEXT_MAX * 2);
	struct store_why why = {""};
	const size_t one = 1;
	size_t count = 0;
	size_t n_line = text->n > 0 && text->data[text->n - 1] != '\n';

	fuzz_promise(f->add(text->data, text->n, set, 1, &more, &why, NULL) == 0, "%s", why.text);
	f->count(more.data, more.n, set, &count, NULL);
	fuzz_promise(count == 1, "%zu after it was added", count);
	fuzz_promise(f->strip(more.data, more.n, set, &one, &rest, &why, NULL) == 0, "%s",
		     why.text);
	fuzz_promise(rest.n == text->n + n_line && memcmp(rest.data, text->data, text->n) == 0,
		     "%zu bytes, then %zu", text->n, rest.n);
}

static void check_reload(const struct buf *text)
{
	cleanup_authorities struct authorities *set = NULL;
	cleanup_authorities struct authorities *again = NULL;
	cleanup_buf struct buf pem = BUF(LIMIT_JOURNAL);
	struct err e = ERR_NONE;

	if (authorities_parse(text->data, text->n, "fuzz", &set, &e) < 0) {
		fuzz_promise(e.msg[0], "refused without a reason");
		return;
	}
	fuzz_promise(set->n > 0, "an empty set");
	for (size_t i = 0; i < set->n; i++) {
		fuzz_promise(i == 0 || strcmp(set->v[i - 1].fingerprint, set->v[i].fingerprint) < 0,
			     "not sorted");
		fuzz_promise(pem_is_only(set->v[i].pem, strlen(set->v[i].pem), &set->v[i]),
			     "its text is another certificate");
		buf_addf(&pem, NULL, "%s", set->v[i].pem);
	}
	fuzz_promise(authorities_parse(pem.data, pem.n, "fuzz", &again, &e) == 0, "%s", e.msg);
	fuzz_promise(again->n == set->n, "%zu authorities, then %zu", set->n, again->n);
	for (size_t i = 0; i < set->n; i++)
		fuzz_promise(strcmp(set->v[i].fingerprint, again->v[i].fingerprint) == 0 &&
				     strcmp(set->v[i].pem, again->v[i].pem) == 0,
			     "another authority");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct authorities *ours;
	cleanup_buf struct buf text = BUF(TEXT_MAX);
	struct err e = ERR_NONE;
	size_t count;

	if (!ours)
		fuzz_promise(authorities_parse(AUTHORITY_ONE, strlen(AUTHORITY_ONE), "one", &ours,
					       &e) == 0,
			     "%s", e.msg);
	expand(data, n, &text);
	check_blocks(&text);
	count = pem_count(text.data, text.n, &ours->v[0]);
	fuzz_promise(openssl_count(&text, &ours->v[0]) <= count, "%zu counted, OpenSSL has %zu",
		     count, openssl_count(&text, &ours->v[0]));
	check_strip_all(&text, &ours->v[0], count);
	if (count == 0)
		check_added(&text, ours);
	check_reload(&text);
	return 0;
}
