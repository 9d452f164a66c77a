/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The versions of update-ca-trust:
 *
 *	G1    four bundles, a keystore, and EDK2's list
 *	G1@N  the same, with SOURCE_DATE_EPOCH=N: the time of each keystore entry
 *	G1-   the same without EDK2's list, which older ones of p11-kit don't know
 *	G2    G1 and a hashed directory, with links to the bundle in it
 *	G3    G1 and a hashed directory, each hash link of which has one in /etc/pki/tls/certs
 */
#include <string.h>

#include "cacerts/native_p11.h"

#define EXTRACTED "/etc/pki/ca-trust/extracted"
#define HASHED    EXTRACTED "/pem/directory-hash"

/* clang-format off */
#define FILES_OF_ALL                                                                               \
	{.path = EXTRACTED "/openssl/ca-bundle.trust.crt", .style = {P11_TRUSTED, .comments = true}, \
	 .is_all = true},                                                                           \
	{.path = EXTRACTED "/pem/tls-ca-bundle.pem", .style = {P11_PEM, .comments = true},           \
	 .purpose = P11_SERVER},                                                                    \
	{.path = EXTRACTED "/pem/email-ca-bundle.pem", .style = {P11_PEM, .comments = true},         \
	 .purpose = P11_MAIL},                                                                      \
	{.path = EXTRACTED "/pem/objsign-ca-bundle.pem", .style = {P11_PEM, .comments = true},       \
	 .purpose = P11_CODE},                                                                      \
	{.path = EXTRACTED "/java/cacerts", .style = {P11_JKS}, .purpose = P11_SERVER}

static const struct p11_output files_without_edk2[] = {
	FILES_OF_ALL,
	{0},
};

static const struct p11_output files[] = {
	FILES_OF_ALL,
	{.path = EXTRACTED "/edk2/cacerts.bin", .style = {P11_EDK2}, .purpose = P11_SERVER},
	{0},
};

static const struct p11_output no_dirs[] = {{0}};

static const struct p11_output dirs_with_bundles[] = {
	{.path = HASHED, .style = {P11_PEM}, .purpose = P11_SERVER,
	 .links = (const char *const[]){"ca-certificates.crt", "../tls-ca-bundle.pem",
					"ca-bundle.crt", "../tls-ca-bundle.pem", NULL}},
	{0},
};

static const struct p11_output dirs[] = {
	{.path = HASHED, .style = {P11_PEM}, .purpose = P11_SERVER},
	{0},
};

static const char *const no_commands[] = {NULL};
static const char *const linking_commands[] = {"basename", "find", "ln", "readlink", "rm", NULL};

#define SOURCES .own = "/etc/pki/ca-trust/source", .vendor = "/usr/share/pki/ca-trust-source"

static const struct p11_layout layouts[] = {
	{"G1", SOURCES, .program = "/usr/bin/p11-kit", .commands = no_commands,
	 .files = files, .dirs = no_dirs},
	{"G1@1718214849", SOURCES, .program = "/usr/bin/p11-kit", .commands = no_commands,
	 .files = files, .dirs = no_dirs, .date = 1718214849000},
	{"G1-", SOURCES, .program = "/usr/bin/p11-kit", .commands = no_commands,
	 .files = files_without_edk2, .dirs = no_dirs},
	{"G2", SOURCES, .program = "/usr/bin/trust", .commands = no_commands,
	 .files = files, .dirs = dirs_with_bundles},
	{"G3", SOURCES, .program = "/usr/bin/trust", .commands = linking_commands,
	 .files = files, .dirs = dirs, .linked = "/etc/pki/tls/certs"},
};
/* clang-format on */

const struct p11_layout *p11_layout_rhel(void)
{
	return &layouts[ARRAY_SIZE(layouts) - 1];
}

int native_rhel(struct native *n, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (strcmp(layouts[i].generation, n->generation) == 0)
			return native_p11(n, &layouts[i], e);
	return native_decline(n, "the tool is of a generation without an engine");
}
