/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * store_format - files that hold many certificates, by what can be done to them
 *
 * A format is told from a file's content, never from its name. An undo counts our authorities in
 * a file that somebody rewrote and takes some of them out; an install without a tool puts them in.
 * Both leave every other byte as it is, but for what protects the whole (a digest, a MAC), which
 * is made again with the password that the file has.
 *
 * What isn't any other format counts as PEM text, in which nothing may be found.
 * The bytes are hostile: sizes, entries and key derivations are bounded (base/limits.h).
 *
 * Thread: any.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cacerts/authorities.h"

/* The positive result of a format's functions: it can't be done, and @why is a sentence about it.
 */
enum { STORE_CANT = 1 };

/* The reason, for a receipt; borrowed by the function that may set it. */
struct store_why {
	char text[160];
};

/* Note the reason; returns STORE_CANT. */
int store_cant(struct store_why *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct store_format {
	const char *name; /* stable, for people: "pem" */
	bool is_keystore; /* made for Java; has aliases */
	bool is_text;     /* people edit it, not only programs */

	bool (*is)(const char *bytes, size_t n);

	/* How often each authority is in the file: @ret[i] of @set->v[i]. What can't be read
	 * holds none. Returns 0 or -errno. */
	int (*count)(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
		     struct err *e);

	/* Does the file hold no certificate at all? */
	bool (*is_empty)(const char *bytes, size_t n);

	/* Write the file to the empty @ret without @n_remove[i] entries of @set->v[i]; those that
	 * an install makes go first. Returns 0, STORE_CANT, -E2BIG, -ENOMEM. */
	int (*strip)(const char *bytes, size_t n, const struct authorities *set,
		     const size_t *n_remove, struct buf *ret, struct store_why *why, struct err *e);

	/* Write the file to the empty @ret with those authorities that it lacks; it is longer
	 * then. @now_ms: the time of the entries, since 1970. Returns as strip(). */
	int (*add)(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
		   struct buf *ret, struct store_why *why, struct err *e);
};

/* Never NULL; constant data. */
const struct store_format *store_format_of(const char *bytes, size_t n);

/* The passwords that keystores have which protect nothing; NULL-terminated. */
extern const char *const store_passwords[];
