/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pki - certificates for tests, made on the spot
 *
 * Each certificate has a key of its own and a random serial number, so no two are the same.
 * Every result is allocated and owned by the caller; a failure of libcrypto aborts the test.
 */
#include <stdbool.h>
#include <stddef.h>

enum pki_kind {
	PKI_CA,      /* a self-signed authority */
	PKI_EXPIRED, /* the same, its time is over */
	PKI_V1,      /* a self-signed certificate of X.509 version 1, without extensions */
	PKI_LEAF,    /* basicConstraints CA:FALSE, issued by somebody else */
};

/* The certificate as PEM. @name is its common name, UTF-8. */
char *pki_make(enum pki_kind kind, const char *name);
/* A private key as PEM. */
char *pki_key(void);

/* The DER of the first certificate in @pem. */
unsigned char *pki_der(const char *pem, size_t *ret_n);
/* The same certificate, in lines of @width characters that end in @eol. */
char *pki_rewrap(const char *pem, size_t width, const char *label, const char *eol);
