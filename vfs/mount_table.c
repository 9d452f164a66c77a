/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "base/io.h"
#include "base/path.h"
#include "vfs/cursor.h"
#include "vfs/overlay_features.h"
#include "vfs/sync.h"
#include "vfs/text.h"

enum { FEW_LAYERS = 100, FLAG_NOSYMFOLLOW = 0x2000 /* statfs(2); newer than this libc */ };

static void mount_done(struct vfs_mount *m)
{
	for (size_t i = 0; i < m->n_layers; i++)
		vfs_layer_done(&m->layers[i]);
	free(m->layers);
	vfs_written_done(m);
	free(m->destination);
	free(m->type);
	*m = (struct vfs_mount){0};
}

struct vfs *vfs_free(struct vfs *fs)
{
	if (!fs)
		return NULL;
	vfs_cursor_forget(fs->cursor);
	free(fs->cursor);
	for (size_t i = 0; i < fs->n_removed; i++)
		fd_close(fs->removed[i]);
	for (size_t i = 0; i < fs->n_mounts; i++)
		mount_done(&fs->mounts[i]);
	free(fs->mounts);
	vfs_clones_done(&fs->clones);
	free(fs);
	return NULL;
}

void vfs_set_tag(struct vfs *fs, const char *tag)
{
	snprintf(fs->temp, sizeof(fs->temp), ".anchord.%s", tag);
}

/* Append a layer to @m, which has room for it. */
static int add_layer(struct vfs *fs, struct vfs_mount *m, const char *path, const char *subpath,
		     unsigned flags, struct err *e)
{
	bool top = m->has_top && m->n_layers == 0;
	int r = vfs_layer_open(&fs->clones, path, subpath, flags | (top ? VFS_LAYER_TOP : 0),
			       &m->layers[m->n_layers], e);

	if (r == 0)
		m->n_layers++;
	return r;
}

/* File systems whose change times this kernel gives, in nanoseconds. */
static bool gives_times(const struct statfs *fs)
{
	static const unsigned kinds[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
					 TMPFS_MAGIC};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((unsigned)fs->f_type == kinds[i])
			return true;
	return false;
}

/* Whether the layers are of the right type, and whether the host lets us write to the top. */
static int check_layers(struct vfs_mount *m, struct err *e)
{
	struct statfs fs;

	for (size_t i = 0; i < m->n_layers; i++) {
		const struct vfs_layer *layer = &m->layers[i];
		struct stat st;

		if (fstat(layer->fd, &st) < 0)
			return err_sys(e, "looking at '%s'", layer->path);
		m->is_dir = S_ISDIR(st.st_mode);
		if (m->kind == MOUNT_OVERLAY && !m->is_dir)
			return err_set(e, -ENOTDIR, ERR_INVALID,
				       "the overlay's layer '%s' is not a directory", layer->path);
	}
	if (!m->has_top || fstatfs(m->layers[0].fd, &fs) < 0)
		return 0;
	m->has_top = !(fs.f_flags & ST_RDONLY);
	m->has_own_times = m->has_top && !m->has_submounts && gives_times(&fs);
	return 0;
}

/* Is it asked for, or does a bind have it from the mount of its source? */
static bool has_attribute(const struct vfs_mount *m, const struct mount_options *o, uint64_t attr,
			  unsigned long flag)
{
	return (o->attr_set & attr) || ((m->layers[0].flags & flag) && !(o->attr_clear & attr));
}

/* As many layers, of a directory and the one above, are open at once. */
static int check_descriptors(const struct mount_options *o, struct err *e)
{
	size_t n = 3 * (o->lowers.n + 1) + 64;
	struct rlimit limit;

	if (o->lowers.n < FEW_LAYERS || getrlimit(RLIMIT_NOFILE, &limit) < 0 || n <= limit.rlim_cur)
		return 0;
	return err_set(
		e, -EMFILE, ERR_LIMIT,
		"an overlay of %zu layers needs %zu descriptors, and the limit of open files "
		"(RLIMIT_NOFILE) is %ju",
		o->lowers.n, n, (uintmax_t)limit.rlim_cur);
}

static int open_layers(struct vfs *fs, struct vfs_mount *m, const struct mount_spec *spec,
		       const struct mount_options *o, struct err *e)
{
	int r = check_descriptors(o, e);

	if (r < 0)
		return r;
	m->layers = calloc(o->lowers.n + 1, sizeof(*m->layers));
	if (!m->layers)
		return err_oom(e);
	if (m->kind == MOUNT_BIND)
		r = add_layer(fs, m, spec->source, o->subpath,
			      VFS_LAYER_FLAGS | (o->recursive ? VFS_LAYER_RECURSIVE : 0), e);
	else if (o->upper)
		r = add_layer(fs, m, o->upper, NULL, 0, e);
	for (size_t i = 0; r == 0 && i < o->lowers.n; i++)
		r = add_layer(fs, m, o->lowers.v[i], NULL, 0, e);
	if (r == 0)
		r = check_layers(m, e);
	m->noexec = r == 0 && has_attribute(m, o, MOUNT_ATTR_NOEXEC, ST_NOEXEC);
	m->nosymfollow = r == 0 && has_attribute(m, o, MOUNT_ATTR_NOSYMFOLLOW, FLAG_NOSYMFOLLOW);
	return r;
}

/*
 * The index says which lower hard links were copied up as one file. We don't read it, so it
 * must be empty; then it makes no difference to a reader, and copy_up.c keeps it so.
 */
static int check_index(const struct mount_options *o, struct err *e)
{
	cleanup_close int fd = open(o->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int index = -EBADF;
	cleanup_closedir DIR *d = NULL;

	if (fd >= 0)
		index = openat(fd, "index", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (index < 0)
		return errno == ENOENT ? 0 : err_sys(e, "opening the index in '%s'", o->work);
	d = fdopendir(index);
	if (!d)
		return err_sys(e, "listing the index in '%s'", o->work);
	take_fd(&index); /* d owns it */
	if (io_next_entry(d))
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
			       "the overlay has index=on, and hard links in its index");
	return 0;
}

static int open_overlay(struct vfs_mount *m, const struct mount_options *o, struct err *e)
{
	struct vfs_overlay_features features;
	int r = vfs_overlay_features(o, &features, e);

	if (r == 0)
		r = vfs_overlay_check_rights(o, e);

	if (r < 0)
		return r;
	m->userxattr = o->userxattr;
	m->has_upper = o->upper;
	m->follow_redirects = features.follow_redirects;
	m->writes_redirects = features.write_redirects;
	m->metacopy = features.metacopy;
	m->index = features.index;
	return m->index ? check_index(o, e) : 0;
}

static int mount_open(struct vfs *fs, struct vfs_mount *m, const struct mount_spec *spec,
		      const char *destination, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	int r = mount_options_parse(spec, &o, e);

	if (r < 0)
		return r;
	/* Owners there are others than those that we would see. */
	m->kind = o.is_id_mapped ? MOUNT_SPECIAL : o.kind;
	m->has_submounts = o.kind == MOUNT_BIND && o.recursive;
	m->has_top = !o.readonly && (m->kind == MOUNT_BIND || o.upper);
	m->destination = strdup(destination);
	m->type = strdup(o.kind == MOUNT_BIND ? "bind" : spec->type);
	if (!m->destination || !m->type)
		return err_oom(e);
	if (m->kind == MOUNT_SPECIAL)
		return 0;
	if (o.kind == MOUNT_OVERLAY)
		r = open_overlay(m, &o, e);
	if (r == 0)
		r = open_layers(fs, m, spec, &o, e);
	return r < 0 ? err_wrap(e, r, "mount at '%s'", vfs_text(destination).s) : 0;
}

/* Forget the mounts that one at @destination hides. */
static void hide(struct vfs *fs, const char *destination)
{
	size_t kept = 0;

	for (size_t i = 0; i < fs->n_mounts; i++) {
		if (path_is_below(fs->mounts[i].destination, destination))
			mount_done(&fs->mounts[i]);
		else
			fs->mounts[kept++] = fs->mounts[i];
	}
	fs->n_mounts = kept;
}

static int too_many(struct err *e)
{
	return err_set(e, -E2BIG, ERR_LIMIT, "more than %d mounts", LIMIT_VIEW_MOUNTS);
}

/* Room for one mount more. */
static int grow(struct vfs *fs, struct err *e)
{
	struct vfs_mount *v;

	if (fs->n_mounts >= LIMIT_VIEW_MOUNTS)
		return too_many(e);
	v = reallocarray(fs->mounts, fs->n_mounts + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	fs->mounts = v;
	return 0;
}

/* Put @spec onto canonical @destination. */
static int attach(struct vfs *fs, const struct mount_spec *spec, const char *destination,
		  struct err *e)
{
	cleanup(mount_done) struct vfs_mount m = {0};
	int r;

	vfs_cursor_forget(fs->cursor); /* mounts are moved in memory */
	r = grow(fs, e);

	if (r == 0)
		r = mount_open(fs, &m, spec, destination, e);
	if (r < 0)
		return r;
	hide(fs, destination);
	fs->mounts[fs->n_mounts++] = m;
	m = (struct vfs_mount){0};
	return 0;
}

int vfs_add_mount(struct vfs *fs, const struct mount_spec *spec, struct err *e)
{
	char destination[LIMIT_PATH];
	int r = vfs_resolve(fs, spec->destination, /* follow_last= */ true, destination, e);

	return r < 0 ? r : attach(fs, spec, destination, e);
}

int vfs_new(const struct mount_specs *rootfs, const struct mount_specs *mounts, struct vfs **ret,
	    struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	int r = 0;

	if (rootfs->n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "the rootfs has no mount");
	if (rootfs->n + (mounts ? mounts->n : 0) > LIMIT_VIEW_MOUNTS)
		return too_many(e);
	fs = calloc(1, sizeof(*fs));
	if (!fs)
		return err_oom(e);
	fs->cursor = calloc(1, sizeof(*fs->cursor));
	if (!fs->cursor)
		return err_oom(e);
	vfs_set_tag(fs, "tmp");
	for (size_t i = 0; r == 0 && i < rootfs->n; i++)
		r = attach(fs, &rootfs->v[i], "/", e);
	for (size_t i = 0; r == 0 && mounts && i < mounts->n; i++)
		r = vfs_add_mount(fs, &mounts->v[i], e);
	if (r < 0)
		return r;
	*ret = take_ptr(fs);
	return 0;
}

const struct vfs_mount *vfs_mount_of(const struct vfs *fs, const char *path)
{
	const struct vfs_mount *best = NULL;

	for (size_t i = 0; i < fs->n_mounts; i++) {
		const struct vfs_mount *m = &fs->mounts[i];

		if (path_is_below(path, m->destination) &&
		    (!best || strlen(m->destination) > strlen(best->destination)))
			best = m;
	}
	return best;
}

const struct vfs_mount *vfs_mount_at(const struct vfs *fs, const char *path)
{
	for (size_t i = 0; i < fs->n_mounts; i++)
		if (strcmp(fs->mounts[i].destination, path) == 0)
			return &fs->mounts[i];
	return NULL;
}
