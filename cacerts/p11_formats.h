/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * p11_formats - the files that p11-kit extracts, as lists of certificates and back
 *
 *	PEM      "-----BEGIN CERTIFICATE-----", 64 columns; with comments each has a line
 *	         "# <label>" before it and an empty line between it and the one before
 *	TRUSTED  the same of "TRUSTED CERTIFICATE": the DER, and behind it a SEQUENCE of what it is
 *	         trusted for, and its label (OpenSSL's X509_AUX)
 *	EDK2     EFI signature lists of one X.509 certificate each (edk2.h)
 *	JKS      Java's keystore; labels are aliases (p11_jks.h)
 *
 * p11-kit writes a list in one way only. So a file is its work if it can be parsed, and writing the
 * list gives the same bytes; then what it would write with more certificates is known.
 *
 * Parsed lists borrow nothing from the text but labels. The text is hostile: what isn't of the
 * format is refused, never guessed.
 *
 * Thread: any.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "cacerts/authorities.h"

enum p11_format { P11_PEM, P11_TRUSTED, P11_EDK2, P11_JKS };

/* How a file is written. */
struct p11_style {
	enum p11_format format;
	bool comments; /* PEM, TRUSTED */
	uint64_t date; /* JKS: of each entry, in ms since 1970 */
};

struct p11_cert {
	const char *label; /* of the comment, or the alias; not terminated; NULL: none */
	size_t n_label;
	const unsigned char *der;
	size_t n_der;
	const unsigned char *aux; /* TRUSTED: what is behind the certificate */
	size_t n_aux;
};

struct p11_certs {
	struct p11_cert *v; /* owned; at most LIMIT_SOURCES */
	size_t n;
	unsigned char *bytes; /* owned; of der and aux, where they aren't in the text */
};

void p11_certs_done(struct p11_certs *c);
#define cleanup_p11_certs cleanup(p11_certs_done)

int p11_certs_add(struct p11_certs *c, const struct p11_cert *cert, struct err *e);
/* Is it the certificate of @a? */
bool p11_cert_is(const struct p11_cert *cert, const struct authority *a);
/* The same certificates in the same order? */
bool p11_certs_equal(const struct p11_certs *a, const struct p11_certs *b);

enum { P11_OTHER = 1 }; /* p11_parse(): the text isn't of that format */

/*
 * p11_parse - the certificates of a file
 * @style: its date is set to that of the first entry of a JKS
 * Returns: 0; P11_OTHER; -ENOMEM, -E2BIG (ERR_LIMIT).
 */
int p11_parse(const char *text, size_t n, struct p11_style *style, struct p11_certs *ret,
	      struct err *e);

/* @ret: empty. Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int p11_write(const struct p11_certs *certs, const struct p11_style *style, struct buf *ret,
	      struct err *e);

/*
 * Every certificate block of a text, in whatever it is embedded, such as a file of p11-kit's own
 * format. Returns as p11_parse(): P11_OTHER for a block that can't be decoded.
 */
int p11_find_pem(const char *text, size_t n, struct p11_certs *ret, struct err *e);

/* What a TRUSTED certificate may be used for, by its aux. */
enum p11_purpose { P11_ANY, P11_SERVER, P11_MAIL, P11_CODE };

/* Make the name in @cert's aux its label; false if it has none. */
bool p11_take_label(struct p11_cert *cert);

/* Does @aux say that it is an authority that is trusted for that? */
bool p11_is_trusted_for(const struct p11_cert *cert, enum p11_purpose purpose);
