/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * jks - Java's first keystore format, version 2
 *
 * Big endian: 0xFEEDFEED, version, number of entries; each entry a tag, an alias (a 16 bit length
 * and modified UTF-8) and a time in ms since 1970. A trusted certificate (tag 2) goes on with the
 * type "X.509" and the DER behind a 32 bit length. A private key (tag 1) goes on with its bytes
 * and a chain of certificates; it is never looked into. At the end is the SHA-1 of the password in
 * UTF-16, the words "Mighty Aphrodite" and all that came before: whoever changes a store must know
 * its password.
 *
 * Entries are byte ranges; writing a store that was parsed gives the same bytes.
 *
 * JCEKS is the same with another magic number and entries of serialized objects: recognized, and
 * refused. So is version 1.
 */
#include "cacerts/store_format.h"

/* All but owned is borrowed from the text, or from owned. */
struct jks_entry {
	const char *bytes; /* the whole entry */
	size_t n;
	const char *alias; /* modified UTF-8 */
	size_t n_alias;
	uint64_t time_ms; /* since 1970 */
	const char *der;  /* NULL: a private key */
	size_t n_der;
	char *owned; /* of an entry that jks_append() made */
};

struct jks {
	struct jks_entry *v; /* at most LIMIT_KEYSTORE_ENTRIES */
	size_t n;
	const char *password; /* constant data; NULL: none that we know */
};

void jks_done(struct jks *j);
#define cleanup_jks cleanup(jks_done)

/* @bytes are borrowed until jks_done(). Returns 0, STORE_CANT, -ENOMEM. */
int jks_parse(const char *bytes, size_t n, struct jks *ret, struct store_why *why, struct err *e);
/*
 * Add a trusted certificate behind all others: alias, time and DER of @entry, which are copied.
 * Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM.
 */
int jks_append(struct jks *j, const struct jks_entry *entry, struct err *e);
/* The same for an authority under a name that the store lacks. */
int jks_append_authority(struct jks *j, const char *alias, uint64_t time_ms,
			 const struct authority *a, struct err *e);
/* The entries in their order, protected by the password, which must be known. */
int jks_write(const struct jks *j, struct buf *ret, struct err *e);
/* Is there an entry with this alias? */
bool jks_has(const struct jks *j, const char *alias);

/* As in struct store_format. */
bool jks_is(const char *bytes, size_t n);
int jks_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
	      struct err *e);
bool jks_is_empty(const char *bytes, size_t n);
int jks_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
	      struct buf *ret, struct store_why *why, struct err *e);
int jks_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	    struct buf *ret, struct store_why *why, struct err *e);
