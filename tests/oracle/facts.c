/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/facts.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "base/path.h"
#include "tests/oracle/layer.h"
#include "tests/oracle/must.h"

static char letter_of(enum vfs_type type)
{
	static const char letters[] = {
		[VFS_ABSENT] = '-', [VFS_FILE] = 'f',    [VFS_DIR] = 'd',
		[VFS_LINK] = 'l',   [VFS_SPECIAL] = 's', [VFS_UNREACHABLE] = 'u'};

	return letters[type];
}

static char letter_of_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	default:
		return 's';
	}
}

static void add(struct buf *to, char letter, mode_t mode, uid_t uid, gid_t gid, off_t size,
		struct timespec mtime, nlink_t links)
{
	buf_addf(to, NULL, "%c %04o %u:%u", letter, mode & 07777, uid, gid);
	if (letter == 'f')
		buf_addf(to, NULL, " size %lld links %lu", (long long)size, (unsigned long)links);
	if (mtime.tv_sec >= LAYER_NOW)
		buf_addf(to, NULL, " now");
	else
		buf_addf(to, NULL, " %lld.%09ld", (long long)mtime.tv_sec, mtime.tv_nsec);
}

void facts_of_view(const struct vfs_stat *st, struct buf *to)
{
	if (st->type == VFS_ABSENT || st->type == VFS_UNREACHABLE)
		buf_addf(to, NULL, "%c", letter_of(st->type));
	else
		add(to, letter_of(st->type), st->mode, st->uid, st->gid, st->size, st->mtime,
		    st->nlink);
}

void facts_of_host(const struct stat *st, struct buf *to)
{
	add(to, letter_of_mode(st->st_mode), st->st_mode, st->st_uid, st->st_gid, st->st_size,
	    st->st_mtim, st->st_nlink);
}

static uint64_t checksum(uint64_t sum, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ bytes[i]) * 1099511628211u; /* FNV-1a */
	return sum;
}

void facts_bytes(const void *bytes, size_t n, struct buf *to)
{
	buf_addf(to, NULL, ", content %zu %016llx", n,
		 (unsigned long long)checksum(14695981039346656037u, bytes, n));
}

static void fd_path(int fd, char ret[64])
{
	snprintf(ret, 64, "/proc/self/fd/%d", fd);
}

void facts_content(int fd, struct buf *to)
{
	uint64_t sum = 14695981039346656037u;
	cleanup_close int file = -EBADF;
	unsigned char chunk[65536];
	size_t total = 0;
	char path[64];
	ssize_t n;

	fd_path(fd, path);
	file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0) {
		buf_addf(to, NULL, ", content %m");
		return;
	}
	while ((n = read(file, chunk, sizeof(chunk))) > 0) {
		sum = checksum(sum, chunk, (size_t)n);
		total += (size_t)n;
	}
	buf_addf(to, NULL, ", content %zu %016llx", total, (unsigned long long)sum);
	if (n < 0)
		buf_addf(to, NULL, " and then %m");
}

static void add_xattr(struct buf *to, const char *name, const unsigned char *value, size_t n)
{
	buf_addf(to, NULL, ", %s=", name);
	for (size_t i = 0; i < n; i++)
		buf_addf(to, NULL, value[i] > ' ' && value[i] < 0x7f ? "%c" : "\\%02x", value[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strv *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_text);
}

/* A layer that is bound shows its own attributes, of which no two mounts write the same. */
void facts_xattrs_of_view(const struct vfs_xattrs *x, struct buf *to)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strstr(x->v[i].name, ".overlay."))
			add_xattr(to, x->v[i].name, x->v[i].value, x->v[i].size);
}

/* What tells overlays' own copies apart, but not what they show. */
static bool is_bookkeeping(const char *name)
{
	return strstr(name, ".overlay.origin") || strstr(name, ".overlay.impure") ||
	       strstr(name, ".overlay.uuid") || strstr(name, ".overlay.nlink");
}

void facts_xattrs_of_host(int fd, bool with_overlay, struct buf *to)
{
	cleanup_strv struct strv list = STRV(LIMIT_XATTRS);
	unsigned char value[4096];
	char names[4096];
	char path[64];
	ssize_t n;

	fd_path(fd, path);
	n = listxattr(path, names, sizeof(names));
	for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
		if (!strstr(p, ".overlay.") || (with_overlay && !is_bookkeeping(p)))
			strv_add(&list, p, NULL);
	sort(&list);
	for (size_t i = 0; i < list.n; i++) {
		n = getxattr(path, list.v[i], value, sizeof(value));
		must(n >= 0, "%s", list.v[i]);
		add_xattr(to, list.v[i], value, (size_t)n);
	}
}

void facts_path(const char *path, struct buf *to)
{
	char text[3 * LIMIT_PATH];

	must(path_escape(path, text, sizeof(text), NULL) == 0, "a path");
	buf_addf(to, NULL, "%s", text);
}

int facts_list(int fd, struct strv *ret)
{
	cleanup_closedir DIR *list = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	struct stat st;

	must(list != NULL, "list");
	while ((errno = 0, entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			must(strv_add(ret, entry->d_name, NULL) == 0, "names");
	if (errno)
		return -errno;
	sort(ret);
	return 0;
}
