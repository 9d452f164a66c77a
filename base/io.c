/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/limits.h"

enum { READ_BYTES = 4096 };

/* How many bytes came. One that is too many has room in the place of the NUL. */
static ssize_t read_some(int fd, struct buf *to, struct err *e)
{
	size_t left = to->max - to->n;
	int r = buf_reserve(to, left < READ_BYTES ? left : READ_BYTES, e);
	size_t room = to->cap - to->n;
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = read(fd, to->data + to->n, room <= left ? room - 1 : left + 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "reading");
	if ((size_t)n > left)
		return buf_reserve(to, (size_t)n, e);
	return n;
}

int io_read_all(int fd, struct buf *to, struct err *e)
{
	for (;;) {
		ssize_t n = read_some(fd, to, e);

		if (to->data)
			to->data[to->n + (n > 0 ? (size_t)n : 0)] = '\0';
		if (n <= 0)
			return (int)n;
		to->n += (size_t)n;
	}
}

int io_write_all(int fd, const void *bytes, size_t n, struct err *e)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, "writing");
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int io_copy(int from, int to, off_t max, struct err *e)
{
	off_t total = 0;

	for (;;) {
		char chunk[65536];
		ssize_t n = pread(from, chunk, sizeof(chunk), total);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "reading");
		if (n == 0)
			return 0;
		total += n;
		if (total > max)
			return err_set(e, -EFBIG, ERR_LIMIT, "a file exceeds %lld bytes",
				       (long long)max);
		r = io_write_all(to, chunk, (size_t)n, e);
		if (r < 0)
			return r;
	}
}

int io_read_file_at(int dirfd, const char *name, struct buf *to, struct err *e)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return err_sys(e, "opening '%s'", name);
	r = io_read_all(fd, to, e);
	return r < 0 ? err_wrap(e, r, "'%s'", name) : 0;
}

static int fill_and_rename(int dirfd, int fd, const char *tmp, const char *name, const void *bytes,
			   size_t n, bool is_durable, struct err *e)
{
	int r = io_write_all(fd, bytes, n, e);

	if (r < 0)
		return err_wrap(e, r, "'%s'", name);
	fault_point("io.written");
	if (is_durable && fsync(fd) < 0)
		return err_sys(e, "syncing '%s'", name);
	if (renameat(dirfd, tmp, dirfd, name) < 0)
		return err_sys(e, "renaming '%s'", name);
	fault_point("io.renamed");
	return 0;
}

static int write_file(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode,
		      bool is_durable, struct err *e)
{
	cleanup_close int fd = -EBADF;
	char tmp[NAME_MAX + 1];
	int r;

	snprintf(tmp, sizeof(tmp), ".%.200s.tmp", name);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "creating '%s'", tmp);
	fault_point("io.created");
	r = fill_and_rename(dirfd, fd, tmp, name, bytes, n, is_durable, e);
	if (r < 0)
		unlinkat(dirfd, tmp, 0);
	return r;
}

int io_write_file_at(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode,
		     struct err *e)
{
	int r = write_file(dirfd, name, bytes, n, mode, /* is_durable= */ true, e);

	if (r < 0)
		return r;
	return fsync(dirfd) < 0 ? err_sys(e, "syncing the directory of '%s'", name) : 0;
}

int io_replace_file_at(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode,
		       struct err *e)
{
	return write_file(dirfd, name, bytes, n, mode, /* is_durable= */ false, e);
}

struct dirent *io_next_entry(DIR *d)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(d);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry;
}

int io_mkdir_p(const char *path, mode_t mode, struct err *e)
{
	char part[LIMIT_PATH];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "bad directory name '%.64s'", path);
	memcpy(part, path, n + 1);
	for (char *p = part + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(e, "creating directory '%s'", part);
		*p = c;
		if (c == '\0')
			return 0;
	}
}

/*
 * A tree may be nested deeper than recursion should go. What lies too deep is moved up to the
 * top of the tree, where the next round finds it.
 */
struct remover {
	int top;     /* directory at the top; borrowed */
	dev_t dev;   /* the file system that must not be left */
	size_t n_up; /* how many were moved up */
};

static int remove_entry(struct remover *rm, int parent, const char *name, int depth, struct err *e);

static int remove_children(struct remover *rm, int fd, int depth, struct err *e)
{
	cleanup_closedir DIR *d = NULL;
	cleanup_close int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int r = 0;

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, "listing a directory");
	copy = -EBADF; /* owned by d */
	while (r == 0 && (entry = io_next_entry(d)))
		r = remove_entry(rm, fd, entry->d_name, depth, e);
	return r;
}

static int move_up(struct remover *rm, int parent, const char *name, struct err *e)
{
	char up[64];
	int r;

	do { /* the tree may hold such a name itself */
		snprintf(up, sizeof(up), ".deep-%zu", rm->n_up++);
		r = renameat2(parent, name, rm->top, up, RENAME_NOREPLACE);
	} while (r < 0 && errno == EEXIST);
	return r < 0 ? err_sys(e, "moving '%s' up", name) : 0;
}

static int remove_entry(struct remover *rm, int parent, const char *name, int depth, struct err *e)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	fault_point("io.remove");
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "removing '%s'", name);
	if (depth > LIMIT_DEPTH)
		return move_up(rm, parent, name, e);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "opening '%s'", name);
	if (st.st_dev != rm->dev)
		return err_set(e, -EXDEV, ERR_PRECONDITION, "'%s' is a mount", name);
	r = remove_children(rm, fd, depth + 1, e);
	fault_point("io.remove");
	if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = err_sys(e, "removing '%s'", name);
	return r;
}

int io_remove_tree_at(int dirfd, const char *name, struct err *e)
{
	cleanup_close int top =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct remover rm = {.top = top};
	struct stat st;
	size_t n_up;
	int r;

	if (top < 0 && errno == ENOENT)
		return 0;
	if (top < 0 || fstat(top, &st) < 0)
		return err_sys(e, "opening '%s'", name);
	rm.dev = st.st_dev;
	do {
		n_up = rm.n_up;
		r = remove_children(&rm, top, 0, e);
	} while (r == 0 && rm.n_up > n_up);
	fault_point("io.remove");
	if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = err_sys(e, "removing '%s'", name);
	return r;
}
