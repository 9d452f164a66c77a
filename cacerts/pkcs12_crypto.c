/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pkcs12_crypto.h"

#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "base/limits.h"

#define BYTES(text) ((struct der){(const unsigned char *)(text), sizeof(text) - 1})

enum { KEY_OF_MAC = 3 }; /* the purpose of a derived key, RFC 7292 appendix B.3 */

static int spend(struct pkcs12_budget *budget, uint32_t n_iterations, struct store_why *why)
{
	if (n_iterations == 0 || n_iterations > budget->left)
		return store_cant(why, "its key derivation takes more than %d iterations",
				  LIMIT_KEY_ITERATIONS);
	budget->left -= n_iterations;
	return 0;
}

/* ---- the MAC ----------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	struct der oid;
	const EVP_MD *(*md)(void);
} digests[] = {
	{BYTES("\x2b\x0e\x03\x02\x1a"),                     EVP_sha1},
	{BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x01"),     EVP_sha256},
	{BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x02"),     EVP_sha384},
	{BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x03"),     EVP_sha512},
	{BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x04"),     EVP_sha224},
};
/* clang-format on */

static const EVP_MD *digest_of(struct der algorithm)
{
	struct der content;
	struct der oid;

	if (!der_only(algorithm, DER_SEQUENCE, &content) || !der_take(&content, DER_OID, &oid))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++)
		if (der_equal(digests[i].oid, oid))
			return digests[i].md();
	return NULL;
}

bool pkcs12_mac_parse(struct der data, struct pkcs12_mac *ret)
{
	struct pkcs12_mac mac = {.n_iterations = 1}; /* the default */
	struct der info;
	struct der number;

	if (!der_take(&data, DER_SEQUENCE, &info) ||
	    !der_take_any(&info, NULL, NULL, &mac.algorithm) ||
	    !der_only(info, DER_OCTETS, &mac.value))
		return false;
	mac.tail = data;
	if (!der_take(&data, DER_OCTETS, &mac.salt))
		return false;
	if (data.n > 0 &&
	    (!der_only(data, DER_INTEGER, &number) || !der_number(number, &mac.n_iterations)))
		return false;
	*ret = mac;
	return true;
}

static int make_mac(const struct pkcs12_mac *mac, struct der text, const char *password,
		    struct pkcs12_budget *budget, unsigned char ret[EVP_MAX_MD_SIZE],
		    unsigned *ret_n, struct store_why *why, struct err *e)
{
	const EVP_MD *md = digest_of(mac->algorithm);
	unsigned char key[EVP_MAX_MD_SIZE];
	int n_key = md ? EVP_MD_get_size(md) : 0;
	int r;

	if (!md)
		return store_cant(why, "its MAC is of a kind that isn't known");
	r = spend(budget, mac->n_iterations, why);
	if (r != 0)
		return r;
	if (!PKCS12_key_gen_utf8(password, (int)strlen(password), (unsigned char *)mac->salt.p,
				 (int)mac->salt.n, KEY_OF_MAC, (int)mac->n_iterations, n_key, key,
				 md) ||
	    !HMAC(md, key, n_key, text.p, text.n, ret, ret_n)) {
		ERR_clear_error();
		return err_oom(e);
	}
	return 0;
}

int pkcs12_mac_check(const struct pkcs12_mac *mac, struct der text, const char *password,
		     struct pkcs12_budget *budget, bool *ret, struct store_why *why, struct err *e)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int r = make_mac(mac, text, password, budget, value, &n, why, e);

	if (r == 0)
		*ret = mac->value.n == n && CRYPTO_memcmp(mac->value.p, value, n) == 0;
	return r;
}

int pkcs12_mac_add(const struct pkcs12_mac *mac, struct der text, const char *password,
		   struct pkcs12_budget *budget, struct buf *ret, struct store_why *why,
		   struct err *e)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	size_t from = ret->n;
	unsigned n = 0;
	int r = make_mac(mac, text, password, budget, value, &n, why, e);

	if (r == 0)
		r = buf_add(ret, mac->algorithm.p, mac->algorithm.n, e);
	if (r == 0)
		r = der_add(ret, DER_OCTETS, (struct der){value, n}, e);
	if (r == 0)
		r = der_wrap(ret, from, DER_SEQUENCE, e);
	if (r == 0)
		r = buf_add(ret, mac->tail.p, mac->tail.n, e);
	return r == 0 ? der_wrap(ret, from, DER_SEQUENCE, e) : r;
}

/* ---- encryption -------------------------------------------------------------------------- */

#define OID_PKCS12_PBE "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"

static const struct der oid_pbes2 = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d");
static const struct der oid_pbkdf2 = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c");

static const struct der pkcs12_schemes[] = {
	BYTES(OID_PKCS12_PBE "\x03"), /* SHA-1, triple DES with three keys */
	BYTES(OID_PKCS12_PBE "\x04"), /* with two keys */
	BYTES(OID_PKCS12_PBE "\x05"), /* SHA-1, RC2 with 128 bits */
	BYTES(OID_PKCS12_PBE "\x06"), /* with 40 bits */
};

static const struct der ciphers[] = {
	BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x02"), /* AES-128-CBC */
	BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x16"), /* AES-192-CBC */
	BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), /* AES-256-CBC */
	BYTES("\x2a\x86\x48\x86\xf7\x0d\x03\x07"),     /* DES-EDE3-CBC */
};

static bool is_one_of(struct der oid, const struct der *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (der_equal(oid, list[i]))
			return true;
	return false;
}

/* Salt and iterations, which both kinds of parameters begin with. */
static bool take_iterations(struct der params, uint32_t *ret)
{
	struct der salt;
	struct der number;

	return der_take(&params, DER_OCTETS, &salt) && der_take(&params, DER_INTEGER, &number) &&
	       der_number(number, ret);
}

static bool take_pbes2(struct der params, uint32_t *ret_iterations)
{
	struct der derivation;
	struct der scheme;
	struct der inner;
	struct der oid;

	if (!der_take(&params, DER_SEQUENCE, &derivation) ||
	    !der_only(params, DER_SEQUENCE, &scheme) || !der_take(&scheme, DER_OID, &oid) ||
	    !is_one_of(oid, ciphers, ARRAY_SIZE(ciphers)))
		return false;
	return der_take(&derivation, DER_OID, &oid) && der_equal(oid, oid_pbkdf2) &&
	       der_only(derivation, DER_SEQUENCE, &inner) && take_iterations(inner, ret_iterations);
}

/* How many iterations does it take? False for what is not one of the schemes above. */
static bool cost_of(struct der algorithm, uint32_t *ret_iterations)
{
	struct der params;
	struct der oid;

	if (!der_take(&algorithm, DER_OID, &oid) || !der_only(algorithm, DER_SEQUENCE, &params))
		return false;
	if (der_equal(oid, oid_pbes2))
		return take_pbes2(params, ret_iterations);
	return is_one_of(oid, pkcs12_schemes, ARRAY_SIZE(pkcs12_schemes)) &&
	       take_iterations(params, ret_iterations);
}

static X509_ALGOR *decode(struct der algorithm)
{
	cleanup_buf struct buf whole = BUF(LIMIT_STORE_FILE);
	const unsigned char *p;

	if (der_add(&whole, DER_SEQUENCE, algorithm, NULL) < 0)
		return NULL;
	p = (const unsigned char *)whole.data;
	return d2i_X509_ALGOR(NULL, &p, (long)whole.n);
}

int pkcs12_crypt(struct der algorithm, struct der in, const char *password, bool encrypt,
		 struct pkcs12_budget *budget, struct buf *ret, struct store_why *why,
		 struct err *e)
{
	unsigned char *out = NULL;
	uint32_t n_iterations;
	X509_ALGOR *decoded;
	int n_out = 0;
	int r;

	if (!cost_of(algorithm, &n_iterations))
		return store_cant(why, "its encryption is of a kind that isn't known");
	r = spend(budget, n_iterations, why);
	if (r != 0)
		return r;
	decoded = decode(algorithm);
	if (decoded)
		PKCS12_pbe_crypt(decoded, password, (int)strlen(password), in.p, (int)in.n, &out,
				 &n_out, encrypt);
	X509_ALGOR_free(decoded);
	if (out)
		r = buf_add(ret, out, (size_t)n_out, e);
	else
		r = store_cant(why, "its password isn't one that everybody knows, or its "
				    "encryption is too old");
	OPENSSL_free(out);
	ERR_clear_error();
	return r;
}
