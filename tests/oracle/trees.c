/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/trees.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/limits.h"
#include "base/path.h"
#include "tests/oracle/must.h"

static void add_view_entry(const struct vfs *fs, const char *path, const struct vfs_stat *st,
			   struct buf *to)
{
	cleanup_buf struct buf content = BUF(FACTS_MAX);
	struct vfs_xattrs xattrs = {0};
	char target[LIMIT_PATH];
	struct err e = ERR_NONE;

	facts_path(path, to);
	buf_addf(to, NULL, " ");
	facts_of_view(st, to);
	if (st->type == VFS_FILE && vfs_read_file(fs, path, &content, &e) < 0)
		buf_addf(to, NULL, ", content %s", strerror(-e.code));
	else if (st->type == VFS_FILE)
		facts_bytes(content.data ? content.data : "", content.n, to);
	if (st->type == VFS_LINK && vfs_readlink(fs, path, target, &e) == 0)
		buf_addf(to, NULL, " -> %s", target);
	if (st->type != VFS_UNREACHABLE && vfs_get_xattrs(fs, path, &xattrs, &e) == 0)
		facts_xattrs_of_view(&xattrs, to);
	vfs_xattrs_done(&xattrs);
	buf_addf(to, NULL, "\n");
}

void trees_of_view(const struct vfs *fs, const struct real *r, const char *start, struct buf *to)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	struct err e = ERR_NONE;
	struct vfs_stat st;

	if (vfs_lstat(fs, start, &st, &e) < 0)
		return; /* the kernel's listings leave out what its look-up refuses */
	/* ... with ESTALE too (an origin that lost its whiteout), which ends a sequence */
	fd_close(real_open_canonical(r, start));
	add_view_entry(fs, start, &st, to);
	if (st.type != VFS_DIR)
		return;
	if (vfs_list(fs, start, &names, &e) < 0)
		buf_addf(to, NULL, "list: %s\n", strerror(-e.code));
	for (size_t i = 0; i < names.n; i++) {
		char sub[LIMIT_PATH];

		must(path_join(start, names.v[i], sub, sizeof(sub), NULL) == 0, "join");
		if (!real_is_made(r, sub, /* at= */ true))
			trees_of_view(fs, r, sub, to);
	}
}

static void add_host_entry(int fd, const struct stat *st, enum trees_detail detail, struct buf *to)
{
	char target[LIMIT_PATH];
	ssize_t n;

	if (detail == TREES_EXACT)
		buf_addf(to, NULL, " inode %lu", (unsigned long)st->st_ino);
	if (detail >= TREES_TIMES)
		buf_addf(to, NULL, " rdev %lx atime %lld.%09ld mtime %lld.%09ld",
			 (unsigned long)st->st_rdev, (long long)st->st_atim.tv_sec,
			 st->st_atim.tv_nsec, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISREG(st->st_mode))
		facts_content(fd, to);
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(fd, "", target, sizeof(target) - 1);
		must(n > 0, "readlink");
		target[n] = '\0';
		buf_addf(to, NULL, " -> %s", target);
	}
}

void trees_of_mount(const struct real *r, const char *start, struct buf *to)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	cleanup_close int fd = real_open_canonical(r, start);
	struct stat st;

	if (fd < 0 && fd != -ENOENT)
		return;
	facts_path(start, to);
	buf_addf(to, NULL, " ");
	if (real_is_unreachable(r, start)) {
		buf_addf(to, NULL, "u\n");
		return;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		buf_addf(to, NULL, "-\n");
		return;
	}
	facts_of_host(&st, to);
	add_host_entry(fd, &st, TREES_SHAPE, to);
	facts_xattrs_of_host(fd, /* with_overlay= */ false, to);
	buf_addf(to, NULL, "\n");
	if (!S_ISDIR(st.st_mode))
		return;
	if (facts_list(fd, &names) < 0)
		*r->gave_up = true;
	for (size_t i = 0; i < names.n; i++) {
		char sub[LIMIT_PATH];

		must(path_join(start, names.v[i], sub, sizeof(sub), NULL) == 0, "join");
		if (!real_is_made(r, sub, /* at= */ true))
			trees_of_mount(r, sub, to);
	}
}

static uint64_t mount_of(int fd)
{
	struct statx st;

	must(statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0, "statx");
	return st.stx_mnt_id;
}

/* Mounts in it are not part of the directory. */
static void add_host(int parent, const char *name, const char *path, enum trees_detail detail,
		     struct buf *to)
{
	cleanup_close int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	struct stat st;

	must(fd >= 0 && fstat(fd, &st) == 0, "look at %s", path);
	if (parent != AT_FDCWD && mount_of(fd) != mount_of(parent))
		return;
	facts_path(path, to);
	buf_addf(to, NULL, " ");
	if (detail == TREES_SHAPE && S_ISCHR(st.st_mode) && st.st_rdev == 0) {
		buf_addf(to, NULL, "whiteout\n"); /* the kernel's are links to one file */
		return;
	}
	facts_of_host(&st, to);
	add_host_entry(fd, &st, detail, to);
	facts_xattrs_of_host(fd, /* with_overlay= */ true, to);
	buf_addf(to, NULL, "\n");
	if (!S_ISDIR(st.st_mode))
		return;
	must(facts_list(fd, &names) == 0, "list %s", path);
	for (size_t i = 0; i < names.n; i++) {
		char sub[LIMIT_PATH];

		must(path_join(path, names.v[i], sub, sizeof(sub), NULL) == 0, "join");
		add_host(fd, names.v[i], sub, detail, to);
	}
}

void trees_of_host(const char *path, enum trees_detail detail, struct buf *to)
{
	add_host(AT_FDCWD, path, "/", detail, to);
}

/* The line that begins at @text. */
static int line_length(const char *text)
{
	return (int)strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
	text += line_length(text);
	return *text ? text + 1 : text;
}

/* Copy the line at @text without its part from @mark up to the next comma or the end. */
static void cut(char *line, const char *mark)
{
	char *at = strstr(line, mark);
	size_t n = at ? 2 + strcspn(at + 2, ",") : 0;

	if (at)
		memmove(at, at + n, strlen(at + n) + 1);
}

/*
 * What an upper's line means, as far as we and the kernel must agree: the kernel makes more
 * directories opaque than it has to, also such as were marked for whiteouts in files ('x'), and
 * where it leaves a file's content below (metacopy) we copy it, which is allowed always.
 */
static char *meaning(const char *line, const char *others)
{
	static const char *const free_to_differ[] = {
		", trusted.overlay.opaque=", ", user.overlay.opaque=",
		", trusted.overlay.metacopy=", ", trusted.overlay.redirect="};
	char *ret = strndup(line, (size_t)line_length(line));
	char *other = strndup(others, (size_t)line_length(others));

	must(ret && other, "memory");
	if (strstr(ret, ".overlay.metacopy=") || strstr(other, ".overlay.metacopy="))
		cut(ret, ", content");
	for (size_t i = 0; i < ARRAY_SIZE(free_to_differ); i++)
		cut(ret, free_to_differ[i]);
	free(other);
	return ret;
}

static bool same_meaning(const char *ours, const char *theirs)
{
	cleanup_free char *a = meaning(ours, theirs);
	cleanup_free char *b = meaning(theirs, ours);

	return strcmp(a, b) == 0;
}

static bool compare(const char *what, const struct buf *ours, const struct buf *theirs,
		    bool by_meaning)
{
	const char *a = ours->data ? ours->data : "";
	const char *b = theirs->data ? theirs->data : "";

	while (*a || *b) {
		bool same = line_length(a) == line_length(b) &&
			    memcmp(a, b, (size_t)line_length(a)) == 0;

		if (!same && !(by_meaning && same_meaning(a, b))) {
			printf("%s differ:\n  ours     %.*s\n  kernel's %.*s\n", what,
			       line_length(a), a, line_length(b), b);
			return false;
		}
		a = next_line(a);
		b = next_line(b);
	}
	return true;
}

bool trees_same(const char *what, const struct buf *ours, const struct buf *theirs)
{
	return compare(what, ours, theirs, /* by_meaning= */ false);
}

bool trees_same_uppers(const struct buf *ours, const struct buf *theirs)
{
	return compare("uppers", ours, theirs, /* by_meaning= */ true);
}
