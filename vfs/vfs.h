/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * vfs - the files of a container that isn't mounted
 *
 * A struct vfs is the view that a container would have of a rootfs and mounts: which file of
 * which host directory stands behind a container path. Nothing is attached anywhere: sources
 * are opened as detached clones (open_tree), so mounts that happen to lie below a source are
 * seen exactly when the kernel's bind would show them, and overlays are looked up in their
 * layers by overlayfs' rules (whiteouts, opaque directories, redirects, metacopy, merged
 * listings). What is handled, and each difference to the kernel, is listed in docs/vfs.md.
 *
 * Vocabulary
 *   canonical path  absolute, no ".", "..", no symlink in any directory part. Only
 *                   vfs_resolve() follows symlinks; all other functions take canonical paths
 *                   and never follow one. A path whose directory part is (or has become)
 *                   anything but real directories is simply absent.
 *   top             the layer that takes writes: an overlay's upper, or the only layer of a
 *                   bind. A read-only mount has none.
 *   below           what would show if the top's entry were taken away
 *   unreachable     at or below a special file system, which has no backing
 *
 * Safety: the image is hostile and may change under us. Each component is opened on its
 * parent's descriptor without following links, so nothing leaves the container. Nothing but
 * regular files is ever opened for reading or writing; FIFOs, sockets and devices are only
 * looked at (O_PATH).
 *
 * Thread: any, one at a time per struct vfs; everything blocks on the disk.
 */
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "vfs/mount_spec.h"

struct vfs;

enum vfs_type {
	VFS_ABSENT,
	VFS_FILE, /* regular */
	VFS_DIR,
	VFS_LINK,    /* symlink */
	VFS_SPECIAL, /* FIFO, socket, device */
	VFS_UNREACHABLE,
};

struct vfs_stat {
	enum vfs_type type;
	mode_t mode; /* permission bits with set-id and sticky, without the type */
	uid_t uid;
	gid_t gid;
	off_t size; /* bytes; files only */
	struct timespec atime;
	struct timespec mtime;
	struct timespec ctime; /* tells whether anybody touched it since */
	dev_t dev;             /* of the backing file */
	ino_t ino;
	nlink_t nlink;
	bool writable;   /* the mount has a top, which takes writes here */
	bool in_top;     /* the top holds an entry of its own (never of a whiteout) */
	bool whiteout;   /* absent because the top holds a whiteout */
	bool below;      /* dropping the top's entry would show another one */
	bool mountpoint; /* a mount other than "/" begins at this very path */
	bool noexec;     /* the mount forbids to execute programs in it */
};

/*
 * vfs_new - open the view of @rootfs with @mounts on top
 *
 * Returns: 0; -ENOENT when a source is missing; -EINVAL, -EOPNOTSUPP for specs that
 *          mount_options_parse() or overlay_features.h refuses; -E2BIG (ERR_LIMIT).
 */
int vfs_new(const struct mount_specs *rootfs, const struct mount_specs *mounts, struct vfs **ret,
	    struct err *e);
struct vfs *vfs_free(struct vfs *fs);
/* Put a mount on top, as if it had been the last of @mounts; no snapshot may be open. Returns as
 * vfs_new(). */
int vfs_add_mount(struct vfs *fs, const struct mount_spec *spec, struct err *e);
static inline void cleanup_vfs_p(struct vfs **fs)
{
	vfs_free(*fs);
}
#define cleanup_vfs cleanup(cleanup_vfs_p)

/*
 * Name the temporary files of this view ".anchord.<tag>", so that a crash's leftovers can be
 * told from the user's files. At most LIMIT_ID bytes of [A-Za-z0-9_.-]; default "tmp".
 */
void vfs_set_tag(struct vfs *fs, const char *tag);

/* ---- look-ups ---------------------------------------------------------------------- */

enum { VFS_MISSING = 1 }; /* vfs_resolve(): something on the way does not exist */

/*
 * vfs_resolve - follow every symlink in @path, inside the container
 * @follow_last: also a link that is the last component
 * @ret:         LIMIT_PATH bytes; the canonical path
 *
 * Returns: 0; VFS_MISSING: @ret holds the canonical path of what exists plus the missing
 *          components as text; -ELOOP after LIMIT_SYMLINKS, or where a mount has nosymfollow;
 *          -E2BIG (ERR_LIMIT) above LIMIT_STEPS;
 * -ENOTDIR; -ENAMETOOLONG. Below a special file system every component is taken as text, with
 * result 0.
 */
int vfs_resolve(const struct vfs *fs, const char *path, bool follow_last, char *ret, struct err *e);

/*
 * What is at @path: a missing entry is VFS_ABSENT, not an error. What fails is what the kernel's
 * look-up refuses too: -EPERM (ERR_UNSUPPORTED) for a redirect or metacopy that the mount's
 * options forbid to follow, -EIO, -EINVAL for a broken one.
 */
int vfs_lstat(const struct vfs *fs, const char *path, struct vfs_stat *ret, struct err *e);

/* Does the mount at @path take writes, as vfs_lstat() says? Returns 1 or 0. */
int vfs_is_writable(const struct vfs *fs, const char *path, struct err *e);

/* What @path, any text, leads to when every link is followed. As vfs_resolve() and vfs_lstat(). */
int vfs_stat(const struct vfs *fs, const char *path, struct vfs_stat *ret, struct err *e);

struct vfs_xattrs;

/* What is asked of directories alone. */
struct vfs_dir_facts {
	struct timespec born; /* inode numbers are given again, birthdays aren't; 0: not known */
	bool impure;          /* the top's part is marked as holding copied-up entries */
};

/*
 * vfs_lstat() with the attributes of a file or directory, and the facts of a directory, found once.
 * @xattrs, @facts: stay as they are for what has none
 */
int vfs_look(const struct vfs *fs, const char *path, struct vfs_stat *ret,
	     struct vfs_xattrs *ret_xattrs, struct vfs_dir_facts *ret_facts, struct err *e);

/* When what is at @path was made; 0 where the file system doesn't know. Returns 0, -ENOENT. */
int vfs_get_birth(const struct vfs *fs, const char *path, struct timespec *ret, struct err *e);

/* Is there anything at @path, links followed? Returns 1; 0, also where nothing can be reached;
 * -ELOOP, -ENAMETOOLONG. */
int vfs_exists(const struct vfs *fs, const char *path, struct err *e);

/*
 * vfs_find_command - find what execvp() would run in the container
 * @command:     a name; or with a slash a path, taken from "/" if relative
 * @search_path: value of $PATH; its relative entries are not searched
 * @ret:         LIMIT_PATH bytes; the path to execute, links in it not followed: many commands
 *               are told apart by the name that they are called by
 *
 * Returns: 0; -ENOENT (ERR_COMMAND_NOT_FOUND); -EACCES (ERR_NOT_EXECUTABLE) if all that was found
 *          are other things than regular files that somebody may execute.
 */
int vfs_find_command(const struct vfs *fs, const char *command, const char *search_path, char *ret,
		     struct err *e);

/* Open a regular file for reading. Returns the fd; -ENOENT; -EINVAL (ERR_INVALID) for any other
 * type. */
int vfs_open(const struct vfs *fs, const char *path, struct err *e);

/* Read a whole regular file; @to carries the maximum. Returns 0, as vfs_open(), -E2BIG (ERR_LIMIT).
 */
int vfs_read_file(const struct vfs *fs, const char *path, struct buf *to, struct err *e);

/* The text of a symlink; @ret holds LIMIT_PATH bytes. Returns 0, -ENOENT, -EINVAL. */
int vfs_readlink(const struct vfs *fs, const char *path, char *ret, struct err *e);

/* Names in a directory, merged and sorted by bytes, without "." and "..". -E2BIG above @ret->max.
 */
int vfs_list(const struct vfs *fs, const char *path, struct strv *ret, struct err *e);

/* The name of the mount spec and layer behind a path, for people: "overlay upper '/x/upper'". */
int vfs_describe(const struct vfs *fs, const char *path, char *ret, size_t size, struct err *e);

/* ---- metadata ---------------------------------------------------------------------- */

struct vfs_xattr {
	char *name;
	void *value;
	size_t size;
};

/* Extended attributes, sorted by name, as the mount shows them: an overlay hides its own. */
struct vfs_xattrs {
	struct vfs_xattr *v; /* owned; at most LIMIT_XATTRS, LIMIT_XATTR_BYTES */
	size_t n;
};

void vfs_xattrs_done(struct vfs_xattrs *x);
/* @ret: empty before. */
int vfs_xattrs_copy(const struct vfs_xattrs *x, struct vfs_xattrs *ret, struct err *e);
int vfs_get_xattrs(const struct vfs *fs, const char *path, struct vfs_xattrs *ret, struct err *e);

/* What to set; a field counts if its bit is in @fields. */
enum vfs_meta_field {
	VFS_META_MODE = 1 << 0,
	VFS_META_OWNER = 1 << 1,
	VFS_META_MTIME = 1 << 2,
	VFS_META_XATTRS = 1 << 3, /* exactly these: others are removed */
	VFS_META_ATIME = 1 << 4,
};

struct vfs_meta {
	unsigned fields;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	struct timespec atime;
	const struct vfs_xattrs *xattrs; /* borrowed */
};

/* ---- writes ------------------------------------------------------------------------ */
/*
 * All writes need a top: -EROFS (ERR_PRECONDITION) without one. Directories on the way that only a
 * lower layer has are copied up first, with owner, mode, times and xattrs, as the kernel does;
 * the times of their parents stay. Apart from that the parent's mtime changes as in any file
 * system: the caller puts it back if it must. Missing parents are -ENOENT. Where a mount
 * begins nothing can be made, replaced or removed: -EBUSY (ERR_PRECONDITION).
 */

/*
 * Create a directory where nothing is. Opaque if a lower directory would shine through. Without
 * VFS_META_MODE a new entry has what mkdir(2) with 0755, or open(2) with 0644, would give it.
 */
int vfs_mkdir(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e);

/*
 * vfs_mkdir_p - create a directory and those above it that are missing, all with @meta
 * @ret_made: gets the paths of what was made, outermost first; NULL if not wanted
 *
 * Returns: 0; -ENOTDIR (ERR_PRECONDITION) if a file or link is in the way. After a failure
 *          what was made is removed again.
 */
int vfs_mkdir_p(struct vfs *fs, const char *path, const struct vfs_meta *meta,
		struct strv *ret_made, struct err *e);

/* Create or replace (anything but a directory) by a temporary file and rename. */
int vfs_put_file(struct vfs *fs, const char *path, const void *bytes, size_t n,
		 const struct vfs_meta *meta, struct err *e);
int vfs_put_link(struct vfs *fs, const char *path, const char *target, const struct vfs_meta *meta,
		 struct err *e);

/*
 * Make @path another hard link to the file @existing, over what is there but a directory; nothing
 * is done if it is one. Both are in the top of one mount: -EXDEV; -ENOENT.
 */
int vfs_put_hard_link(struct vfs *fs, const char *path, const char *existing, struct err *e);

/* Add bytes to the end of a regular file, in place: its other links see them too. -ENOENT. */
int vfs_append(struct vfs *fs, const char *path, const void *bytes, size_t n, struct err *e);

/*
 * vfs_rename - move an entry to another name, over what is there, as rename(2)
 *
 * A directory that lower layers have a part of is not moved, as in a mount without
 * redirect_dir=on: -EXDEV, and callers copy. Nothing is moved between mounts (-EXDEV), nor a
 * directory that has a mount of the table below it (-EBUSY).
 *
 * Returns: 0; -ENOENT, -ENOTDIR, -EISDIR, -ENOTEMPTY, -EINVAL (into itself) as rename(2), all
 *          but the first ERR_PRECONDITION.
 */
int vfs_rename(struct vfs *fs, const char *from, const char *to, struct err *e);

/* Set metadata of a file, link or directory; a lower file is copied up first. */
int vfs_set_meta(struct vfs *fs, const char *path, const struct vfs_meta *meta, struct err *e);

/*
 * Remove a file, link or empty directory as the container would: a lower entry gets a
 * whiteout. Returns 0 (also when absent), -ENOTEMPTY.
 */
int vfs_remove(struct vfs *fs, const char *path, struct err *e);

/*
 * Take the top's own entry away and leave no whiteout, so that what is below shows again. For
 * a directory the top's part must be empty. Returns 0 (also when the top has none), -ENOTEMPTY.
 */
int vfs_drop(struct vfs *fs, const char *path, struct err *e);

/*
 * The kernel marks a directory of the top ("impure") for each copied-up entry that it meets, also
 * for those that are gone again. Take the mark off @path unless such an entry is left.
 */
int vfs_settle(struct vfs *fs, const char *path, struct err *e);

/* How many entries the top's own directory holds, whiteouts included; 0 if there is none. */
int vfs_count_top(const struct vfs *fs, const char *path, size_t *ret, struct err *e);

/* Remove what a crash may have left under the temporary name in directory @path. */
int vfs_drop_temporary(struct vfs *fs, const char *path, struct err *e);
/* Flush the file systems behind all tops to disk (syncfs). */
int vfs_sync(struct vfs *fs, struct err *e);

/*
 * The same in two steps, of which the second, which takes its time, doesn't need the view. After
 * vfs_hold_removed() what is removed or dropped loses its name at once, and its blocks, which a
 * file system may have to tell the disk about one by one, in the second step: at most
 * LIMIT_REMOVED.
 */
struct vfs_unsynced {
	int *tops; /* a descriptor in each file system; owned, as the next */
	size_t n_tops;
	int *removed;
	size_t n_removed;
};
void vfs_hold_removed(struct vfs *fs);
int vfs_unsynced_get(struct vfs *fs, struct vfs_unsynced *ret, struct err *e);
int vfs_unsynced_flush(struct vfs_unsynced *u, struct err *e);
void vfs_unsynced_done(struct vfs_unsynced *u);

/*
 * Do changes to names and metadata become durable in the order in which they were made, on the file
 * system of @fd? Then a power cut can't undo one and spare a later one. It says nothing about
 * content. False where that isn't known.
 */
bool vfs_keeps_order(int fd);
/*
 * Does this kernel give the change times of what is in the top at @path, in nanoseconds? Not on a
 * file system of another machine or process, or one with coarser times.
 */
bool vfs_has_own_times(const struct vfs *fs, const char *path);
/* Is all that the top at @path holds on the file system of @fd? */
bool vfs_is_beside(const struct vfs *fs, const char *path, int fd);
