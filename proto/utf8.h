/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * utf8 - is it text that a protobuf string may carry?
 *
 * Strict: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is not text here,
 * because it would cut a C string short.
 */
#include <stdbool.h>
#include <stddef.h>

bool utf8_is_text(const void *bytes, size_t n);

/* Replace each byte of @text that does not belong to a valid character by '?'. */
void utf8_clean(char *text);
