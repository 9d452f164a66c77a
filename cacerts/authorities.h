/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * authorities - the CA certificates that the operator wants trusted
 *
 * A set is loaded from a directory, never changed afterwards, and counted: an exec keeps the
 * set it began with while a reload swaps in another. Each file may hold one DER certificate
 * or any number of PEM ones. Refused with a reason, file by file: private keys, certificates
 * that are not CAs, anything that can't be parsed, oversized files. An expired authority is
 * kept with a warning. Duplicates (by SHA-256 of the DER) are kept once.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

enum { AUTHORITY_SHA256 = 32 };

struct authority {
	unsigned char *der; /* owned */
	size_t n_der;
	char *pem;                                  /* canonical text of it, ends in '\n'; owned */
	char fingerprint[2 * AUTHORITY_SHA256 + 1]; /* lower-case hex SHA-256 of the DER */
	char *subject;                              /* one line, for people; owned */
	uint32_t subject_hash;                      /* as `openssl x509 -subject_hash` */
	long long not_after;                        /* seconds since 1970 */
	char *file;                                 /* name of the file it came from; owned */
};

struct authorities {
	struct authority *v; /* sorted by fingerprint; at most LIMIT_AUTHORITIES */
	size_t n;
	struct strv warnings; /* "'<file>': <why it was refused or worries us>" */
	int refs;             /* atomic */
};

/* An empty set; NULL without memory. */
struct authorities *authorities_new(void);

/*
 * cacerts_ignore_openssl_conf - libcrypto does without openssl.cnf in this process
 *
 * What is read here needs none of the providers that it may name, and static programs can't load
 * one. authorities_load() does it; whoever uses this folder without it, before. Thread: any.
 */
void cacerts_ignore_openssl_conf(void);

/*
 * authorities_load - read a directory
 * @dir: host path; a missing directory is an empty set
 *
 * Hidden files, sub-directories and names ending in '~' or ".tmp" are not looked at.
 * Returns: 0; -errno when the directory can't be read; -E2BIG (ERR_LIMIT).
 */
int authorities_load(const char *dir, struct authorities **ret, struct err *e);

/*
 * Make a set from PEM text, for the set that a journal kept. @name stands for the file. Refuses
 * as a whole where authorities_load() would warn.
 */
int authorities_parse(const char *pem, size_t n, const char *name, struct authorities **ret,
		      struct err *e);

/*
 * authorities_select - those of @set that have one of these fingerprints
 * @fingerprints: SHA-256 in hex digits of either case, with or without colons between bytes
 *
 * Returns: 0; -EINVAL (ERR_INVALID) for what is no fingerprint; -ENOENT (ERR_NOT_FOUND) for one
 *          that no authority has.
 */
int authorities_select(const struct authorities *set, const struct strv *fingerprints,
		       struct authorities **ret, struct err *e);

struct authorities *authorities_ref(struct authorities *a);
struct authorities *authorities_unref(struct authorities *a);
static inline void cleanup_authorities_p(struct authorities **a)
{
	authorities_unref(*a);
}
#define cleanup_authorities cleanup(cleanup_authorities_p)

/* [{"fingerprint","subject","subject_hash","not_after","file"}] */
json_t *authorities_json(const struct authorities *a);
