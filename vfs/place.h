/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * place - a canonical path, found: its mount, its directory and what is there
 *
 * Paths are checked to be canonical, so that no component can be ".." and lead out.
 */
#include "vfs/dir.h"

struct vfs_place {
	const struct vfs_mount *mount; /* borrowed */
	struct vfs_dir dir; /* of the parent; empty if that is no directory, and at a root */
	const char *name;   /* last component, in the caller's path; NULL at a mount's root */
	struct vfs_entry entry;
};

void vfs_place_done(struct vfs_place *p);
#define cleanup_vfs_place cleanup(vfs_place_done)

int vfs_place_find(const struct vfs *fs, const char *path, struct vfs_place *ret, struct err *e);
/* An O_PATH descriptor of what shows at the place; -ENOENT if nothing does. */
int vfs_place_open(const struct vfs_place *p, struct err *e);
/* The same of the file that has the content, which a metacopy has in another layer. */
int vfs_place_open_content(const struct vfs_place *p, struct err *e);
/*
 * A regular file behind an O_PATH descriptor, for @access (O_RDONLY, O_WRONLY, ...). Returns the
 * fd; -EINVAL for others. Reading leaves its access time alone.
 */
int vfs_place_reopen(int fd, int access, struct err *e);

/*
 * vfs_describe() of the place: the layer of what shows; of nothing, the one that would take it.
 * And the layer of the content of a metacopy.
 */
void vfs_place_describe(const struct vfs_place *p, char *ret, size_t size);
void vfs_place_describe_content(const struct vfs_place *p, char *ret, size_t size);

/*
 * A recursive bind holds mounts of the host that are in no table of ours: does one begin at the
 * place? Does the one that holds the place take no writes? Both return 1 or 0.
 */
int vfs_place_is_submount(const struct vfs_place *p, struct err *e);
int vfs_place_is_readonly(const struct vfs_place *p, struct err *e);

/* The directory @path. Returns 0; VFS_NOT_DIR for anything else, or nothing. */
int vfs_dir_walk(const struct vfs *fs, const char *path, struct vfs_dir *ret, struct err *e);

/*
 * A directory of a layer, which may be O_PATH, for listing; on a descriptor of its own, since
 * reading moves it. Its access time stays.
 */
int vfs_dir_open_list(int dirfd, DIR **ret, struct err *e);

/*
 * Copy the first component of *@path to @name (NAME_MAX + 1 bytes) and move *@path behind it.
 * Returns 1; 0 at the end of the path; -ENAMETOOLONG.
 */
int vfs_next_name(const char **path, char *name, struct err *e);
/* Raise -EINVAL unless @path is canonical. */
int vfs_check_canonical(const char *path, struct err *e);
/* What is left of canonical @path below the mount. */
const char *vfs_path_inside(const struct vfs_mount *m, const char *path);

/* Raise -ENOENT, -EINVAL for what is at the place of @path, unless it is a @want. */
int vfs_place_need(const struct vfs_place *p, enum vfs_type want, const char *path, struct err *e);
