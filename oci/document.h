/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * document - the text of a runtime-spec document as JSON
 *
 * Numbers of the spec go up to 2^64 - 1 (an unlimited rlimit is one), jansson's end at 2^63 - 1.
 * Larger ones become strings that begin with a byte which no sane document has; oci_big_number()
 * knows them again, and no reader of strings takes them for one.
 */
#include "base/json.h"

/*
 * Parse @n bytes.
 *
 * Returns: 0; -E2BIG (ERR_LIMIT) above LIMIT_OCI_CONFIG; -EINVAL (ERR_INVALID), with line and
 *          column for what isn't JSON, and for what isn't an object; -ENOMEM.
 */
int oci_document_parse(const char *text, size_t n, json_t **ret, struct err *e);

/* The same for a value of any kind. */
int oci_value_parse(const char *text, size_t n, json_t **ret, struct err *e);

/* Replace what a terminal would obey: messages quote documents. */
void oci_make_printable(char *text);

/* Is it a number of 2^63 or more? */
bool oci_big_number(const json_t *j, uint64_t *ret);
