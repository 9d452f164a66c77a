/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/store_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cacerts/edk2.h"
#include "cacerts/jks.h"
#include "cacerts/pem.h"
#include "cacerts/pkcs12.h"

const char *const store_passwords[] = {"changeit", "changeme", "", NULL};

int store_cant(struct store_why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return STORE_CANT;
}

/* ---- PEM --------------------------------------------------------------------------------- */

static bool is_any(const char *bytes, size_t n)
{
	(void)bytes, (void)n;
	return true;
}

static int count_pem(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
		     struct err *e)
{
	(void)e;
	for (size_t i = 0; i < set->n; i++)
		ret[i] = pem_count(bytes, n, &set->v[i]);
	return 0;
}

static bool is_pem_empty(const char *bytes, size_t n)
{
	struct pem_block block;

	return !pem_next(bytes, n, 0, &block);
}

static int strip_pem(const char *bytes, size_t n, const struct authorities *set,
		     const size_t *n_remove, struct buf *ret, struct store_why *why, struct err *e)
{
	int r = buf_add(ret, bytes, n, e);

	(void)why;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		cleanup_buf struct buf rest = BUF(ret->max);

		if (n_remove[i] == 0)
			continue;
		r = pem_strip(ret->data, ret->n, &set->v[i], n_remove[i], &rest, e);
		if (r == 0) {
			struct buf whole = *ret;

			*ret = rest;
			rest = whole;
		}
	}
	return r;
}

static int add_pem(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
		   struct buf *ret, struct store_why *why, struct err *e)
{
	int r = buf_add(ret, bytes, n, e);

	(void)now_ms, (void)why;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		if (pem_count(bytes, n, &set->v[i]) > 0)
			continue;
		if (ret->n > 0 && ret->data[ret->n - 1] != '\n')
			r = buf_add(ret, "\n", 1, e);
		if (r == 0)
			r = buf_add(ret, set->v[i].pem, strlen(set->v[i].pem), e);
	}
	return r;
}

/* ---- the table --------------------------------------------------------------------------- */

/* clang-format off */
static const struct store_format formats[] = { /* the last one takes all */
	{"jks", .is_keystore = true,
	 .is = jks_is, jks_count, jks_is_empty, jks_strip, jks_add},
	{"pkcs12", .is_keystore = true,
	 .is = pkcs12_is, pkcs12_count, pkcs12_is_empty, pkcs12_strip, pkcs12_add},
	{"edk2",
	 .is = edk2_is, edk2_count, edk2_is_empty, edk2_strip, edk2_add},
	{"pem", .is_text = true,
	 is_any, count_pem, is_pem_empty, strip_pem, add_pem},
};
/* clang-format on */

const struct store_format *store_format_of(const char *bytes, size_t n)
{
	const struct store_format *f = formats;

	while (!f->is(bytes, n))
		f++;
	return f;
}
