/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pkcs12 - Java's second keystore format (RFC 7292)
 *
 * A file is a list of safes, each in clear or encrypted, and maybe a MAC over all of them; a safe
 * is a list of bags: certificates, keys, others. Java trusts a certificate whose bag carries the
 * attribute "trusted key usage" (2.16.840.1.113894.746875.1.1 with any purpose, 2.5.29.37.0) and
 * calls it by the attribute "friendly name"; one without the first is part of some key's chain,
 * and counts for nothing here.
 *
 * The JDK's own store has neither MAC nor encryption; keytool makes both by default. What can't be
 * read with a password that everybody knows is left alone. A certificate is added in clear, where
 * Java trusts it as well, so encrypted safes stay as they are; one is encrypted again, with the
 * parameters that it has, only to take a bag out. Then the MAC is made again with its own
 * parameters. All else is the same bytes; files that aren't DER are refused.
 */
#include "cacerts/store_format.h"

/* As in struct store_format. */
bool pkcs12_is(const char *bytes, size_t n);
int pkcs12_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
		 struct err *e);
bool pkcs12_is_empty(const char *bytes, size_t n);
int pkcs12_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
		 struct buf *ret, struct store_why *why, struct err *e);
int pkcs12_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	       struct buf *ret, struct store_why *why, struct err *e);
