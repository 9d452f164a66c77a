/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * values - readers of plain values (json_reader.h)
 *
 * Each fills one field of the type it names. oci_get_* give a value to a reader that makes
 * something else of it. Numbers are whole: 1.0 is refused.
 */
#include "oci/json_reader.h"

/* A word of a document and what it stands for. */
struct oci_word {
	const char *word;
	long long value;
};

/* ---- into a field ---------------------------------------------------------------------- */

oci_reader oci_read_string;  /* char *; at most max bytes, LIMIT_STRING without; "" stays NULL */
oci_reader oci_read_path;    /* char *; absolute, not longer than a path can be */
oci_reader oci_read_strings; /* struct strv; at most max, for which room is made */
oci_reader oci_read_paths;   /* struct strv; at most max absolute ones */
oci_reader oci_read_bool;    /* bool */
oci_reader oci_read_uint16;  /* uint16_t; at most max, if that is given, as for the next two */
oci_reader oci_read_uint32;  /* uint32_t */
oci_reader oci_read_uint64;  /* uint64_t */
oci_reader oci_read_int64;   /* int64_t */
oci_reader oci_read_id;      /* uid_t or gid_t: all but the last number, which means none */

oci_reader oci_read_environment; /* struct strv of NAME=VALUE; at most max */

/* The member of a map as "name=text", appended to a struct strv. Neither "" nor '=' in a name. */
oci_reader oci_add_setting;

/* ---- by hand --------------------------------------------------------------------------- */

/* The string, borrowed from the document; at most @max bytes. */
int oci_get_string(const struct oci_node *at, size_t max, const char **ret, struct err *e);
/* A path that begins with '/'. */
int oci_get_path(const struct oci_node *at, const char **ret, struct err *e);
int oci_get_unsigned(const struct oci_node *at, uint64_t max, uint64_t *ret, struct err *e);
int oci_get_signed(const struct oci_node *at, int64_t min, int64_t max, int64_t *ret,
		   struct err *e);
/* What a word stands for; an unknown one is an error with all that are known. */
int oci_get_word(const struct oci_node *at, const struct oci_word *words, size_t n, long long *ret,
		 struct err *e);
/* The same without an error: false for an unknown one. */
bool oci_find_word(const char *text, const struct oci_word *words, size_t n, long long *ret);
