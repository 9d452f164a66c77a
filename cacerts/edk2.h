/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * edk2 - EFI signature lists, as EDK2's firmware and p11-kit have them (UEFI specification, 32.4.1)
 *
 * One list behind the other, little endian, each of one X.509 certificate: the type's GUID, the
 * size of the list, that of a header (0), that of the signature, the owner's GUID, the DER. Lists
 * of anything else are refused.
 */
#include "cacerts/p11_formats.h"
#include "cacerts/store_format.h"

/* As p11_parse() and p11_write(). */
int edk2_parse(const char *bytes, size_t n, struct p11_certs *ret, struct err *e);
int edk2_write(const struct p11_certs *certs, struct buf *ret, struct err *e);

/* As in struct store_format. What is added goes first, as p11-kit's anchors do. */
bool edk2_is(const char *bytes, size_t n);
int edk2_count(const char *bytes, size_t n, const struct authorities *set, size_t *ret,
	       struct err *e);
bool edk2_is_empty(const char *bytes, size_t n);
int edk2_strip(const char *bytes, size_t n, const struct authorities *set, const size_t *n_remove,
	       struct buf *ret, struct store_why *why, struct err *e);
int edk2_add(const char *bytes, size_t n, const struct authorities *set, uint64_t now_ms,
	     struct buf *ret, struct store_why *why, struct err *e);
