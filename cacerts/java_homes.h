/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * java_homes - the keystores that the Java installations of an image read
 *
 * An installation ("home") trusts what is in lib/security/jssecacerts, or if there is none in
 * lib/security/cacerts; of a JDK 8 below jre/. Often that is a link to the distribution's own
 * keystore. Homes are $JAVA_HOME, that of the "java" in $PATH, and those in the places where
 * distributions, images and installers put them.
 *
 * Nothing is opened here: what is at the paths may be anything.
 */
#include "vfs/vfs.h"

/*
 * java_homes_find - add the canonical paths of their keystores, each once
 * @env: of the process; NULL: not known
 * @ret: at most LIMIT_KEYSTORES; what is beyond isn't looked for
 *
 * What can't be looked up is no keystore. Returns 0, -ENOMEM.
 */
int java_homes_find(const struct vfs *fs, const struct strv *env, struct strv *ret, struct err *e);
