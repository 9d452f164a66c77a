/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gentoo: Debian's script with patches, which take every file of the hooks' directory.
 */
#include "distro/families.h"

const struct distro_family distro_family_gentoo = {
	.name = "gentoo",
	.ids = (const char *const[]){"gentoo", NULL},
	.marks = (const char *const[]){"/etc/gentoo-release", NULL},
	.layout = (const char *const[]){"/var/db/pkg", NULL},
	.dropin_dir = "/usr/local/share/ca-certificates",
	.dropin_suffix = ".crt",
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
	.source_dirs = (const char *const[]){"/usr/local/share/ca-certificates",
					     "/usr/share/ca-certificates", NULL},
	.tool = (const char *const[]){"/usr/sbin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", NULL},
};
