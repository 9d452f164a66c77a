/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * vectors - keystores that the JDK's own tools made, in tests/unit/cacerts/vectors/java/
 *
 * "ours.pem" is the authority, "other.pem" another certificate, which each keystore holds under the
 * name "other" unless its own name says something else. "X-ours" is X after keytool imported the
 * authority under the name that we give it. The password is "changeit", of "secret" it is "sesame",
 * of "changeme" as it says. vectors/java/README.md tells how they were made.
 */
#include "base/buf.h"
#include "cacerts/authorities.h"

/* The file's bytes; the caller owns them. Aborts the test if it isn't there. */
struct buf vector_read(const char *name);
/* The set with only "ours.pem"; the caller owns it. */
struct authorities *vector_authorities(void);
