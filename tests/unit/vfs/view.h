/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * view - the fixture of the vfs tests: a scratch tree and a view of it
 *
 * In sources and options '@' stands for the tree's host path. view_done() fails the test when
 * a descriptor was leaked.
 */
#include "tests/support/suite.h"
#include "tests/support/tree.h"
#include "vfs/vfs.h"

struct vfs_snapshot;

struct view {
	struct tree t;
	struct mount_specs rootfs;
	struct mount_specs mounts;
	struct vfs *fs;
	int n_fds; /* open when the test began */
};

void view_init(struct view *v);
void view_done(struct view *v);

void view_rootfs(struct view *v, const char *type, const char *source, const char *options);
void view_mount(struct view *v, const char *type, const char *source, const char *destination,
		const char *options);
/* (Re)open v->fs; the test fails if that does. */
void view_open(struct view *v);
/* The same where it is expected to fail. Returns vfs_new()'s result. */
int view_try(struct view *v, struct err *e);

/* The overlay that most tests write to. */
#define VIEW_OVERLAY "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w"
/* Open it; its directories are made if the test hasn't. */
void view_open_overlay(struct view *v);

/* Host path or options with '@' replaced; the caller frees it. */
char *view_expand(const struct view *v, const char *text);

/* The view's stat, the canonical path, the names joined by spaces; each fails the test on error. */
struct vfs_stat view_stat(const struct view *v, const char *path);
const char *view_resolve(const struct view *v, const char *path);
const char *view_list(const struct view *v, const char *path);
const char *view_read(const struct view *v, const char *path);

/* Write a file with mode 0600. */
void view_put(const struct view *v, const char *path, const char *text);
struct vfs_snapshot *view_snapshot(const struct view *v, const char *path);
/* Restore and free. Returns 0 or VFS_KEPT. */
int view_restore(struct vfs_snapshot *s);

/* Of the tree path @rel: atime 1111 s and 1 ns, mtime 2222 s. */
void view_set_old_times(const struct view *v, const char *rel);
/* Does a whiteout in the form of a device stand there? */
bool view_has_whiteout(const struct view *v, const char *rel);
/*
 * Make @depth directories "d" below one another in tree path @rel. Returns the innermost, which the
 * caller closes; its path from @rel goes to @ret, which holds LIMIT_PATH bytes.
 */
int view_make_deep(struct view *v, const char *rel, int depth, char *ret);
