/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * p11_jks - the Java keystore that p11-kit writes: certificates only, with labels as aliases, all
 * of one time, protected by "changeit" (jks.h has the format)
 */
#include "cacerts/p11_formats.h"

/* @ret_date: of the first entry. Returns as p11_parse(). */
int p11_jks_parse(const char *bytes, size_t n, uint64_t *ret_date, struct p11_certs *ret,
		  struct err *e);
/* @ret: empty. Returns as p11_write(). */
int p11_jks_write(const struct p11_certs *certs, uint64_t date, struct buf *ret, struct err *e);
