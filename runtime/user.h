/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * user - "name", "uid", "name:group", "uid:gid" in the container's own files
 *
 * /etc/passwd and /etc/group are read through vfs: regular files only, at most LIMIT_PASSWD
 * bytes. "" is root. "uid:gid" in numbers and the word "root" need no file.
 */
#include "base/limits.h"
#include "runtime/container.h"
#include "vfs/vfs.h"

/*
 * Returns 0; -ENOENT (ERR_NOT_FOUND) for an unknown name, with what to do about it; -EINVAL.
 * Supplementary groups are those of /etc/group that list the user's name; none if a group was
 * given. @ret->groups is allocated. @ret_home (LIMIT_PATH bytes, may be NULL) gets the home
 * directory, "/" if unknown, "/root" for root without a passwd entry.
 */
int runtime_user_lookup(const struct vfs *fs, const char *user, struct container_user *ret,
			char *ret_home, struct err *e);

/*
 * The home directory of a number, where no view is at hand; nothing outside of @root_fd, the
 * container's root, is reached. "/" where /etc/passwd has no line for it or can't be read; "/root"
 * is that of root then.
 */
void runtime_user_home(int root_fd, uid_t uid, char ret[LIMIT_PATH]);
