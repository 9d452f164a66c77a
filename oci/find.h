/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * find - where a value stands in the text of a document that nobody has parsed yet
 *
 * It is for text that is JSON. What isn't, or is written in an unusual way, may be found nowhere or
 * somewhere: whoever parses the document without the value, and the value, finds that out.
 */
#include <stdbool.h>
#include <stddef.h>

struct oci_text {
	const char *data; /* borrowed; not terminated */
	size_t n;
};

/* The list at "path[0].path[1]..." of the object @document; @path ends with NULL. */
bool oci_find_list(struct oci_text document, const char *const *path, struct oci_text *ret);
