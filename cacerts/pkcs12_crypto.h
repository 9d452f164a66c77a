/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pkcs12_crypto - what protects a PKCS12 file: the MAC, and encryption by password
 *
 * How often a key derivation is repeated is the file's choice, so it is counted before any is done:
 * all of one file share LIMIT_KEY_ITERATIONS. Derivations that cost memory (scrypt) are refused,
 * and so are ciphers other than those of blocks in CBC mode: encrypting a changed text with the
 * same key and start would give away more than the place of the change.
 */
#include "cacerts/der.h"
#include "cacerts/store_format.h"

/* The iterations that are left. */
struct pkcs12_budget {
	uint32_t left;
};

struct pkcs12_mac {
	struct der algorithm; /* of the digest: a whole value; empty: there is no MAC */
	struct der value;     /* content */
	struct der salt;      /* content */
	struct der tail;      /* salt and iterations: whole values */
	uint32_t n_iterations;
};

/* @data: content of MacData. */
bool pkcs12_mac_parse(struct der data, struct pkcs12_mac *ret);

/*
 * Add a MacData to @ret that protects @text as @mac does.
 * Returns 0, STORE_CANT, -E2BIG, -ENOMEM.
 */
int pkcs12_mac_add(const struct pkcs12_mac *mac, struct der text, const char *password,
		   struct pkcs12_budget *budget, struct buf *ret, struct store_why *why,
		   struct err *e);
/* Is the MAC made with this password? @ret says so. Returns as pkcs12_mac_add(). */
int pkcs12_mac_check(const struct pkcs12_mac *mac, struct der text, const char *password,
		     struct pkcs12_budget *budget, bool *ret, struct store_why *why, struct err *e);

/*
 * Encrypt or decrypt @in, to be added to @ret.
 * @algorithm: content of the AlgorithmIdentifier
 * Returns 0; STORE_CANT, also for a wrong password; -E2BIG, -ENOMEM.
 */
int pkcs12_crypt(struct der algorithm, struct der in, const char *password, bool encrypt,
		 struct pkcs12_budget *budget, struct buf *ret, struct store_why *why,
		 struct err *e);
