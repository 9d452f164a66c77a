/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount needs something to be mounted on. What the image lacks is made like any other change
 * to the container, journaled and undone, so a mount leaves no stub in the layer.
 *
 * Each destination is looked up in a view of the rootfs and the mounts before it, as the kernel
 * will see it. It is made in the rootfs only: inside another mount of the caller's it must exist.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/path.h"
#include "executor/internal.h"
#include "vfs/mount_options.h"

/* What the runtime mounts by itself before the caller's mounts (runtime/plan_defaults.c). */
static const struct {
	const char *type;
	const char *destination;
} defaults[] = {{"proc", "/proc"}, {"tmpfs", "/dev"}, {"sysfs", "/sys"}};

static const struct vfs_meta new_dir = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};
static const struct vfs_meta new_file = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};

/* Directories down to @path, itself included, on the mount that holds "/". */
static int plan_dirs(const struct vfs *fs, const char *path, struct changes *ret, struct err *e)
{
	char parent[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	if (changes_find(ret, path))
		return 0;
	r = vfs_lstat(fs, path, &st, e);
	if (r < 0 || st.type == VFS_DIR)
		return r;
	if (st.type != VFS_ABSENT || strcmp(path, "/") == 0)
		return err_set(e, -ENOTDIR, ERR_INVALID, "'%s' is not a directory", path);
	path_parent(path, parent);
	r = plan_dirs(fs, parent, ret, e);
	return r == 0 ? changes_add_dir(ret, ROLE_STUB, path, &new_dir, e) : r;
}

static int check_type(const struct vfs_stat *st, bool is_file, struct err *e)
{
	if ((st->type == VFS_DIR) != is_file)
		return 0;
	return err_set(e, -ENOTDIR, ERR_INVALID, "it is %s directory, the source is %s",
		       is_file ? "a" : "not a", is_file ? "not" : "one");
}

/* Plans what @path lacks; @inside is a mount of the caller's that holds it, or NULL. */
static int plan_missing(const struct vfs *fs, const char *path, bool is_file, const char *inside,
			struct changes *ret, struct err *e)
{
	char parent[LIMIT_PATH];
	int r;

	if (inside)
		return err_set(e, -ENOENT, ERR_NOT_FOUND,
			       "it does not exist in the mount on '%s': create it there", inside);
	path_parent(path, parent);
	r = plan_dirs(fs, is_file ? parent : path, ret, e);
	if (r == 0 && is_file)
		r = changes_add_file(ret, ROLE_STUB, path, "", 0, &new_file, e);
	return r;
}

/* The innermost of the first @n mounts that @path lies in, apart from "/". */
static const char *holder(const struct strv *destinations, const char *path)
{
	const char *found = NULL;

	for (size_t i = 0; i < destinations->n; i++)
		if (path_is_below(path, destinations->v[i]) &&
		    (!found || path_is_below(destinations->v[i], found)))
			found = destinations->v[i];
	return found;
}

/* @mounted: canonical destinations of the mounts that @fs shows; gets this one too. */
static int plan_one(const struct vfs *fs, const char *destination, bool is_file,
		    struct strv *mounted, struct changes *ret, struct err *e)
{
	struct vfs_stat st = {.type = VFS_ABSENT};
	char path[LIMIT_PATH];
	int r = vfs_resolve(fs, destination, true /* follow_last= */, path, e);

	if (r == 0)
		r = vfs_lstat(fs, path, &st, e);
	if (r >= 0 && st.type == VFS_ABSENT && !changes_find(ret, path))
		r = plan_missing(fs, path, is_file, holder(mounted, path), ret, e);
	else if (r >= 0 && st.type != VFS_ABSENT && st.type != VFS_UNREACHABLE)
		r = check_type(&st, is_file, e);
	if (r >= 0)
		r = strv_add(mounted, path, e);
	return r < 0 ? err_wrap(e, r, "mount destination '%s'", destination) : 0;
}

static int is_file_mount(const struct mount_spec *spec, bool *ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	struct stat st;
	int r = mount_options_parse(spec, &o, e);

	*ret = r == 0 && o.kind == MOUNT_BIND && stat(spec->source, &st) == 0 &&
	       !S_ISDIR(st.st_mode);
	return r;
}

/* Plans for one mount and puts it into the view of those that follow. */
static int plan_next(const struct mount_specs *rootfs, struct mount_specs *view,
		     const struct mount_spec *next, struct strv *mounted, struct changes *ret,
		     struct err *e)
{
	const struct mount_specs one = {.v = (struct mount_spec *)next, .n = 1};
	cleanup_vfs struct vfs *fs = NULL;
	bool is_file;
	int r = is_file_mount(next, &is_file, e);

	if (r == 0)
		r = vfs_new(rootfs, view, &fs, e);
	if (r == 0)
		r = plan_one(fs, next->destination, is_file, mounted, ret, e);
	return r == 0 ? mount_specs_extend(view, &one, e) : r;
}

int exec_plan_mount_points(const struct mount_specs *rootfs, const struct mount_specs *mounts,
			   struct changes *ret, struct err *e)
{
	cleanup_strv struct strv mounted = STRV(LIMIT_MOUNTS + ARRAY_SIZE(defaults));
	cleanup_mount_specs struct mount_specs base = {.n = 0};
	cleanup_mount_specs struct mount_specs view = {.n = 0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(defaults); i++)
		r = mount_specs_add(&base, defaults[i].type, defaults[i].type,
				    defaults[i].destination, "", e);
	for (size_t i = 0; r == 0 && i < base.n; i++)
		r = plan_next(rootfs, &view, &base.v[i], &mounted, ret, e);
	for (size_t i = 0; r == 0 && i < mounts->n; i++)
		r = plan_next(rootfs, &view, &mounts->v[i], &mounted, ret, e);
	return r;
}
