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
#include "base/strv.h"
#include "vfs/vfs.h"

/* A version of a tool that cacerts knows to the byte. */
struct distro_tool_version {
	const char *sha256;     /* lower-case hex, of the tool's file */
	const char *package;    /* for people */
	const char *generation; /* which of the family's tools it works like */
};

/* Text is a container path unless it says otherwise; lists end with NULL, a NULL list is empty. */
struct distro_family {
	const char *name;               /* stable id, shown to users: "debian" */
	const char *const *ids;         /* words of os-release ID or ID_LIKE */
	const char *const *marks;       /* files that say which distribution it is */
	const char *const *layout;      /* what only this family's package manager or stores have */
	const char *dropin_dir;         /* where an authority's own file goes; NULL: nowhere */
	const char *dropin_suffix;      /* what the tool wants such a file's name to end in */
	bool dropin_joined;             /* one file for all authorities: its tool reads any order */
	const char *bundle;             /* the PEM bundle */
	const char *hashed_dir;         /* OpenSSL's directory of <hash>.<n> links */
	const char *const *p11_dirs;    /* hashed directories into which p11-kit extracts */
	const char *const *stores;      /* other files that the tool makes, of any format */
	const char *const *lists;       /* files in which its tools note certificates, by paths */
	const char *const *source_dirs; /* where users put certificates */
	const char *const *tool;        /* argv of the update command; NULL: the family has none */
	const char *const *outputs;     /* what the tool's run may change for us: path prefixes */
	const struct distro_tool_version *tool_versions; /* ends with a NULL digest */
	const char *const *generations; /* ways in which its tools, and their parts, work */
};

/* Where readers of any family look for a PEM bundle, in the order most of them do. */
extern const char *const distro_bundles[]; /* NULL-terminated */

/* The directories that builds of OpenSSL have compiled in: "cert.pem" and "certs" are in them. */
extern const char *const distro_openssl_dirs[]; /* NULL-terminated */

struct distro {
	const struct distro_family *family; /* constant data, never freed */
	char evidence[128];                 /* what decided, for the receipt */
};

enum { DISTRO_UNKNOWN = 1 }; /* the one positive result of distro_detect() */

/*
 * distro_detect - find the family of a root file system
 * @ret: written on success (0) only
 *
 * Evidence, in this order, first hit wins; among families the order of their table:
 *	1. os-release ID, then each word of its ID_LIKE (/etc/os-release, or /usr/lib/os-release)
 *	2. marks: files such as /etc/alpine-release
 *	3. layout: what is left of a distribution in an image without either
 *
 * Returns: 0; DISTRO_UNKNOWN when nothing points to a known family; -E2BIG (ERR_LIMIT) above
 *          LIMIT_OS_RELEASE; any other -errno from reading.
 * Thread:  any that may use @fs; blocks on the disk.
 */
int distro_detect(const struct vfs *fs, struct distro *ret, struct err *e);

/*
 * Evidence for families other than @family (NULL: for any), as sentences such as "file
 * /etc/alpine-release says alpine". It decides nothing: it is for people who ask why.
 */
int distro_doubts(const struct vfs *fs, const struct distro_family *family, struct strv *ret,
		  struct err *e);
