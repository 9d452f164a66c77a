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

#include "base/limits.h"
#include "base/path.h"
#include "executor/internal.h"
#include "runtime/defaults.h"

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

/* Plans @path, which is missing; @inside is a mount of the caller's that holds it, or NULL. */
static int plan_missing(const struct vfs *fs, const char *path, bool is_file, const char *inside,
			struct changes *ret, struct err *e)
{
	char parent[LIMIT_PATH];
	int r;

	if (inside)
		return err_set(e, -ENOENT, ERR_NOT_FOUND,
			       "it does not exist in the mount on '%s': create it there", inside);
	path_parent(path, parent);
	r = plan_dirs(fs, parent, ret, e);
	if (r < 0)
		return r;
	return is_file ? changes_add_file(ret, ROLE_STUB, path, "", 0, &new_file, e)
		       : changes_add_dir(ret, ROLE_STUB, path, &new_dir, e);
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

/*
 * Plans for one mount and puts it into the view of those that follow.
 * @mounted: canonical destinations of the mounts that @fs shows; gets this one too
 */
static int plan_one(struct vfs *fs, const struct mount_spec *spec, struct strv *mounted,
		    struct changes *ret, struct err *e)
{
	struct vfs_stat on = {.type = VFS_ABSENT};
	struct vfs_stat root;
	char path[LIMIT_PATH];
	bool is_file;
	int r = vfs_resolve(fs, spec->destination, true /* follow_last= */, path, e);

	if (r == 0)
		r = vfs_lstat(fs, path, &on, e);
	if (r >= 0)
		r = vfs_add_mount(fs, spec, e);
	if (r >= 0)
		r = vfs_lstat(fs, path, &root, e);
	if (r < 0)
		return r;
	is_file = root.type != VFS_DIR && root.type != VFS_UNREACHABLE;
	if (on.type == VFS_ABSENT && !changes_find(ret, path))
		r = plan_missing(fs, path, is_file, holder(mounted, path), ret, e);
	else if (on.type != VFS_ABSENT && on.type != VFS_UNREACHABLE)
		r = check_type(&on, is_file, e);
	return r < 0 ? r : strv_add(mounted, path, e);
}

static int plan_all(struct vfs *fs, const struct mount_specs *mounts, struct strv *mounted,
		    struct changes *ret, struct err *e)
{
	for (size_t i = 0; i < mounts->n; i++) {
		int r = plan_one(fs, &mounts->v[i], mounted, ret, e);

		if (r < 0)
			return err_wrap(e, r, "mount destination '%s'", mounts->v[i].destination);
	}
	return 0;
}

int exec_plan_mount_points_in(struct vfs *fs, const struct mount_specs *mounts, struct changes *ret,
			      struct err *e)
{
	cleanup_strv struct strv mounted = STRV(LIMIT_VIEW_MOUNTS);
	cleanup_mount_specs struct mount_specs base = {.n = 0};
	int r = container_default_mounts(&base, e);

	if (r == 0)
		r = plan_all(fs, &base, &mounted, ret, e);
	return r == 0 ? plan_all(fs, mounts, &mounted, ret, e) : r;
}

int exec_plan_mount_points(const struct mount_specs *rootfs, const struct mount_specs *mounts,
			   struct changes *ret, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	int r = vfs_new(rootfs, NULL, &fs, e);

	return r == 0 ? exec_plan_mount_points_in(fs, mounts, ret, e) : r;
}
