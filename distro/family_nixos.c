/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NixOS and images built by nix: no tool. The bundle is a link into the store, which is never
 * written: a file takes the place of the link.
 */
#include "distro/families.h"

const struct distro_family distro_family_nixos = {
	.name = "nixos",
	.ids = (const char *const[]){"nixos", NULL},
	.marks = (const char *const[]){"/etc/NIXOS", NULL},
	.layout = (const char *const[]){"/nix/store", NULL},
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
};
