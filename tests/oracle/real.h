/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * real - mount specs, mounted by the kernel; and paths, walked by the kernel
 *
 * This is the other side of the comparison and shares no code with vfs: it knows just the few
 * options that world.c writes. What can't be mounted ends the process (must.h), except where
 * the result says so.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "vfs/mount_spec.h"

struct real_mount {
	char destination[LIMIT_PATH]; /* canonical container path */
	uint64_t id;                  /* as statx() tells it */
	bool is_special;              /* nothing backs it */
	char made[LIMIT_PATH];        /* topmost of what had to be made for it; "" for nothing */
	char top[LIMIT_PATH];         /* host path of what takes writes; "" for nothing */
	bool is_overlay;
};

struct real {
	const char *at; /* host path of the root; borrowed */
	struct real_mount mounts[LIMIT_MOUNTS];
	size_t n_mounts;
	bool *gave_up;                    /* set when a look-up found ESTALE; borrowed */
	const struct mount_specs *rootfs; /* what is mounted; borrowed */
	const struct mount_specs *specs;
};

/* Mount the rootfs; *@r is written whole. */
void real_mount_rootfs(struct real *r, const char *at, const struct mount_specs *rootfs);
/* Mount one spec more. Returns 0, -errno if its destination can't be found, made or used. */
int real_mount_add(struct real *r, const struct mount_spec *spec);
void real_unmount(struct real *r);
/*
 * Mount @rootfs and @mounts, the twins of what is or was mounted at @r, at the very places where
 * @r has them, whatever the links on the way there say meanwhile. Every spec must work.
 */
void real_mount_again(struct real *r, const struct mount_specs *rootfs,
		      const struct mount_specs *mounts);

/*
 * real_open - open @path as a process in the container would, with O_PATH
 * @flags: O_NOFOLLOW, O_DIRECTORY or 0
 *
 * openat2(RESOLVE_IN_ROOT), or in a chroot where that call is denied. Returns the fd, -errno.
 */
int real_open(const struct real *r, const char *path, int flags);
/* The same of a canonical path, of which no component may be a link: -ENOENT otherwise. */
int real_open_canonical(const struct real *r, const char *path);
/* The container path that @fd stands for. */
void real_path_of(const struct real *r, int fd, char *ret);
/* The mount that @fd is in; NULL if none of ours (one that came along with a recursive bind). */
const struct real_mount *real_mount_of(const struct real *r, int fd);
/* Is mount @i there to be seen: does no later one lie on its destination, or above? */
bool real_shows(const struct real *r, size_t i);
/* Does a mount that shows begin at canonical @path? By text. */
bool real_is_mountpoint(const struct real *r, const char *path);
/* Was canonical @path made for a mount, above its destination or (@at) the same? By text. */
bool real_is_made(const struct real *r, const char *path, bool at);
/* Is canonical @path at or below a special mount? By text. */
bool real_is_unreachable(const struct real *r, const char *path);

/*
 * real_walk - the path that @path stands for, also where nothing is
 *
 * Component by component, each looked at by the kernel. Returns 0; 1 if something is missing:
 * @ret (LIMIT_PATH bytes) is then what exists and the rest as text; -ELOOP, -ENOTDIR,
 * -ENAMETOOLONG.
 */
int real_walk(const struct real *r, const char *path, bool follow_last, char *ret);
/* Does the walk lead through something that was made for a mount, above the destination? */
bool real_walk_needs_made(const struct real *r, const char *path, bool follow_last);
