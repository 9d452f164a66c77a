/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* families - the table of all families */
#include "distro/distro.h"

extern const struct distro_family *const distro_families[]; /* NULL-terminated */

extern const struct distro_family distro_family_debian;

/* The family of this name, or NULL. */
const struct distro_family *distro_family_get(const char *name);
