/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "vfs/place.h"

struct search {
	const struct vfs *fs;
	const struct vfs_mount *mount;
	struct vfs_sought *sought;
	size_t n_sought;
	bool asks_origin; /* some are sought by it */
	struct timespec since;
	dev_t dev;
	size_t n_dirs;         /* seen so far */
	char path[LIMIT_PATH]; /* of the directory that is looked into, in the container */
};

/* What shows at @path is the very file; a mount may hide the one that was found. */
static int add_if_shown(struct search *s, struct vfs_sought *sought, const char *path, ino_t ino,
			struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(s->fs, path, &st, e);

	if (r < 0 || (st.type != VFS_FILE && st.type != VFS_LINK) || !st.in_top || st.ino != ino ||
	    st.dev != s->dev || strv_has(&sought->paths, path))
		return r;
	return strv_add(&sought->paths, path, e);
}

/* @origin: of the file; none if nobody asks */
static bool is_sought(const struct search *s, const struct vfs_sought *sought, ino_t ino,
		      const struct vfs_handle *origin)
{
	return sought->origin ? vfs_same_handle(sought->origin, origin)
			      : sought->ino == ino && sought->dev == s->dev;
}

static int look_at_file(struct search *s, int dirfd, const char *name, ino_t ino, struct err *e)
{
	struct vfs_handle origin = {.n = 0};
	int r = s->asks_origin ? vfs_origin_read(s->mount, dirfd, name, &origin, e) : 0;

	for (size_t i = 0; r == 0 && i < s->n_sought; i++) {
		char path[LIMIT_PATH];

		if (is_sought(s, &s->sought[i], ino, &origin) &&
		    path_join(s->path, name, path, sizeof(path), NULL) == 0)
			r = add_if_shown(s, &s->sought[i], path, ino, e);
	}
	return r;
}

static int look_into(struct search *s, int dirfd, int depth, struct err *e);

/* Goes into the entry, if it is a directory of this file system. */
static int enter(struct search *s, int dirfd, const char *name, int depth, struct err *e)
{
	char outer[LIMIT_PATH];
	cleanup_close int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != s->dev)
		return 0; /* no directory, or gone */
	strcpy(outer, s->path);
	r = path_join(outer, name, s->path, sizeof(s->path), NULL);
	r = r < 0 ? 0 : look_into(s, fd, depth + 1, e); /* too long for anybody to open */
	strcpy(s->path, outer);
	return r;
}

static int look_into(struct search *s, int dirfd, int depth, struct err *e)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	struct stat st;
	bool changed;
	int r;

	if (depth > LIMIT_SEARCH_DEPTH || s->n_dirs++ >= LIMIT_SEARCH_DIRS)
		return 0;
	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "looking at a directory");
	changed = clock_compare(st.st_ctim, s->since) >= 0;
	r = vfs_dir_open_list(dirfd, &entries, e);
	while (r == 0 && (entry = io_next_entry(entries))) {
		if (changed && entry->d_type != DT_DIR)
			r = look_at_file(s, dirfd, entry->d_name, entry->d_ino, e);
		if (r == 0 && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			r = enter(s, dirfd, entry->d_name, depth, e);
	}
	return r;
}

static bool is_wanted(const struct search *s, const struct vfs_mount *m)
{
	if (!m->has_top || !m->is_dir)
		return false;
	for (size_t i = 0; i < s->n_sought; i++)
		if (vfs_mount_of(s->fs, s->sought[i].path) == m)
			return true;
	return false;
}

int vfs_find_files(const struct vfs *fs, struct vfs_sought *sought, size_t n, struct timespec since,
		   struct err *e)
{
	struct search s = {.fs = fs, .sought = sought, .n_sought = n, .since = since};
	int r = 0;

	for (size_t i = 0; i < n; i++)
		s.asks_origin |= sought[i].origin != NULL;
	for (size_t i = 0; r == 0 && i < fs->n_mounts; i++) {
		struct stat st;

		s.mount = &fs->mounts[i];
		if (!is_wanted(&s, s.mount))
			continue;
		if (fstat(s.mount->layers[0].fd, &st) < 0)
			return err_sys(e, "looking at a layer");
		s.dev = st.st_dev;
		snprintf(s.path, sizeof(s.path), "%s", s.mount->destination);
		r = look_into(&s, s.mount->layers[0].fd, 0, e);
	}
	return r < 0 ? err_wrap(e, r, "looking for a file that was moved") : 0;
}
