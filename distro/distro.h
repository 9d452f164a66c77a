/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * distro - which trust stores does this root file system use?
 *
 * A family is a group of distributions that keep their stores in the same places and update
 * them the same way. Families are constant data: to add one, write distro/family_<name>.c and
 * one line in distro/families.c; no other file changes.
 *
 * The container is read through vfs/ only: never mounted, executed or written here.
 */
#include "vfs/vfs.h"

/* A version of a tool that cacerts knows to the byte. */
struct distro_tool_version {
	const char *sha256;  /* lower-case hex, of the tool's file */
	const char *package; /* for people */
};

struct distro_family {
	const char *name;               /* stable id, shown to users: "debian" */
	const char *const *ids;         /* words of os-release ID or ID_LIKE, NULL-terminated */
	const char *const *marks;       /* files that only this family has, NULL-terminated */
	const char *dropin_dir;         /* where an authority's own file goes */
	const char *dropin_suffix;      /* what the tool wants such a file's name to end in */
	const char *bundle;             /* the PEM bundle */
	const char *hashed_dir;         /* OpenSSL's directory of <hash>.<n> links */
	const char *const *source_dirs; /* where users put certificates, NULL-terminated */
	const char *const *tool;        /* argv of the update command, NULL-terminated */
	const char *const *outputs;     /* what the tool's run may change for us: path prefixes */
	const struct distro_tool_version *tool_versions; /* ends with a NULL digest; NULL: none */
};

/* Where readers of any family look for a PEM bundle, in the order most of them do. */
extern const char *const distro_bundles[]; /* NULL-terminated */

struct distro {
	const struct distro_family *family; /* constant data, never freed */
	char evidence[128];                 /* what decided, for the receipt */
};

enum { DISTRO_UNKNOWN = 1 }; /* the one positive result of distro_detect() */

/*
 * distro_detect - find the family of a root file system
 * @ret: written on success (0) only
 *
 * Evidence, in this order, first hit wins: os-release ID, each word of its ID_LIKE, marks of
 * the families. /etc/os-release is read, then /usr/lib/os-release.
 *
 * Returns: 0; DISTRO_UNKNOWN when nothing points to a known family; -E2BIG (ERR_LIMIT) above
 *          LIMIT_OS_RELEASE; any other -errno from reading.
 * Thread:  any that may use @fs; blocks on the disk.
 */
int distro_detect(const struct vfs *fs, struct distro *ret, struct err *e);
