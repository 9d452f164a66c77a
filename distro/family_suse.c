/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openSUSE, SUSE Linux Enterprise: update-ca-certificates is a shell script that runs a hook
 * for each format; p11-kit extracts, all below /var/lib/ca-certificates.
 */
#include "distro/families.h"

const struct distro_family distro_family_suse = {
	.name = "suse",
	.ids = (const char *const[]){"opensuse-leap", "opensuse-tumbleweed", "opensuse-microos",
				     "opensuse", "sles", "sled", "sles_sap", "sle-micro",
				     "sl-micro", "suse", NULL},
	.marks = (const char *const[]){"/etc/SUSE-brand", "/etc/SuSE-release", NULL},
	.layout = (const char *const[]){"/var/lib/ca-certificates/ca-bundle.pem", NULL},
	.dropin_dir = "/etc/pki/trust/anchors",
	.dropin_suffix = ".crt",
	.dropin_joined = true,
	.bundle = "/var/lib/ca-certificates/ca-bundle.pem",
	.hashed_dir = "/var/lib/ca-certificates/pem",
	.p11_dirs = (const char *const[]){"/var/lib/ca-certificates/pem",
					  "/var/lib/ca-certificates/openssl", NULL},
	.stores = (const char *const[]){"/var/lib/ca-certificates/java-cacerts", NULL},
	.source_dirs = (const char *const[]){"/etc/pki/trust", "/usr/share/pki/trust", NULL},
	.tool = (const char *const[]){"/usr/sbin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/var/lib/ca-certificates", "/etc/ssl", NULL},
	.generations = (const char *const[]){"S1", "S1-java", "S1-openssl", "S1-etc_ssl",
					     "S1-certbundle", NULL},
};
