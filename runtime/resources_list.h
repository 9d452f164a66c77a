/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* resources_list - arrays that grow (private to runtime/) */
#include <stddef.h>

#include "base/err.h"

/*
 * Make room for one more element of @size bytes after @n of them. @v points to the array's
 * pointer; capacities are powers of two. Returns 0, -E2BIG (ERR_LIMIT) at @max, -ENOMEM.
 */
int resource_list_grow(void *v, size_t n, size_t max, size_t size, struct err *e);
