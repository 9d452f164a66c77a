/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Photon: certificates lie in the hashed directory itself. The bundle of base images comes from
 * a package; the optional tool makes it anew of all .pem files there.
 */
#include "distro/families.h"

const struct distro_family distro_family_photon = {
	.name = "photon",
	.ids = (const char *const[]){"photon", NULL},
	.marks = (const char *const[]){"/etc/photon-release", NULL},
	.dropin_dir = "/etc/ssl/certs",
	.dropin_suffix = ".pem",
	.bundle = "/etc/pki/tls/certs/ca-bundle.crt",
	.hashed_dir = "/etc/ssl/certs",
	.source_dirs = (const char *const[]){"/etc/ssl/certs", NULL},
	.tool = (const char *const[]){"/usr/bin/rehash_ca_certificates.sh", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", "/etc/pki/tls/certs", NULL},
};
