/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * seccomp - the default system call filter
 *
 * An allow list with the meaning of the profile that docker and podman ship (the copy in
 * Debian's golang-github-containers-common was the source of facts), resolved for the default
 * capabilities, for this machine's architecture and the 32-bit ones that it can run. The
 * tables are in seccomp_profile.c.
 *
 * The default answer is ENOSYS, so that libc falls back from calls newer than the profile;
 * the calls that the profile knows and denies are listed and get EPERM. mount() and its like
 * are left to the kernel, which wants a capability that the container lacks (EPERM too).
 *
 * Compiled once per process by libseccomp, as a binary tree, and cached.
 */
#include <linux/filter.h>

#include "base/err.h"

/* The compiled program; constant, never freed. Thread: any (pthread_once). */
int runtime_seccomp_default(const struct sock_fprog **ret, struct err *e);
