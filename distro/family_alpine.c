/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alpine, Wolfi, Chainguard, postmarketOS: update-ca-certificates is a C program, which base
 * images do not have. It takes every file of the drop-in directory that is not hidden.
 */
#include "distro/families.h"

const struct distro_family distro_family_alpine = {
	.name = "alpine",
	.ids = (const char *const[]){"alpine", "wolfi", "chainguard", "postmarketos", "adelie",
				     NULL},
	.marks = (const char *const[]){"/etc/alpine-release", NULL},
	.layout = (const char *const[]){"/lib/apk/db/installed", "/usr/lib/apk/db/installed", NULL},
	.dropin_dir = "/usr/local/share/ca-certificates",
	.dropin_suffix = ".crt",
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
	.stores = (const char *const[]){"/etc/ssl/certs/java/cacerts", NULL},
	.source_dirs = (const char *const[]){"/usr/local/share/ca-certificates",
					     "/usr/share/ca-certificates", NULL},
	.tool = (const char *const[]){"/usr/sbin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", NULL},
};
