/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * overlay_spec - a rootfs whose last spec is an overlay, with other directories
 *
 * All return -EINVAL (ERR_INVALID) for a rootfs that is none, else as mount_options_parse() and
 * strv_add(). @ret is empty before.
 */
#include "vfs/mount_spec.h"

/* How many lower directories has it? */
int overlay_spec_count_lowers(const struct mount_specs *rootfs, size_t *ret, struct err *e);

/* Have both the same lower directories, by whatever paths? */
bool overlay_spec_same_lowers(const struct mount_specs *a, const struct mount_specs *b);

/* With the host directory @path as one more of them, above the @n_below lowest. */
int overlay_spec_add_lower(const struct mount_specs *rootfs, const char *path, size_t n_below,
			   struct mount_specs *ret, struct err *e);

/* With another upper and work directory. */
int overlay_spec_over(const struct mount_specs *rootfs, const char *upper, const char *work,
		      struct mount_specs *ret, struct err *e);
