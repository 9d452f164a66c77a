/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Red Hat, Fedora and all that is built like them, Amazon Linux, Azure Linux, openEuler:
 * update-ca-trust is a shell script that has p11-kit extract the anchors in six formats.
 */
#include "distro/families.h"

static const struct distro_tool_version versions[] = {
	/* the same file in the packages of CBL-Mariner 1 and 2 */
	{"0c0c0600587db7f59ba5e399666152ea6de6059f37408f3946c43438d607efdd", "CBL-Mariner 2", "G1"},
	{"18f1376599681834e959e4b54dfd5d4afd47fd55cafd71030b1676c817f7c7c1", "Azure Linux 3",
	 "G1@1718214849"},
	{"ee824d821f7aa8a484f22e6ade30c1b9df2b0b4395b00316d2f3d20c18ab9263", "Fedora 40", "G2"},
	{"3ddfe26cb2ab0cb828de7c63349e4ab23fdf13daeba0ca7b46794d86231e4e77",
	 "Fedora 43, Azure Linux 4", "G3"},
	{0},
};

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
	.p11_dirs = (const char *const[]){"/etc/pki/ca-trust/extracted/pem/directory-hash",
					  "/etc/pki/tls/certs", NULL},
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
	.tool_versions = versions,
	.generations = (const char *const[]){"G1", "G1@1718214849", "G1-", "G2", "G3", NULL},
};
