/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/helper_diff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"

struct diff {
	const struct vfs *fs;
	const char *const *outputs;
	struct changes *out;
};

static bool is_output(const struct diff *d, const char *path)
{
	for (const char *const *o = d->outputs; *o; o++)
		if (path_is_below(path, *o))
			return true;
	return false;
}

static bool leads_to_output(const struct diff *d, const char *path)
{
	for (const char *const *o = d->outputs; *o; o++)
		if (path_is_below(*o, path))
			return true;
	return false;
}

static int refuse(struct err *e, const char *path, const char *what)
{
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "the tool %s '%s'", what, path);
}

static struct vfs_meta meta_of(const struct stat *st)
{
	return (struct vfs_meta){
		.fields = VFS_META_MODE | VFS_META_OWNER,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
}

/* Is the container's file at @path the same as @text with @st? */
static int is_same_file(const struct diff *d, const char *path, const struct stat *st,
			const struct buf *text, bool *ret, struct err *e)
{
	cleanup_buf struct buf had = BUF(LIMIT_STORE_FILE);
	struct vfs_stat was;
	int r = vfs_lstat(d->fs, path, &was, e);

	*ret = false;
	if (r < 0 || was.type != VFS_FILE || was.size != st->st_size ||
	    was.mode != (st->st_mode & 07777) || was.uid != st->st_uid || was.gid != st->st_gid)
		return r;
	r = vfs_read_file(d->fs, path, &had, e);
	*ret = r == 0 && had.n == text->n &&
	       (had.n == 0 || memcmp(had.data, text->data, had.n) == 0);
	return r;
}

static int diff_file(struct diff *d, int dirfd, const char *name, const struct stat *st,
		     const char *path, struct err *e)
{
	cleanup_close int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	const struct vfs_meta meta = meta_of(st);
	bool same = false;
	int r;

	if (fd < 0)
		return err_sys(e, "opening what the tool wrote to '%s'", path);
	r = io_read_all(fd, &text, e);
	if (r == 0)
		r = is_same_file(d, path, st, &text, &same, e);
	if (r < 0 || same)
		return r;
	return changes_add_file(d->out, ROLE_STORE, path, text.data, text.n, &meta, e);
}

static int diff_link(struct diff *d, int dirfd, const char *name, const struct stat *st,
		     const char *path, struct err *e)
{
	const struct vfs_meta meta = {
		.fields = VFS_META_OWNER, .uid = st->st_uid, .gid = st->st_gid};
	char target[LIMIT_PATH];
	char had[LIMIT_PATH];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "reading a link that the tool made at '%s'", path);
	target[n] = '\0';
	if (vfs_readlink(d->fs, path, had, NULL) == 0 && strcmp(had, target) == 0)
		return 0;
	return changes_add_link(d->out, ROLE_STORE, path, target, &meta, e);
}

static int diff_directory(struct diff *d, int dirfd, const char *name, const struct stat *st,
			  const char *path, int depth, struct err *e);

static int diff_entry(struct diff *d, int dirfd, const char *name, const char *path, int depth,
		      struct err *e)
{
	struct vfs_stat was;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "looking at what the tool wrote to '%s'", path);
	if (S_ISDIR(st.st_mode))
		return is_output(d, path) || leads_to_output(d, path)
			       ? diff_directory(d, dirfd, name, &st, path, depth, e)
			       : 0;
	if (!is_output(d, path))
		return leads_to_output(d, path) ? refuse(e, path, "replaced the directory") : 0;
	r = vfs_lstat(d->fs, path, &was, e);
	if (r < 0)
		return r;
	if (was.type == VFS_DIR)
		return refuse(e, path, "replaced the directory");
	if (S_ISREG(st.st_mode))
		return diff_file(d, dirfd, name, &st, path, e);
	if (S_ISLNK(st.st_mode))
		return diff_link(d, dirfd, name, &st, path, e);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(0, 0))
		return refuse(e, path, "made a special file at");
	return was.type == VFS_ABSENT ? 0 : changes_add_remove(d->out, path, e);
}

/* A directory that was removed and made again hides what was in it. */
static bool is_opaque(int fd)
{
	char value[2];

	return fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) > 0 ||
	       fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) > 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int diff_names(struct diff *d, int fd, struct dirent **names, int n, const char *path,
		      int depth, struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && i < n; i++) {
		const char *name = names[i]->d_name;
		char below[LIMIT_PATH];

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		r = path_join(path, name, below, sizeof(below), e);
		if (r == 0)
			r = diff_entry(d, fd, name, below, depth, e);
	}
	return r;
}

static int diff_children(struct diff *d, int fd, const char *path, int depth, struct err *e)
{
	struct dirent **names = NULL;
	int n;
	int r;

	if (depth > LIMIT_DEPTH)
		return refuse(e, path, "nested directories too deeply at");
	n = scandirat(fd, ".", &names, NULL, by_name);
	if (n < 0)
		return err_sys(e, "listing what the tool wrote to '%s'", path);
	r = n > LIMIT_DIR_ENTRIES ? refuse(e, path, "made too many files in")
				  : diff_names(d, fd, names, n, path, depth, e);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r;
}

static int diff_directory(struct diff *d, int dirfd, const char *name, const struct stat *st,
			  const char *path, int depth, struct err *e)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct vfs_meta meta = meta_of(st);
	struct vfs_stat was;
	int r;

	if (fd < 0)
		return err_sys(e, "opening what the tool wrote to '%s'", path);
	r = vfs_lstat(d->fs, path, &was, e);
	if (r < 0)
		return r;
	if (was.type == VFS_ABSENT)
		r = changes_add_dir(d->out, ROLE_STORE, path, &meta, e);
	else if (was.type != VFS_DIR || is_opaque(fd))
		r = refuse(e, path, "replaced");
	return r < 0 ? r : diff_children(d, fd, path, depth + 1, e);
}

int helper_diff(const struct helper_layers *layers, const struct vfs *fs,
		const char *const *outputs, struct changes *ret, struct err *e)
{
	cleanup_changes struct changes out = {0};
	struct diff d = {.fs = fs, .outputs = outputs, .out = &out};
	int r = 0;

	for (size_t i = 0; r == 0 && i < layers->n; i++) {
		const struct helper_layer *layer = &layers->v[i];
		cleanup_close int fd = open(layer->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_sys(e, "opening '%s'", layer->upper);
		r = diff_children(&d, fd, layer->destination, 0, e);
	}
	if (r < 0)
		return r;
	*ret = out;
	out = (struct changes){0};
	return 0;
}
