/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian, Ubuntu and derivatives, distroless images made of their packages:
 * update-ca-certificates is a shell script around openssl rehash.
 */
#include "distro/families.h"

static const struct distro_tool_version versions[] = {
	{"7ad4af5c16cfe26de17f76a3b2217f011a651fe1f25ed1608584765aeeffb7f9", "20210119", "D1"},
	{"395364bffc7ce85ccbe2de71215f9c6c85c024af3bbd991c75a01c2d2aa3080a", "20230311+deb12u1",
	 "D2"},
	/* the same file in 20250419~deb12u2, 20250419+deb13u1 and 20260816+nmu1 */
	{"2cb06c85b5f01c4f6b72c3983d9f66d44aac0a7ac997ee55e7e429aedbc3934d", "20250419", "D3"},
	{0},
};

const struct distro_family distro_family_debian = {
	.name = "debian",
	.ids = (const char *const[]){"debian", "ubuntu", "raspbian", "kali", "linuxmint", "pop",
				     "devuan", "elementary", "deepin", "parrot", "neon", NULL},
	.marks = (const char *const[]){"/etc/debian_version", NULL},
	.layout = (const char *const[]){"/var/lib/dpkg/status", "/var/lib/dpkg/status.d", NULL},
	.dropin_dir = "/usr/local/share/ca-certificates",
	.dropin_suffix = ".crt",
	.bundle = "/etc/ssl/certs/ca-certificates.crt",
	.hashed_dir = "/etc/ssl/certs",
	.stores = (const char *const[]){"/etc/ssl/certs/java/cacerts", NULL},
	.lists = (const char *const[]){"/var/lib/ca-certificates-java/pending",
				       "/var/lib/ca-certificates-java/fresh", NULL},
	.source_dirs = (const char *const[]){"/usr/local/share/ca-certificates",
					     "/usr/share/ca-certificates", NULL},
	.tool = (const char *const[]){"/usr/sbin/update-ca-certificates", NULL},
	.outputs = (const char *const[]){"/etc/ssl/certs", NULL},
	.tool_versions = versions,
	.generations = (const char *const[]){"D1", "D2", "D3", NULL},
};
