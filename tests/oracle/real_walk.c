/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "tests/oracle/must.h"
#include "tests/oracle/real.h"

/*
 * The kernel keeps one inode for the lower part of a directory. Layers that show it at two places,
 * which renames and later changes below them can lead to, make it say ESTALE at the second.
 */
static int failed(const struct real *r, int error)
{
	if (error == ESTALE && r->gave_up)
		*r->gave_up = true;
	return -error;
}

/* For where openat2() is denied. Descriptors of the outside bring us back. */
static int open_in_chroot(int root, const char *path, uint64_t flags)
{
	cleanup_close int outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	must(outside >= 0 && fchdir(root) == 0 && chroot(".") == 0, "chroot");
	fd = open(path, (int)flags);
	fd = fd < 0 ? -errno : fd;
	must(fchdir(outside) == 0 && chroot(".") == 0, "leaving the chroot");
	return fd;
}

int real_open(const struct real *r, const char *path, int flags)
{
	const struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
				     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	cleanup_close int root = open(r->at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	must(root >= 0, "open %s", r->at);
	do
		fd = sys_openat2(root, path, &how);
	while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_in_chroot(root, path, how.flags);
	return fd < 0 ? failed(r, errno) : fd;
}

int real_open_canonical(const struct real *r, const char *path)
{
	cleanup_close int fd = open(r->at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char copy[LIMIT_PATH];
	char *rest = copy;
	char *name;

	must(fd >= 0, "open %s", r->at);
	snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, "/"))) {
		int next;

		if (!*name)
			continue;
		next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno == ENOTDIR || errno == ELOOP ? -ENOENT : failed(r, errno);
		fd_close(fd);
		fd = next;
	}
	return take_fd(&fd);
}

/* The root of a mount whose directory was removed by another path has that in its name. */
static bool is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

void real_path_of(const struct real *r, int fd, char *ret)
{
	static const char gone[] = " (deleted)";
	char link[64];
	char path[LIMIT_PATH];
	size_t root = strlen(r->at);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	must(n >= (ssize_t)root && memcmp(path, r->at, root) == 0, "outside of %s", r->at);
	path[n] = '\0';
	if (is_gone(fd) && n > (ssize_t)(sizeof(gone) - 1))
		path[n - (ssize_t)(sizeof(gone) - 1)] = '\0';
	snprintf(ret, LIMIT_PATH, "%s", path[root] ? path + root : "/");
}

const struct real_mount *real_mount_of(const struct real *r, int fd)
{
	struct statx st;

	must(statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0, "statx");
	for (size_t i = r->n_mounts; i-- > 0;)
		if (r->mounts[i].id == st.stx_mnt_id)
			return &r->mounts[i];
	return NULL;
}

/* Does mount @first or a later one lie on @path, or above it? */
static bool is_covered(const struct real *r, const char *path, size_t first)
{
	for (size_t i = first; i < r->n_mounts; i++)
		if (path_is_below(path, r->mounts[i].destination))
			return true;
	return false;
}

bool real_shows(const struct real *r, size_t i)
{
	return !is_covered(r, r->mounts[i].destination, i + 1);
}

bool real_is_mountpoint(const struct real *r, const char *path)
{
	for (size_t i = 0; i < r->n_mounts; i++)
		if (strcmp(r->mounts[i].destination, path) == 0 && real_shows(r, i))
			return true;
	return false;
}

bool real_is_made(const struct real *r, const char *path, bool at)
{
	for (size_t i = 0; i < r->n_mounts; i++) {
		const struct real_mount *m = &r->mounts[i];

		if (m->made[0] && path_is_below(path, m->made) &&
		    path_is_below(m->destination, path) && !is_covered(r, path, i + 1) &&
		    (at || strcmp(path, m->destination) != 0))
			return true;
	}
	return false;
}

bool real_is_unreachable(const struct real *r, const char *path)
{
	for (size_t i = r->n_mounts; i-- > 0;)
		if (path_is_below(path, r->mounts[i].destination))
			return r->mounts[i].is_special;
	return false;
}

struct walk {
	const struct real *real;
	char rest[2 * LIMIT_PATH]; /* what is still to be walked */
	char at[LIMIT_PATH];       /* canonical */
	unsigned n_links;
	bool missing; /* at is text from here on */
	bool made;    /* came across something that was made for a mount */
};

/* Put the text of the link @fd before what is left. */
static int follow(struct walk *w, int fd)
{
	char target[2 * LIMIT_PATH];
	ssize_t n = readlinkat(fd, "", target, LIMIT_PATH);

	must(n > 0, "readlink");
	if (++w->n_links > LIMIT_SYMLINKS)
		return -ELOOP;
	if ((size_t)n + strlen(w->rest) + 2 > sizeof(target))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		strcpy(w->at, "/");
	strcpy(target + n, w->rest);
	strcpy(w->rest, target);
	return 0;
}

static int step(struct walk *w, const char *name, bool follow_last)
{
	bool is_last = w->rest[strspn(w->rest, "/")] == '\0';
	bool has_slash = w->rest[0] == '/';
	char next[LIMIT_PATH];
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		path_parent(w->at, next);
		strcpy(w->at, next);
		return 0;
	}
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	if (path_join(w->at, name, next, sizeof(next), NULL) < 0)
		return -ENAMETOOLONG;
	if (w->missing || real_is_unreachable(w->real, next)) {
		strcpy(w->at, next);
		return 0;
	}
	fd = real_open_canonical(w->real, next);
	if (fd < 0) {
		w->missing = true;
		strcpy(w->at, next);
		return fd == -ENOENT ? 0 : fd;
	}
	w->made |= real_is_made(w->real, next, /* at= */ false);
	must(fstat(fd, &st) == 0, "stat %s", next);
	if (S_ISLNK(st.st_mode) && (!is_last || has_slash || follow_last))
		return follow(w, fd);
	if (!S_ISDIR(st.st_mode) && (!is_last || has_slash))
		return -ENOTDIR;
	strcpy(w->at, next);
	return 0;
}

static int walk(struct walk *w, const char *path, bool follow_last)
{
	snprintf(w->rest, sizeof(w->rest), "%s", path);
	for (;;) {
		size_t skip = strspn(w->rest, "/");
		size_t n = strcspn(w->rest + skip, "/");
		char name[LIMIT_PATH];
		int e;

		if (n == 0)
			return 0;
		snprintf(name, sizeof(name), "%.*s", (int)n, w->rest + skip);
		memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
		e = step(w, name, follow_last);
		if (e < 0)
			return e;
	}
}

int real_walk(const struct real *r, const char *path, bool follow_last, char *ret)
{
	struct walk w = {.real = r, .at = "/"};
	int e = walk(&w, path, follow_last);

	if (e < 0)
		return e;
	strcpy(ret, w.at);
	return w.missing ? 1 : 0;
}

bool real_walk_needs_made(const struct real *r, const char *path, bool follow_last)
{
	struct walk w = {.real = r, .at = "/"};

	walk(&w, path, follow_last);
	return w.made;
}
