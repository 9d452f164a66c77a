/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/differences.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "tests/oracle/facts.h"

typedef bool applies(const struct real *r, const struct op *op);

static bool always(const struct real *r, const struct op *op)
{
	(void)r, (void)op;
	return true;
}

/* Something here or right below has to be made before the container can be mounted. */
static bool is_made(const struct real *r, const struct op *op)
{
	char parent[LIMIT_PATH];

	if (real_walk_needs_made(r, op->path, op->follow || op->verb == OP_exists))
		return true;
	for (size_t i = 0; i < r->n_mounts; i++) {
		if (!r->mounts[i].made[0])
			continue;
		path_parent(r->mounts[i].made, parent);
		if (op->verb == OP_list && strcmp(parent, op->path) == 0)
			return true;
		if (op->verb == OP_find_command) /* it looks in many places */
			return true;
	}
	return false;
}

/*
 * Does the kernel refuse to look up something above? A file without its content is a file to us
 * all the same, and nothing is below it.
 */
static bool below_refused(const struct real *r, const char *path)
{
	char parent[LIMIT_PATH];
	int fd;

	if (strcmp(path, "/") == 0)
		return false;
	path_parent(path, parent);
	fd = real_open_canonical(r, parent);
	if (fd >= 0)
		fd_close(fd);
	return (fd < 0 && fd != -ENOENT) || below_refused(r, parent);
}

static bool is_below_refused(const struct real *r, const struct op *op)
{
	return below_refused(r, op->path) || (op->verb == OP_rename && below_refused(r, op->to));
}

static bool is_unreachable(const struct real *r, const struct op *op)
{
	char canonical[LIMIT_PATH];

	if (op->verb == OP_exists)
		return real_walk(r, op->path, /* follow_last= */ true, canonical) >= 0 &&
		       real_is_unreachable(r, canonical);
	return real_is_unreachable(r, op->path) ||
	       (op->verb == OP_rename && real_is_unreachable(r, op->to));
}

/* One of a spec, or one that came along with a recursive bind. */
static bool is_mountpoint(const struct real *r, const char *path)
{
	cleanup_close int fd = real_open_canonical(r, path);
	struct statx st;

	return real_is_mountpoint(r, path) ||
	       (fd >= 0 && statx(fd, "", AT_EMPTY_PATH, 0, &st) == 0 &&
		(st.stx_attributes & STATX_ATTR_MOUNT_ROOT));
}

static bool at_mountpoint(const struct real *r, const struct op *op)
{
	return is_mountpoint(r, op->path) || (op->verb == OP_rename && is_mountpoint(r, op->to));
}

static bool above_mountpoint(const struct real *r, const struct op *op)
{
	for (size_t i = 0; i < r->n_mounts; i++)
		if (path_is_below(r->mounts[i].destination, op->path) && real_shows(r, i))
			return true;
	return false;
}

static bool is_readonly(const struct real *r, const char *path)
{
	for (size_t i = r->n_mounts; i-- > 0;)
		if (path_is_below(path, r->mounts[i].destination))
			return !r->mounts[i].top[0];
	return false;
}

static bool in_readonly(const struct real *r, const struct op *op)
{
	return is_readonly(r, op->path) || (op->verb == OP_rename && is_readonly(r, op->to));
}

/* The kernel writes redirects of at most 256 bytes (redirect_max). */
static bool is_too_long_to_redirect(const struct real *r, const struct op *op)
{
	(void)r;
	return strlen(op->path) > 200 || strlen(op->to) > 200;
}

static bool rootfs_has(const struct real *r, const char *option)
{
	for (size_t i = 0; i < r->rootfs->n; i++)
		if (strv_has(&r->rootfs->v[i].options, option))
			return true;
	return false;
}

/* Does the kernel itself list nothing there? */
static bool lists_nothing(const struct real *r, const struct op *op)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	cleanup_close int fd = real_open_canonical(r, op->verb == OP_rename ? op->to : op->path);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	return facts_list(fd, &names) == 0 && names.n == 0;
}

enum { ANY = 1 /* no result is this errno */, FAILS = 2 };

struct row {
	int verb; /* OP_VERB_MAX: any */
	int ours; /* result, ANY or FAILS */
	int kernels;
	applies *where;
	enum difference verdict;
	const char *why;
};

/* clang-format off */
static const struct row rows[] = {
	/* what has no backing can't be looked into or written */
	{OP_VERB_MAX, FAILS, ANY, is_unreachable, DIFFERENCE_NAMED, "unreachable"},
	{OP_exists, 0, 1, is_unreachable, DIFFERENCE_NAMED, "unreachable"},
	{OP_lstat, 0, -ENAMETOOLONG, is_unreachable, DIFFERENCE_NAMED, "unreachable"},
	/* a name where a mount begins is busy before it exists, is a directory, ... */
	{OP_VERB_MAX, -EBUSY, FAILS, at_mountpoint, DIFFERENCE_NAMED, "mount point is busy first"},
	/* without a top nothing is looked at; the kernel first says what is missing, or does nothing */
	{OP_VERB_MAX, -EROFS, ANY, in_readonly, DIFFERENCE_NAMED, "read-only first"},
	/* which of two mistakes is told; nothing is done */
	{OP_VERB_MAX, -ENAMETOOLONG, FAILS, always, DIFFERENCE_NAMED, "the name's length first"},
	{OP_rename, -EPERM, FAILS, always, DIFFERENCE_NAMED, "one of two names is refused"},
	{OP_rename, FAILS, -EPERM, always, DIFFERENCE_NAMED, "one of two names is refused"},
	{OP_rename, -EXDEV, FAILS, always, DIFFERENCE_NAMED, "the mounts first"},
	{OP_rename, FAILS, -EXDEV, always, DIFFERENCE_NAMED, "mounts that came with a bind last"},
	/* nothing is there until the runtime has made a place for the mount */
	{OP_VERB_MAX, ANY, ANY, is_made, DIFFERENCE_NAMED, "made for a mount"},
	/* execvp() takes a directory for a command that may not be executed */
	{OP_find_command, -ENOENT, -EACCES, always, DIFFERENCE_NAMED, "a directory is no command"},
	/* the container's FIFOs, sockets and devices are none of ours */
	{OP_set_meta, -EINVAL, 0, always, DIFFERENCE_DIVERGES, "special files stay as they are"},
	/* a file without content is a file: nothing is below it */
	{OP_VERB_MAX, -ENOENT, FAILS, is_below_refused, DIFFERENCE_NAMED, "below a refused file"},
	{OP_lstat, 0, FAILS, is_below_refused, DIFFERENCE_NAMED, "below a refused file"},
	{OP_remove, 0, FAILS, is_below_refused, DIFFERENCE_NAMED, "below a refused file"},
	/* bound twice: the kernel protects the directory under a mount by all its paths, specs by one */
	{OP_remove, ANY, -EBUSY, always, DIFFERENCE_DIVERGES, "a mount point by another path"},
	{OP_rename, ANY, -EBUSY, always, DIFFERENCE_DIVERGES, "a mount point by another path"},
	{OP_drop, ANY, -EBUSY, always, DIFFERENCE_DIVERGES, "a mount point by another path"},
	{OP_put_file, 0, -EBUSY, always, DIFFERENCE_DIVERGES, "a mount point by another path"},
	{OP_put_link, 0, -EBUSY, always, DIFFERENCE_DIVERGES, "a mount point by another path"},
	/* moving a directory would move the mounts in it, which specs can't follow */
	{OP_rename, -EBUSY, 0, above_mountpoint, DIFFERENCE_DIVERGES, "mounts below stay"},
	{OP_rename, -EBUSY, FAILS, above_mountpoint, DIFFERENCE_NAMED, "mounts below stay"},
	/* a metacopy that moves gets its content from us, but a redirect from the kernel */
	{OP_rename, 0, -EXDEV, is_too_long_to_redirect, DIFFERENCE_DIVERGES, "no redirect is made"},
	/* what can't be looked up can't be dropped */
	{OP_drop, -EPERM, 0, always, DIFFERENCE_DIVERGES, "the entry is refused"},
	{OP_drop, -EIO, 0, always, DIFFERENCE_DIVERGES, "the entry is refused"},
	/* the kernel's rmdir() takes whiteouts in xattr form for entries, its listing doesn't */
	{OP_remove, 0, -ENOTEMPTY, lists_nothing, DIFFERENCE_DIVERGES, "whiteouts are no entries"},
	{OP_rename, ANY, -ENOTEMPTY, lists_nothing, DIFFERENCE_DIVERGES, "whiteouts are no entries"},
	/* one name that the kernel refuses may spoil its whole listing */
	{OP_list, 0, -EPERM, always, DIFFERENCE_NAMED, "others are listed"},
	{OP_list, 0, -EIO, always, DIFFERENCE_NAMED, "others are listed"},
	/* with redirect_dir=on the kernel moves merged directories, vfs never does */
	{OP_rename, -EXDEV, 0, always, DIFFERENCE_DIVERGES, "no redirect is made"},
};
/* clang-format on */

static bool matches(int wanted, int r)
{
	return wanted == r || wanted == ANY || (wanted == FAILS && r < 0);
}

static bool has_redirect(const char *path)
{
	return lgetxattr(path, "trusted.overlay.redirect", NULL, 0) >= 0;
}

/* Has anything in an upper another name in the layers below? */
static bool uppers_have_redirects(const struct real *r)
{
	bool found = false;

	for (size_t i = 0; i < r->n_mounts && !found; i++) {
		char *const roots[] = {(char *)r->mounts[i].top, NULL};
		FTS *walk = r->mounts[i].is_overlay && roots[0][0]
				    ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL)
				    : NULL;
		const FTSENT *entry;

		while (walk && !found && (entry = fts_read(walk)))
			found = has_redirect(entry->fts_path);
		if (walk)
			fts_close(walk);
	}
	return found;
}

/*
 * Results agree, but trees needn't. With redirect_dir=on, which metacopy=on implies, the kernel
 * copies up what it moves, and sets the redirect, before it finds that it can't. Where it completes
 * a metacopy the file's time is of now, even if nothing gets appended. And what shows again,
 * because a whiteout was dropped, is taken for one with what has a redirect to it, or is -ESTALE:
 * whichever is met second.
 */
static bool is_done_in_vain(const struct real *r, const struct op *op, const struct outcome *ours,
			    const struct outcome *kernels)
{
	if (op->verb == OP_drop)
		return ours->r == 0 && kernels->r == 0 && uppers_have_redirects(r);
	if (op->verb == OP_append)
		return ours->r == 0 && kernels->r == 0 && op->n_bytes == 0 &&
		       rootfs_has(r, "metacopy=on");
	return op->verb == OP_rename && ours->r < 0 &&
	       (kernels->r == -EXDEV || kernels->r == -ENOTEMPTY) &&
	       (rootfs_has(r, "redirect_dir=on") || rootfs_has(r, "metacopy=on"));
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->r == b->r &&
	       strcmp(a->text.data ? a->text.data : "", b->text.data ? b->text.data : "") == 0;
}

enum difference difference_judge(const struct real *r, const struct op *op,
				 const struct outcome *ours, const struct outcome *kernels,
				 const char **ret_why)
{
	*ret_why = NULL;
	if (is_done_in_vain(r, op, ours, kernels)) {
		*ret_why = "done in vain";
		return DIFFERENCE_DIVERGES;
	}
	if (same(ours, kernels))
		return DIFFERENCE_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if ((row->verb == OP_VERB_MAX || row->verb == (int)op->verb) &&
		    matches(row->ours, ours->r) && matches(row->kernels, kernels->r) &&
		    row->where(r, op)) {
			*ret_why = row->why;
			return row->verdict;
		}
	}
	return DIFFERENCE_BUG;
}
