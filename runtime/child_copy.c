/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY_UP: a new file system begins with what the image has in its place (tmpcopyup).
 *
 * Directories, files and links with their modes, owners and times; whatever else an image has is
 * left out. The source is the image's, so links in it are copied and never followed.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum { ENTRIES_BYTES = 1024, COPY_BYTES = 4096 };

/* As the kernel writes them (getdents64(2)). */
struct entry {
	uint64_t ino;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

struct copy {
	int from, to; /* directories */
	unsigned depth;
	unsigned *n_entries; /* of the whole copy, so far */
};

static int copy_dir(const struct copy *copy);

static int copy_bytes(int from, int to)
{
	char bytes[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at < n;) {
			ssize_t written = write(to, bytes + at, (size_t)(n - at));

			if (written < 0)
				return -errno;
			at += written;
		}
	return n < 0 ? -errno : 0;
}

/* An owner that isn't mapped here can't be given (EINVAL): it stays root's. */
static int copy_owner(int dir, const char *name, int flags, const struct stat *st)
{
	return child_result(fchownat(dir, name, st->st_uid, st->st_gid, flags));
}

/* After what is in a directory, since that changes its times. */
static int copy_meta(int fd, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r = copy_owner(fd, "", AT_EMPTY_PATH, st);
	mode_t mode = st->st_mode & (r < 0 ? 01777 : 07777); /* no privileges of another's */

	if (r < 0 && r != -EINVAL)
		return r;
	if (fchmod(fd, mode) < 0)
		return -errno;
	return child_result(futimens(fd, times));
}

static int copy_file(const struct copy *copy, const char *name, const struct stat *st)
{
	int from = openat(copy->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int to = openat(copy->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = from < 0 || to < 0 ? -errno : copy_bytes(from, to);

	if (r == 0)
		r = copy_meta(to, st);
	close(from);
	close(to);
	return r;
}

static int copy_link(const struct copy *copy, const char *name, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	char text[LIMIT_PATH];
	ssize_t n = readlinkat(copy->from, name, text, sizeof(text) - 1);
	int r;

	if (n < 0)
		return -errno;
	text[n] = '\0';

	if (symlinkat(text, copy->to, name) < 0)
		return -errno;
	r = copy_owner(copy->to, name, AT_SYMLINK_NOFOLLOW, st);
	if (r < 0 && r != -EINVAL)
		return r;
	return child_result(utimensat(copy->to, name, times, AT_SYMLINK_NOFOLLOW));
}

static int copy_below(const struct copy *copy, const char *name, const struct stat *st)
{
	struct copy below = *copy;
	int r;

	if (++below.depth > LIMIT_DEPTH)
		return -ELOOP;
	if (mkdirat(copy->to, name, 0700) < 0)
		return -errno;
	below.from = openat(copy->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	below.to = openat(copy->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = below.from < 0 || below.to < 0 ? -errno : copy_dir(&below);
	if (r == 0)
		r = copy_meta(below.to, st);
	close(below.from);
	close(below.to);
	return r;
}

static int copy_entry(const struct copy *copy, const char *name)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (++*copy->n_entries > LIMIT_COPY_UP_ENTRIES)
		return -E2BIG;
	if (fstatat(copy->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_below(copy, name, &st);
	if (S_ISREG(st.st_mode))
		return copy_file(copy, name, &st);
	return S_ISLNK(st.st_mode) ? copy_link(copy, name, &st) : 0;
}

static int copy_dir(const struct copy *copy)
{
	char entries[ENTRIES_BYTES] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = sys_getdents64(copy->from, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct entry *entry = (const void *)(entries + at);
			int r = copy_entry(copy, entry->name);

			if (r < 0)
				return r;
			at += entry->size;
		}
	return n < 0 ? -errno : 0;
}

int child_copy_up(struct child *c, const struct op *op)
{
	unsigned n_entries = 0;
	struct copy copy = {.n_entries = &n_entries};
	struct stat st;
	int r;

	copy.from = child_open_below(c->root, op->path, O_RDONLY | O_DIRECTORY, 0);
	if (copy.from < 0)
		return copy.from == -ENOENT || copy.from == -ENOTDIR ? 0 : copy.from;
	copy.to = openat(c->current, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy.to < 0 || fstat(copy.from, &st) < 0)
		r = -errno;
	else
		r = copy_dir(&copy);
	if (r == 0)
		r = copy_meta(copy.to, &st);
	close(copy.from);
	close(copy.to);
	return r;
}
