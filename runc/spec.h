/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* spec - a first config.json, the same as runc's */
#include <stdbool.h>

#include <jansson.h>

/*
 * @is_rootless: for a user who isn't root: a user namespace, the network and /sys of the host, no
 *               device rules
 * NULL without memory.
 */
json_t *spec_document(bool is_rootless);
