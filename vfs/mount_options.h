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
	MOUNT_SPECIAL, /* a file system without backing that we could look at: proc, tmpfs, nfs, ...
			*/
};

/* An overlay option that the spec may leave to the kernel (vfs/overlay_features.h). */
enum mount_switch { MOUNT_SWITCH_DEFAULT, MOUNT_SWITCH_OFF, MOUNT_SWITCH_ON };
enum mount_redirect {
	MOUNT_REDIRECT_DEFAULT,
	MOUNT_REDIRECT_OFF,
	MOUNT_REDIRECT_NOFOLLOW,
	MOUNT_REDIRECT_FOLLOW,
	MOUNT_REDIRECT_ON,
};

struct mount_options {
	enum mount_kind kind;
	char *subpath;           /* MOUNT_BIND: what of the source is bound, NULL: all of it */
	bool recursive;          /* rbind: mounts below the source come along */
	bool readonly;           /* the last of ro and rw wins */
	bool recursive_readonly; /* rro */
	uint64_t attr_set;       /* MOUNT_ATTR_* to set, without MOUNT_ATTR_RDONLY ... */
	uint64_t attr_clear;     /* ... and to clear on the mount */
	uint64_t recursive_set;  /* the same for it and the mounts below (rnosuid, ...); with ... */
	uint64_t recursive_clear;  /* ... MOUNT_ATTR_RDONLY of rrw alone */
	unsigned long propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, ...; 0: private */
	bool recursive_propagation;
	bool copies_up;           /* tmpcopyup: a tmpfs begins with what it hides */
	bool is_id_mapped;        /* idmap, ridmap: owners are shown as others ... */
	bool id_map_is_recursive; /* ... in the mounts below too ... */
	char *uid_map;            /* ... by these lines for the kernel, "inside outside count"; */
	char *gid_map;            /* NULL: by those of the container's user namespace */

	/* MOUNT_OVERLAY only: unescaped host paths */
	struct strv lowers; /* topmost first, at least one */
	bool lowers_listed; /* came as one list, to which nothing can be appended */
	char *upper;        /* NULL: a read-only overlay */
	char *work;
	bool is_volatile;
	bool userxattr;                   /* user.overlay.* in place of trusted.overlay.* */
	enum mount_redirect redirect_dir; /* this and the next two are in fs_options too */
	enum mount_switch metacopy;
	enum mount_switch index;

	struct strv fs_options; /* "key=value" or "key" that the file system itself gets */
};

/*
 * Returns 0; -EINVAL (ERR_INVALID) for contradictions and missing parts; -EOPNOTSUPP
 * (ERR_UNSUPPORTED) for a known word that changes meaning and isn't handled (remount, verity,
 * data-only lowers "::", ...). @ret must be given to mount_options_done().
 */
int mount_options_parse(const struct mount_spec *spec, struct mount_options *ret, struct err *e);
void mount_options_done(struct mount_options *o);

/*
 * The host directory that takes the writes of a rootfs: the last spec's upper, or what it binds;
 * the topmost lower of an overlay without an upper. For people. Returns as mount_options_parse();
 * -EINVAL for an empty list. The caller frees @ret.
 */
int mount_specs_top(const struct mount_specs *rootfs, char **ret, struct err *e);
#define cleanup_mount_options cleanup(mount_options_done)
