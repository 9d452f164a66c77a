/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* families - the table of all families */
#include "distro/distro.h"

extern const struct distro_family *const distro_families[]; /* NULL-terminated */

extern const struct distro_family distro_family_debian;
extern const struct distro_family distro_family_alpine;
extern const struct distro_family distro_family_rhel;
extern const struct distro_family distro_family_suse;
extern const struct distro_family distro_family_arch;
extern const struct distro_family distro_family_gentoo;
extern const struct distro_family distro_family_void;
extern const struct distro_family distro_family_photon;
extern const struct distro_family distro_family_nixos;

/* The family of this name, or NULL. */
const struct distro_family *distro_family_get(const char *name);
