/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "vfs/place.h"

/* Copy @n bytes at @at through our memory. */
static int copy_bytes(int from, int to, off_t at, off_t n, struct err *e)
{
	char chunk[65536];

	if (lseek(to, at, SEEK_SET) < 0)
		return err_sys(e, "seeking");
	while (n > 0) {
		size_t want = n < (off_t)sizeof(chunk) ? (size_t)n : sizeof(chunk);
		ssize_t done = pread(from, chunk, want, at);
		int r;

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, "reading");
		if (done == 0) /* somebody has made it shorter */
			return 0;
		r = io_write_all(to, chunk, (size_t)done, e);
		if (r < 0)
			return r;
		at += done;
		n -= done;
	}
	return 0;
}

/* Copy @n bytes at @at. What copy_file_range() can't do, between these files, we can. */
static int copy_extent(int from, int to, off_t at, off_t n, struct err *e)
{
	off_t out = at;

	while (n > 0) {
		ssize_t done = copy_file_range(from, &at, to, &out, (size_t)n, 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return copy_bytes(from, to, at, n, e);
		n -= done;
	}
	return 0;
}

int vfs_content_check_size(off_t size, struct err *e)
{
	if (size > LIMIT_COPY_UP)
		return err_set(e, -EFBIG, ERR_LIMIT, "a file exceeds %d bytes", LIMIT_COPY_UP);
	return 0;
}

int vfs_content_copy(int from, int to, struct err *e)
{
	cleanup_close int fd = vfs_place_reopen(from, O_RDONLY, e);
	struct stat st;
	off_t at = 0;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at a file");
	r = vfs_content_check_size(st.st_size, e);
	if (r < 0)
		return r;
	if (st.st_size == 0 || ioctl(to, FICLONE, fd) == 0)
		return 0;
	if (ftruncate(to, st.st_size) < 0)
		return err_sys(e, "making a file longer");
	while (at < st.st_size) {
		off_t begin = lseek(fd, at, SEEK_DATA);
		off_t end = begin < 0 ? -1 : lseek(fd, begin, SEEK_HOLE);

		if (begin < 0 && errno == ENXIO) /* only a hole is left */
			return 0;
		if (begin < 0 || end <= begin ||
		    end > st.st_size) { /* who can't say has no holes */
			begin = begin < 0 ? at : begin;
			end = st.st_size;
		}
		r = copy_extent(fd, to, begin, end - begin, e);
		if (r < 0)
			return r;
		at = end;
	}
	return 0;
}

int vfs_content_same(int a, int b, struct err *e)
{
	char mine[32768];
	char other[sizeof(mine)];

	for (off_t at = 0;;) {
		ssize_t n = pread(a, mine, sizeof(mine), at);
		ssize_t m = pread(b, other, sizeof(other), at);

		if (n < 0 || m < 0)
			return err_sys(e, "reading");
		if (n != m || memcmp(mine, other, (size_t)n) != 0)
			return 0;
		if (n == 0)
			return 1;
		at += n;
	}
}
