/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* pkcs12_file - a PKCS12 file, taken apart and put together; used by pkcs12.c only */
#include "cacerts/pkcs12_crypto.h"

struct pkcs12_bag {
	size_t safe;      /* index of the safe that it is in */
	struct der whole; /* borrowed from the file, from its safe's plain text, or from owned */
	struct der cert;  /* the DER of a trusted certificate; empty for all others */
	struct der alias; /* text of its friendly name, UTF-16BE */
	char *owned;      /* of one that was added */
};

enum pkcs12_safe_kind { PKCS12_CLEAR, PKCS12_ENCRYPTED, PKCS12_OTHER };

struct pkcs12_safe {
	enum pkcs12_safe_kind kind;
	struct der whole;     /* as it is in the file; empty for one that was added */
	struct der head;      /* encrypted: what stands before the bytes, whole values */
	struct der algorithm; /* encrypted: content of the AlgorithmIdentifier */
	struct buf plain;     /* encrypted: its text */
	bool changed;         /* its bags aren't those of @whole any more */
};

struct pkcs12_file {
	struct pkcs12_safe *v; /* at most LIMIT_SAFES */
	size_t n;
	struct pkcs12_bag *bags; /* of one safe behind those of another; at most
				    LIMIT_KEYSTORE_ENTRIES */
	size_t n_bags;
	struct der text;       /* what the MAC is made over */
	struct pkcs12_mac mac; /* algorithm empty: none */
	const char *password;  /* constant data; NULL: none was needed */
	struct pkcs12_budget budget;
};

void pkcs12_file_done(struct pkcs12_file *f);
#define cleanup_pkcs12_file cleanup(pkcs12_file_done)

/* @bytes are borrowed until it is done. Returns 0, STORE_CANT, -ENOMEM. */
int pkcs12_file_parse(const char *bytes, size_t n, struct pkcs12_file *ret, struct store_why *why,
		      struct err *e);

/* Add a trusted certificate: to the first safe in clear that holds one, or in a new last safe. */
int pkcs12_file_append(struct pkcs12_file *f, const char *alias, const struct authority *a,
		       struct err *e);
void pkcs12_file_remove(struct pkcs12_file *f, size_t bag);

/* A safe that lost its last bag is left out. Returns 0, STORE_CANT, -E2BIG, -ENOMEM. */
int pkcs12_file_write(struct pkcs12_file *f, struct buf *ret, struct store_why *why, struct err *e);
