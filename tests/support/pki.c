/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki.h"

#include <check.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

enum { DAY = 24 * 60 * 60 /* seconds */ };

static void set_name(X509_NAME *name, const char *text)
{
	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
					     -1, -1, 0));
}

static void add_constraints(X509 *x, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, value);

	ck_assert_ptr_nonnull(ext);
	ck_assert(X509_add_ext(x, ext, -1));
	X509_EXTENSION_free(ext);
}

static void set_serial(X509 *x)
{
	unsigned char bytes[4];

	ck_assert(RAND_bytes(bytes, sizeof(bytes)));
	ck_assert(ASN1_INTEGER_set(X509_get_serialNumber(x),
				   bytes[0] << 16 | bytes[1] << 8 | bytes[2]));
}

static char *take_text(BIO *bio)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);
	char *text = strndup(data, (size_t)n);

	BIO_free(bio);
	ck_assert_ptr_nonnull(text);
	return text;
}

static char *to_pem(X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert(bio && PEM_write_bio_X509(bio, x));
	return take_text(bio);
}

char *pki_make(enum pki_kind kind, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	char *pem;

	ck_assert(key && x);
	ck_assert(X509_set_version(x, kind == PKI_V1 ? X509_VERSION_1 : X509_VERSION_3));
	set_serial(x);
	X509_gmtime_adj(X509_getm_notBefore(x), -2 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), kind == PKI_EXPIRED ? -DAY : DAY);
	set_name(X509_get_subject_name(x), name);
	set_name(X509_get_issuer_name(x), kind == PKI_LEAF ? "somebody else" : name);
	if (kind != PKI_V1)
		add_constraints(x, kind == PKI_LEAF ? "CA:FALSE" : "critical,CA:TRUE");
	ck_assert(X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()));
	pem = to_pem(x);
	X509_free(x);
	EVP_PKEY_free(key);
	return pem;
}

char *pki_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert(key && bio);
	ck_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	EVP_PKEY_free(key);
	return take_text(bio);
}

unsigned char *pki_der(const char *pem, size_t *ret_n)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int n;

	ck_assert_ptr_nonnull(x);
	n = i2d_X509(x, &der);
	ck_assert_int_gt(n, 0);
	*ret_n = (size_t)n;
	X509_free(x);
	BIO_free(bio);
	return der;
}

char *pki_rewrap(const char *pem, size_t width, const char *label, const char *eol)
{
	cleanup_free unsigned char *der = NULL;
	cleanup_free unsigned char *base64 = NULL;
	struct buf b = BUF(1 << 20);
	size_t n;

	der = pki_der(pem, &n);
	base64 = malloc(4 * (n / 3 + 1) + 1);
	ck_assert_ptr_nonnull(base64);
	n = (size_t)EVP_EncodeBlock(base64, der, (int)n);
	buf_addf(&b, NULL, "-----BEGIN %s-----%s", label, eol);
	for (size_t i = 0; i < n; i += width)
		buf_addf(&b, NULL, "%.*s%s", (int)width, base64 + i, eol);
	buf_addf(&b, NULL, "-----END %s-----%s", label, eol);
	return buf_take(&b);
}
