/* SPDX-License-Identifier: Apache-2.0 */
/* Debian, Ubuntu and derivatives: update-ca-certificates is a shell script around openssl rehash.
 */
#include "distro/families.h"

const struct distro_family distro_family_debian = {
	.name = "debian",
	.ids = (const char *const[]){"debian", "ubuntu", "raspbian", "kali", "linuxmint", "pop",
				     "devuan", NULL},
	.marks = (const char *const[]){"/etc/debian_version", NULL},
	.dropin_dir = "/usr/local/share/ca-certificates",
	.dropin_suffix = ".crt",
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
	.source_dirs = (const char *const[]){"/usr/local/share/ca-certificates",
					     "/usr/share/ca-certificates", NULL},
	.tool = (const char *const[]){"/usr/sbin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", NULL},
};
