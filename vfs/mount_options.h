/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mount_options - what the options of a mount spec mean; one parser for vfs and runtime
 *
 * The words are one table in mount_options.c: name, effect, comment. A word that changes what
 * a path means and that we don't know is refused by name, never guessed; a word that belongs
 * to a special file system (tmpfs "size=") is handed to it untouched.
 */
#include <stdbool.h>
#include <stdint.h>

#include "vfs/mount_spec.h"

enum mount_kind {
	MOUNT_BIND,    /* a directory or file of the host */
	MOUNT_OVERLAY, /* lower, upper and work directories of the host, not mounted */
	MOUNT_SPECIAL, /* a file system without backing: proc, sysfs, tmpfs, devpts, ... */
};

struct mount_options {
	enum mount_kind kind;
	bool recursive;            /* rbind: mounts below the source come along */
	bool readonly;             /* the last of ro and rw wins */
	bool recursive_readonly;   /* rro */
	uint64_t attr_set;         /* MOUNT_ATTR_* to set, without MOUNT_ATTR_RDONLY ... */
	uint64_t attr_clear;       /* ... and to clear on the mount */
	unsigned long propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, ...; 0: private */
	bool recursive_propagation;

	/* MOUNT_OVERLAY only: unescaped host paths */
	struct strv lowers; /* topmost first, at least one */
	char *upper;        /* NULL: a read-only overlay */
	char *work;
	bool is_volatile;
	bool userxattr; /* user.overlay.* in place of trusted.overlay.* */

	struct strv fs_options; /* "key=value" or "key" that the file system itself gets */
};

/*
 * Returns 0; -EINVAL (ERR_INVALID) for contradictions and missing parts; -EOPNOTSUPP
 * (ERR_UNSUPPORTED) for a known word that changes meaning and isn't handled (redirect_dir=on,
 * metacopy=on, data-only lowers "::", ...). @ret must be given to mount_options_done().
 */
int mount_options_parse(const struct mount_spec *spec, struct mount_options *ret, struct err *e);
void mount_options_done(struct mount_options *o);
#define cleanup_mount_options cleanup(mount_options_done)
