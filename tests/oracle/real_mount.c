/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "tests/oracle/must.h"
#include "tests/oracle/real.h"

/* libc's name of an open descriptor that mount(2) follows to the very directory. */
static void fd_path(int fd, char ret[64])
{
	snprintf(ret, 64, "/proc/self/fd/%d", fd);
}

static bool is_readonly(const struct mount_spec *s)
{
	return strv_has(&s->options, "ro");
}

/* The options as one string for mount(2), without the words that are flags. */
static void overlay_data(const struct mount_spec *s, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < s->options.n; i++)
		if (strcmp(s->options.v[i], "ro") != 0)
			n += (size_t)snprintf(ret + n, size - n, "%s%s", n ? "," : "",
					      s->options.v[i]);
	must(n < size, "options of %zu bytes", n);
}

/* A volatile mount leaves a mark, so that nobody trusts its upper after a crash; we do. */
static void forget_volatile(const char *work)
{
	char path[LIMIT_PATH];
	struct err e = ERR_NONE;

	snprintf(path, sizeof(path), "%s/work/incompat", work);
	must(io_remove_tree_at(AT_FDCWD, path, &e) == 0, "%s", e.msg);
}

static int mount_overlay(const struct mount_spec *s, int at, struct real_mount *m)
{
	const char *upper = strv_value(&s->options, "upperdir");
	char data[4096];
	char path[64];

	fd_path(at, path);
	overlay_data(s, data, sizeof(data));
	if (strv_has(&s->options, "volatile"))
		forget_volatile(strv_value(&s->options, "workdir"));
	if (mount("overlay", path, "overlay", MS_NOATIME | (is_readonly(s) ? MS_RDONLY : 0), data))
		return -errno;
	m->is_overlay = true;
	if (upper && !is_readonly(s))
		snprintf(m->top, sizeof(m->top), "%s", upper);
	return 0;
}

/* The source, and what of it "X-mount.subdir=" names, found inside it. */
static int clone_source(const struct mount_spec *s, char *ret_top)
{
	const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			       (strv_has(&s->options, "rbind") ? AT_RECURSIVE : 0u);
	const char *subdir = strv_value(&s->options, "X-mount.subdir");
	const struct real source = {.at = s->source};
	cleanup_close int fd = -EBADF;
	int tree;

	if (access(s->source, F_OK) < 0)
		return -errno;
	if (!subdir) {
		snprintf(ret_top, LIMIT_PATH, "%s", s->source);
		tree = open_tree(AT_FDCWD, s->source, flags);
		return tree < 0 ? -errno : tree;
	}
	fd = real_open(&source, subdir, 0);
	if (fd < 0)
		return fd;
	real_path_of(&source, fd, ret_top);
	memmove(ret_top + strlen(s->source), ret_top, strlen(ret_top) + 1);
	memcpy(ret_top, s->source, strlen(s->source));
	tree = open_tree(fd, "", flags | AT_EMPTY_PATH);
	return tree < 0 ? -errno : tree;
}

static int mount_bind(const struct mount_spec *s, int at, struct real_mount *m)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	char top[LIMIT_PATH];
	cleanup_close int tree = clone_source(s, top);
	unsigned recursive = strv_has(&s->options, "rro") ? AT_RECURSIVE : 0;

	if (tree < 0)
		return tree;
	if ((is_readonly(s) || recursive) &&
	    mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)) < 0)
		return -errno;
	if (move_mount(tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	if (!is_readonly(s) && !recursive)
		memcpy(m->top, top, sizeof(top));
	return 0;
}

static int mount_special(int at, struct real_mount *m)
{
	char path[64];

	fd_path(at, path);
	if (mount("tmpfs", path, "tmpfs", 0, "mode=0755"))
		return -errno;
	m->is_special = true;
	return 0;
}

static int mount_at(const struct mount_spec *s, int at, struct real_mount *m)
{
	if (strcmp(s->type, "overlay") == 0)
		return mount_overlay(s, at, m);
	if (strcmp(s->type, "bind") == 0)
		return mount_bind(s, at, m);
	return mount_special(at, m);
}

static void find_id(const struct real *r, struct real_mount *m)
{
	cleanup_close int fd = real_open(r, m->destination, O_NOFOLLOW);
	struct statx st;

	must(fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0, "%s", m->destination);
	m->id = st.stx_mnt_id;
}

void real_mount_rootfs(struct real *r, const char *at, const struct mount_specs *rootfs)
{
	*r = (struct real){.at = at, .gave_up = r->gave_up};
	for (size_t i = 0; i < rootfs->n; i++) {
		struct real_mount *m = &r->mounts[r->n_mounts++];
		cleanup_close int fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
		int e;

		strcpy(m->destination, "/");
		must(fd >= 0, "open %s", at);
		e = mount_at(&rootfs->v[i], fd, m);
		errno = -e;
		must(e == 0, "mount the rootfs, %s", rootfs->v[i].type);
		find_id(r, m);
	}
}

/* Does the mount want a file (1) or a directory (0) below it? -errno if there is no source. */
static int wants_file(const struct mount_spec *s)
{
	char top[LIMIT_PATH];
	cleanup_close int tree = -EBADF;
	struct stat st;

	if (strcmp(s->type, "bind") != 0)
		return 0;
	tree = clone_source(s, top);
	if (tree < 0)
		return tree;
	must(fstat(tree, &st) == 0, "stat %s", s->source);
	return !S_ISDIR(st.st_mode);
}

/*
 * As a runtime does: directories and at the end what a mount needs; parents keep their time.
 * @ret_made: the topmost path that was made
 */
static int make_destination(const struct real *r, const char *path, bool file, char *ret_made)
{
	const struct timespec omit = {.tv_nsec = UTIME_OMIT};
	char parent[LIMIT_PATH];
	cleanup_close int dir = -EBADF;
	struct stat st;
	int e;

	path_parent(path, parent);
	dir = real_open_canonical(r, parent);
	if (dir == -ENOENT && strcmp(parent, "/") != 0) {
		e = make_destination(r, parent, /* file= */ false, ret_made);
		if (e < 0)
			return e;
		dir = real_open_canonical(r, parent);
	} else {
		strcpy(ret_made, path);
	}
	if (dir < 0 || fstat(dir, &st) < 0)
		return dir < 0 ? dir : -errno;
	if (file ? mknodat(dir, path_name(path), S_IFREG | 0644, 0)
		 : mkdirat(dir, path_name(path), 0755))
		return -errno;
	utimensat(dir, "", (const struct timespec[]){omit, st.st_mtim}, AT_EMPTY_PATH);
	return 0;
}

int real_mount_add(struct real *r, const struct mount_spec *spec)
{
	struct real_mount *m = &r->mounts[r->n_mounts];
	cleanup_close int fd = -EBADF;
	int e = real_walk(r, spec->destination, /* follow_last= */ true, m->destination);
	int file = wants_file(spec);

	if (e < 0 || file < 0) /* nothing is made for a source that isn't there */
		return e < 0 ? e : file;
	memset(&m->id, 0, sizeof(*m) - offsetof(struct real_mount, id));
	if (e == 1) {
		e = make_destination(r, m->destination, file != 0, m->made);
		if (e < 0)
			return e;
	}
	fd = real_open_canonical(r, m->destination);
	if (fd < 0)
		return fd;
	e = mount_at(spec, fd, m);
	if (e < 0)
		return e;
	r->n_mounts++;
	find_id(r, m);
	return 0;
}

void real_unmount(struct real *r)
{
	must(umount2(r->at, MNT_DETACH) == 0, "unmount %s", r->at);
	while (umount2(r->at, MNT_DETACH) == 0) /* a rootfs of more than one spec */
		;
}

static int forget_origin(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	lremovexattr(path, "trusted.overlay.origin");
	lremovexattr(path, "user.overlay.origin");
	return 0;
}

/*
 * The kernel remembers of which lower file something is a copy, whatever its name is by now. If
 * that file shows again, because an entry was dropped, it would take both for one.
 */
static void forget_origins(const struct mount_spec *s)
{
	const char *upper = strv_value(&s->options, "upperdir");

	if (upper)
		nftw(upper, forget_origin, /* descriptors= */ 8, FTW_PHYS);
}

/* What is at a destination may be another thing by now. */
static void mount_one_again(struct real *r, const struct mount_spec *s, struct real_mount *m)
{
	cleanup_close int fd = real_open_canonical(r, m->destination);
	int e = fd;

	if (fd == -ENOENT && m->made[0]) {
		e = make_destination(r, m->destination, wants_file(s) > 0, m->made);
		fd = real_open_canonical(r, m->destination);
	}
	m->top[0] = '\0';
	forget_origins(s);
	if (fd >= 0)
		e = mount_at(s, fd, m);
	/* it or its source was removed or replaced by another path to the same place */
	if (e == -ENOENT || e == -ENOTDIR || e == -EINVAL) {
		*r->gave_up = true;
		return;
	}
	errno = -e;
	must(e >= 0, "mount at %s again", m->destination);
	find_id(r, m);
}

void real_mount_again(struct real *r, const struct mount_specs *rootfs,
		      const struct mount_specs *mounts)
{
	struct real_mount *m = r->mounts;

	for (size_t i = 0; i < rootfs->n; i++)
		mount_one_again(r, &rootfs->v[i], m++);
	for (size_t i = 0; i < mounts->n; i++)
		mount_one_again(r, &mounts->v[i], m++);
}
