/* SPDX-License-Identifier: Apache-2.0 */
#include "distro/families.h"

#include <string.h>

const struct distro_family *const distro_families[] = {
	&distro_family_debian,
	NULL,
};

const char *const distro_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
	NULL,
};

const struct distro_family *distro_family_get(const char *name)
{
	for (const struct distro_family *const *f = distro_families; *f; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}
