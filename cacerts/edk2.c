/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/edk2.h"

#include <string.h>

#include "base/limits.h"

enum {
	GUID = 16,
	AT_LIST_SIZE = GUID,
	AT_HEADER_SIZE = AT_LIST_SIZE + 4,
	AT_SIGNATURE_SIZE = AT_HEADER_SIZE + 4,
	AT_OWNER = AT_SIGNATURE_SIZE + 4,
	AT_DER = AT_OWNER + GUID,
};

static const unsigned char x509[GUID] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
					 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
/* What p11-kit puts there. */
static const unsigned char owner[GUID] = {0x50, 0x3b, 0xdd, 0xdc, 0x05, 0xf4, 0xfd, 0x43,
					  0x96, 0xbe, 0xbd, 0x33, 0xb1, 0x73, 0x47, 0x76};

bool edk2_is(const char *bytes, size_t n)
{
	return n >= AT_DER && memcmp(bytes, x509, GUID) == 0;
}

/* ---- one list ---------------------------------------------------------------------------- */

static void put_number(unsigned char *to, size_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> 8 * i);
}

static size_t get_number(const unsigned char *p)
{
	return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static int add_list(const unsigned char *der, size_t n_der, struct buf *ret, struct err *e)
{
	unsigned char head[AT_DER];
	int r;

	memcpy(head, x509, GUID);
	put_number(head + AT_LIST_SIZE, AT_DER + n_der);
	put_number(head + AT_HEADER_SIZE, 0);
	put_number(head + AT_SIGNATURE_SIZE, GUID + n_der);
	memcpy(head + AT_OWNER, owner, GUID);
	r = buf_add(ret, head, sizeof(head), e);
	return r == 0 ? buf_add(ret, der, n_der, e) : r;
}

/* The size of the list at @p, 0 if it is none of one certificate. */
static size_t list_size(const unsigned char *p, size_t n)
{
	size_t size = n >= AT_DER ? get_number(p + AT_LIST_SIZE) : 0;

	if (size <= AT_DER || size > n || memcmp(p, x509, GUID) != 0 ||
	    get_number(p + AT_HEADER_SIZE) != 0 ||
	    get_number(p + AT_SIGNATURE_SIZE) != size - AT_OWNER)
		return 0;
	return size;
}

/* ---- all of them ------------------------------------------------------------------------- */

int edk2_parse(const char *bytes, size_t n, struct p11_certs *ret, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	const unsigned char *p = (const unsigned char *)bytes;
	const unsigned char *end = p + n;
	int r = 0;

	while (r == 0 && p < end) {
		size_t size = list_size(p, (size_t)(end - p));
		const struct p11_cert cert = {.der = p + AT_DER, .n_der = size - AT_DER};

		if (size == 0)
			return P11_OTHER;
		r = p11_certs_add(&certs, &cert, e);
		p += size;
	}
	if (r < 0)
		return r;
	*ret = certs;
	certs = (struct p11_certs){.n = 0};
	return 0;
}

int edk2_write(const struct p11_certs *certs, struct buf *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < certs->n; i++)
		r = add_list(certs->v[i].der, certs->v[i].n_der, ret, e);
	return r;
}

/* ---- as a format ------------------------------------------------------------------------- */

static size_t count_one(const struct p11_certs *certs, const struct authority *a)
{
	size_t n = 0;

	for (size_t i = 0; i < certs->n; i++)
		n += p11_cert_is(&certs->v[i], a);
	return n;
}

int edk2_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
	       struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	int r = edk2_parse(bytes, n, &certs, e);

	for (size_t i = 0; r >= 0 && i < set->n; i++)
		ret[i] = count_one(&certs, &set->v[i]);
	return r < 0 ? r : 0;
}

/* One that has no list is no longer told from other formats. */
bool edk2_is_empty(const char *bytes, size_t n)
{
	(void)bytes;
	return n == 0;
}

static int open_for_writing(const char *bytes, size_t n, struct p11_certs *ret,
			    struct store_why *why, struct err *e)
{
	int r = edk2_parse(bytes, n, ret, e);

	return r == P11_OTHER ? store_cant(why, "it is a damaged list of EFI signatures") : r;
}

/* Is @cert one of those that leave? Counts it off. */
static bool take_off(const struct authorities *set, size_t *n_remove, const struct p11_cert *cert)
{
	for (size_t i = 0; i < set->n; i++)
		if (n_remove[i] > 0 && p11_cert_is(cert, &set->v[i])) {
			n_remove[i]--;
			return true;
		}
	return false;
}

/* What stays is the same bytes, the owner of each list too. */
int edk2_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
	       struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	cleanup_free size_t *left = calloc(set->n + 1, sizeof(*left));
	int r = left ? open_for_writing(bytes, n, &certs, why, e) : err_oom(e);

	if (r == 0)
		memcpy(left, n_remove, set->n * sizeof(*left));
	for (size_t i = 0; r == 0 && i < certs.n; i++)
		if (!take_off(set, left, &certs.v[i]))
			r = buf_add(ret, certs.v[i].der - AT_DER, AT_DER + certs.v[i].n_der, e);
	return r;
}

int edk2_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	     struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	int r = open_for_writing(bytes, n, &certs, why, e);

	(void)now_ms;
	for (size_t i = 0; r == 0 && i < set->n; i++)
		if (count_one(&certs, &set->v[i]) == 0)
			r = add_list((const unsigned char *)set->v[i].der, set->v[i].n_der, ret, e);
	return r == 0 ? buf_add(ret, bytes, n, e) : r;
}
