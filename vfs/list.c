/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a merged directory: those of all layers in one array, sorted by name and then
 * by layer. The first of equal names is what shows, or the whiteout that hides the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/path.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/seen_note.h"
#include "vfs/text.h"

struct name {
	char *text;
	size_t rank; /* 0: a mount begins there; then the layers from the top down */
	bool gone;   /* a whiteout */
};

struct names {
	struct name *v;
	size_t n;
	size_t cap;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].text);
	free(names->v);
}

static int by_text_and_rank(const void *a, const void *b)
{
	const struct name *x = a;
	const struct name *y = b;
	int r = strcmp(x->text, y->text);

	return r ? r : (x->rank > y->rank) - (x->rank < y->rank);
}

/* Sort, and of equal names keep the first, which shows or hides the others. */
static void merge(struct names *names)
{
	size_t kept = 0;

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_text_and_rank);
	for (size_t i = 0; i < names->n; i++) {
		if (kept && strcmp(names->v[kept - 1].text, names->v[i].text) == 0)
			free(names->v[i].text);
		else
			names->v[kept++] = names->v[i];
	}
	names->n = kept;
}

static int add(struct names *names, const char *text, size_t rank, bool gone, struct err *e)
{
	char *copy;

	if (names->n >= LIMIT_DIR_ENTRIES)
		merge(names);
	if (names->n >= LIMIT_DIR_ENTRIES)
		return err_set(e, -E2BIG, ERR_LIMIT, "a directory has more than %d entries",
			       LIMIT_DIR_ENTRIES);
	if (names->n == names->cap) {
		size_t cap = names->cap ? 2 * names->cap : 64;
		struct name *v = reallocarray(names->v, cap, sizeof(*v));

		if (!v)
			return err_oom(e);
		names->v = v;
		names->cap = cap;
	}
	copy = strdup(text);
	if (!copy)
		return err_oom(e);
	names->v[names->n++] = (struct name){.text = copy, .rank = rank, .gone = gone};
	return 0;
}

/*
 * Is the entry a whiteout? Files are asked only where the directory is marked (opaque "x"),
 * as in the kernel: else every file of every directory would cost two system calls.
 */
static int is_gone(const struct vfs_mount *m, DIR *d, const struct dirent *entry, bool marked,
		   struct err *e)
{
	struct stat st;

	if (m->kind != MOUNT_OVERLAY)
		return 0;
	if (entry->d_type != DT_CHR && entry->d_type != DT_UNKNOWN &&
	    !(entry->d_type == DT_REG && marked))
		return 0;
	if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? 1 : err_sys(e, "looking at a directory entry");
	return vfs_overlay_is_whiteout(m, dirfd(d), entry->d_name, &st, e);
}

static int add_layer(struct names *names, const struct vfs_dir *dir,
		     const struct vfs_dir_layer *layer, struct err *e)
{
	const struct vfs_mount *m = dir->mount;
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int mark;
	int r = vfs_dir_open_list(layer->fd, &d, e);

	if (r < 0)
		return r;
	mark = vfs_overlay_opaque(m, dirfd(d), e);
	if (mark < 0)
		return mark;
	if (mark == 'x') /* files come and go as whiteouts, which no directory tells */
		vfs_seen_spoil(dir->seen);
	while ((entry = io_next_entry(d))) {
		r = is_gone(m, d, entry, mark == 'x', e);
		if (r >= 0)
			r = add(names, entry->d_name, layer->layer + 1, r > 0, e);
		if (r < 0)
			return r;
	}
	return errno ? err_sys(e, "listing a directory") : 0;
}

/* A mount's destination shows even if it isn't there yet, as vfs_lstat() says. */
static int add_mounts(struct names *names, const struct vfs *fs, const char *path, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < fs->n_mounts; i++) {
		const char *destination = fs->mounts[i].destination;
		char parent[LIMIT_PATH];

		path_parent(destination, parent);
		if (strcmp(parent, path) == 0 && *path_name(destination))
			r = add(names, path_name(destination), /* rank= */ 0, /* gone= */ false, e);
	}
	return r;
}

static int show(struct names *names, struct strv *ret, struct err *e)
{
	cleanup_strv struct strv list = STRV(ret->max);
	int r = 0;

	merge(names);
	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (!names->v[i].gone)
			r = strv_add(&list, names->v[i].text, e);
	if (r < 0)
		return r;
	strv_done(ret);
	*ret = list;
	list = (struct strv){0};
	return 0;
}

static int list(const struct vfs *fs, const char *path, struct strv *ret, struct err *e)
{
	cleanup(names_done) struct names names = {0};
	cleanup_vfs_place struct vfs_place place = {0};
	cleanup_vfs_dir struct vfs_dir d = {0};
	int r = vfs_dir_walk(fs, path, &d, e);

	if (r == VFS_NOT_DIR) { /* say what it is */
		r = vfs_place_find(fs, path, &place, e);
		return r < 0 ? r : vfs_place_need(&place, VFS_DIR, path, e);
	}
	vfs_seen_list(d.seen);
	for (size_t i = 0; r == 0 && i < d.n; i++)
		r = add_layer(&names, &d, &d.v[i], e);
	if (r == 0)
		r = add_mounts(&names, fs, path, e);
	return r < 0 ? r : show(&names, ret, e);
}

int vfs_list(const struct vfs *fs, const char *path, struct strv *ret, struct err *e)
{
	int r = list(fs, path, ret, e);

	return r < 0 ? err_wrap(e, r, "listing '%s'", vfs_text(path).s) : 0;
}

int vfs_count_top(const struct vfs *fs, const char *path, size_t *ret, struct err *e)
{
	cleanup_closedir DIR *entries = NULL;
	cleanup_vfs_dir struct vfs_dir d = {0};
	size_t n = 0;
	int r = vfs_dir_walk(fs, path, &d, e);

	if (r < 0)
		return r;
	if (vfs_dir_top(&d) >= 0) {
		r = vfs_dir_open_list(vfs_dir_top(&d), &entries, e);
		if (r < 0)
			return r;
		while (io_next_entry(entries))
			n++;
		if (errno)
			return err_sys(e, "listing '%s'", vfs_text(path).s);
	}
	*ret = n;
	return 0;
}
