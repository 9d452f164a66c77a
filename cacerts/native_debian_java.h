/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * native_debian_java - what Debian's ca-certificates-java does with our drop-in files
 *
 * Its hook of update-ca-certificates hands the names of added links to a Java program, on newer
 * versions by way of a dpkg trigger, which leaves traces all over dpkg's state. The program adds
 * each to /etc/ssl/certs/java/cacerts as "debian:" and the link's name in lower case, and writes
 * the JKS keystore anew, in the order of Java's hash table. That is computed here, without dpkg.
 */
#include "base/limits.h"
#include "cacerts/debian_sources.h"

#define DEBIAN_JAVA_HOOK "jks-keystore"

struct debian_java {
	char path[LIMIT_PATH]; /* canonical, of the keystore */
	struct buf bytes;      /* what it will be; empty: it stays as it is */
	struct vfs_stat st;    /* of the keystore */
};

#define DEBIAN_JAVA_NONE ((struct debian_java){.bytes = BUF(LIMIT_STORE_FILE)})

void debian_java_done(struct debian_java *j);

/*
 * Compute the keystore; @dir: canonical path of the hooks, where ours is; @sources: with ours
 * among them. Returns 0; NATIVE_DECLINED; -errno.
 */
int debian_java_make(struct native *n, const char *dir, const struct debian_sources *sources,
		     struct debian_java *ret, struct err *e);

/* Add it to the plan. Returns 0, -errno. */
int debian_java_add(struct native *n, const struct debian_java *j, struct err *e);
