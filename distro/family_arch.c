/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arch and derivatives: update-ca-trust is a shell script around p11-kit, whose hashed
 * directory is linked into /etc/ssl/certs.
 */
#include "distro/families.h"

const struct distro_family distro_family_arch = {
	.name = "arch",
	.ids = (const char *const[]){"arch", "archarm", "manjaro", "endeavouros", "artix",
				     "cachyos", "steamos", "garuda", NULL},
	.marks = (const char *const[]){"/etc/arch-release", NULL},
	.layout = (const char *const[]){"/etc/ca-certificates/extracted", "/var/lib/pacman/local",
					NULL},
	.dropin_dir = "/etc/ca-certificates/trust-source/anchors",
	.dropin_suffix = ".crt",
	.dropin_joined = true,
	.bundle = "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
	.hashed_dir = "/etc/ssl/certs",
	.p11_dirs = (const char *const[]){"/etc/ca-certificates/extracted/cadir", "/etc/ssl/certs",
					  NULL},
	.stores = (const char *const[]){"/etc/ca-certificates/extracted/email-ca-bundle.pem",
					"/etc/ca-certificates/extracted/objsign-ca-bundle.pem",
					"/etc/ca-certificates/extracted/edk2-cacerts.bin",
					"/etc/ssl/certs/ca-bundle.trust.crt",
					"/etc/ssl/certs/java/cacerts", NULL},
	.source_dirs = (const char *const[]){"/etc/ca-certificates/trust-source",
					     "/usr/share/ca-certificates/trust-source", NULL},
	.tool = (const char *const[]){"/usr/bin/update-ca-trust", NULL},
	.outputs = (const char *const[]){"/etc/ca-certificates/extracted", "/etc/ssl", NULL},
};
