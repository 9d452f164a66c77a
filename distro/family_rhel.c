/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Red Hat, Fedora and all that is built like them, Amazon Linux, Azure Linux, openEuler:
 * update-ca-trust is a shell script that has p11-kit extract the anchors in six formats.
 */
#include "distro/families.h"

const struct distro_family distro_family_rhel = {
	.name = "rhel",
	.ids =
		(const char *const[]){
			"rhel",      "centos",       "fedora",      "rocky",      "almalinux",
			"ol",        "scientific",   "amzn",        "openEuler",  "anolis",
			"alinux",    "tencentos",    "opencloudos", "kylin",      "circle",
			"eurolinux", "miraclelinux", "virtuozzo",   "cloudlinux", "nobara",
			"mageia",    "altlinux",     "azurelinux",  "mariner",    NULL},
	.marks = (const char *const[]){"/etc/redhat-release", "/etc/centos-release",
				       "/etc/fedora-release", "/etc/system-release",
				       "/etc/azurelinux-release", "/etc/mariner-release",
				       "/etc/openEuler-release", NULL},
	.layout = (const char *const[]){"/etc/pki/ca-trust/extracted", NULL},
	.dropin_dir = "/etc/pki/ca-trust/source/anchors",
	.dropin_suffix = ".crt",
	.dropin_joined = true,
	.bundle = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	.hashed_dir = "/etc/pki/tls/certs",
	.stores = (const char *const[]){"/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
					"/etc/pki/ca-trust/extracted/pem/email-ca-bundle.pem",
					"/etc/pki/ca-trust/extracted/pem/objsign-ca-bundle.pem",
					"/etc/pki/ca-trust/extracted/java/cacerts",
					"/etc/pki/ca-trust/extracted/edk2/cacerts.bin", NULL},
	.source_dirs = (const char *const[]){"/etc/pki/ca-trust/source",
					     "/usr/share/pki/ca-trust-source", NULL},
	.tool = (const char *const[]){"/usr/bin/update-ca-trust", "extract", NULL},
	.outputs =
		(const char *const[]){"/etc/pki/ca-trust/extracted", "/etc/pki/tls/certs",
				      "/etc/pki/tls/cert.pem", "/etc/pki/java", "/etc/ssl", NULL},
};
