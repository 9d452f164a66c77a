/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * documents - config.json for tests: a small one, in which a fragment replaces or adds members
 *
 * Fragments are JSON with ' for ", so that rows of them can be read.
 */
#include "oci/config.h"
#include "tests/support/suite.h"

/* Where all test documents are read: bundle "/bundle", the last capability is 40. */
extern const struct oci_place documents_place;

/* The text of the small document with the fragment merged in; the caller frees it. */
char *document_text(const char *fragment);
/* oci_config_read() of it. */
int document_read(const char *fragment, struct oci_config *ret, struct err *e);
/* ... of what must be right; @ret is freed by oci_config_done(). */
void document_must_read(const char *fragment, struct oci_config *ret);
/* A copy with " for '; the caller frees it. */
char *document_quoted(const char *text);

/* A fragment and how it is refused. */
struct document_error {
	const char *fragment;
	const char *message;
	int code; /* 0: -EINVAL */
};

/* Each fragment is refused with its message, and the output is left alone. */
void documents_are_refused(const struct document_error *rows, size_t n);
