/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pem - certificates as byte ranges of a bundle
 *
 * Finds the PEM certificate blocks of a text and tells which of them are ours, by their DER
 * bytes. Nothing is parsed as X.509: a whole bundle costs microseconds a certificate.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cacerts/authorities.h"

struct pem_block {
	size_t start; /* offset of "-----BEGIN" */
	size_t end;   /* offset after "-----END ...-----" and its line end */
};

/*
 * The next certificate block (of any of the three labels OpenSSL takes) at or after @from. One that
 * is begun and not ended before the next begins is none: readers go on with the next, too.
 */
bool pem_next(const char *text, size_t n, size_t from, struct pem_block *ret);

/* Is this block's content exactly the DER of @a? */
bool pem_is(const char *text, const struct pem_block *block, const struct authority *a);

/* How often @a stands in the text. */
size_t pem_count(const char *text, size_t n, const struct authority *a);

/* Does the text hold exactly one certificate, and is it @a? */
bool pem_is_only(const char *text, size_t n, const struct authority *a);

/*
 * pem_strip - take @n_remove occurrences of @a out of a text
 *
 * Occurrences that are byte for byte what we install (a->pem at the start of a line) go first,
 * then other encodings of the same certificate; of equals the one with a comment line of the
 * certificate's label, as p11-kit writes it and which goes too, and then the last in the text.
 * Everything else stays as it is.
 * Returns 0, -E2BIG, -ENOMEM.
 */
int pem_strip(const char *text, size_t n, const struct authority *a, size_t n_remove,
	      struct buf *ret, struct err *e);
