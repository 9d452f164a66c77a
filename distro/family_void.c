/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Void: Debian's script with patches for another root and for busybox.
 */
#include "distro/families.h"

const struct distro_family distro_family_void = {
	.name = "void",
	.ids = (const char *const[]){"void", NULL},
	.layout = (const char *const[]){"/var/db/xbps", NULL},
	.dropin_dir = "/usr/local/share/ca-certificates",
	.dropin_suffix = ".crt",
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
	.source_dirs = (const char *const[]){"/usr/local/share/ca-certificates",
					     "/usr/share/ca-certificates", NULL},
	.tool = (const char *const[]){"/usr/bin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", NULL},
};
