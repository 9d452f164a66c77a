/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* hex - bytes as lower-case hexadecimal text and back; results are allocated, NULL on failure */
#include <stddef.h>

char *hex_encode(const void *bytes, size_t n);
/* NULL also for text that isn't hexadecimal; @ret_n is 0 then. */
void *hex_decode(const char *text, size_t *ret_n);
