/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * java_order - the order in which Java writes the entries of a JKS keystore
 *
 * Java keeps them in a java.util.Hashtable by alias: 11 chains at first, 2n + 1 when three
 * quarters are reached, the youngest of a chain first; it is read from the last chain down. So the
 * order follows from the order in which entries were put in: those of the file, then the new ones.
 */
#include "cacerts/jks.h"

/* An alias isn't what Java would write, or is there twice. */
enum { JAVA_ORDER_UNKNOWN = 1 };

/* Bring the entries into that order. Returns 0, JAVA_ORDER_UNKNOWN, -ENOMEM; @j is untouched then.
 */
int java_order(struct jks *j, struct err *e);

/* String.hashCode() of modified UTF-8; false if it isn't the one way to write the string. */
bool java_hash(const char *text, size_t n, uint32_t *ret);
