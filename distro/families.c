/* SPDX-License-Identifier: Apache-2.0 */
#include "distro/families.h"

#include <string.h>

const struct distro_family *const distro_families[] = {
	&distro_family_debian, &distro_family_alpine,
	&distro_family_rhel,   &distro_family_suse,
	&distro_family_arch,   &distro_family_gentoo,
	&distro_family_void,   &distro_family_photon,
	&distro_family_nixos,  NULL,
};

const char *const distro_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/cert.pem",
	"/etc/ssl/certs/ca-bundle.crt",
	NULL,
};

const char *const distro_openssl_dirs[] = {
	"/usr/lib/ssl", "/etc/ssl", "/etc/pki/tls", "/usr/local/ssl", NULL,
};

const struct distro_family *distro_family_get(const char *name)
{
	for (const struct distro_family *const *f = distro_families; *f; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}
