/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tree.h"

#include <check.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/path.h"

void tree_init(struct tree *t)
{
	*t = (struct tree){.made = STRV(4096)};
	snprintf(t->path, sizeof(t->path), "/tmp/anchord-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(t->path));
	ck_assert_int_eq(chmod(t->path, 0755), 0);
}

void tree_done(struct tree *t)
{
	for (size_t i = t->made.n; i-- > 0;)
		remove(tree_at(t, t->made.v[i]));
	ck_assert_msg(rmdir(t->path) == 0, "something was left in %s", t->path);
	strv_done(&t->made);
}

void tree_wipe(struct tree *t)
{
	struct err e = ERR_NONE;

	ck_assert_msg(io_remove_tree_at(AT_FDCWD, t->path, &e) == 0, "%s", e.msg);
	strv_done(&t->made);
}

const char *tree_at(const struct tree *t, const char *rel)
{
	static char paths[4][LIMIT_PATH];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	while (*rel == '/')
		rel++;
	snprintf(path, LIMIT_PATH, "%s%s%s", t->path, *rel ? "/" : "", rel);
	return path;
}

static void made(struct tree *t, const char *rel)
{
	ck_assert_int_eq(strv_add(&t->made, rel, NULL), 0);
}

static void make_parents(struct tree *t, const char *rel)
{
	char part[LIMIT_PATH];

	snprintf(part, sizeof(part), "%s", rel);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(tree_at(t, part), 0755) == 0)
			made(t, part);
		*p = '/';
	}
}

void tree_dir(struct tree *t, const char *rel)
{
	make_parents(t, rel);
	ck_assert_msg(mkdir(tree_at(t, rel), 0755) == 0, "mkdir %s", rel);
	made(t, rel);
}

void tree_file(struct tree *t, const char *rel, const char *text)
{
	FILE *f;

	make_parents(t, rel);
	f = fopen(tree_at(t, rel), "we");
	ck_assert_msg(f != NULL, "create %s", rel);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	made(t, rel);
}

void tree_link(struct tree *t, const char *rel, const char *target)
{
	make_parents(t, rel);
	ck_assert_msg(symlink(target, tree_at(t, rel)) == 0, "symlink %s", rel);
	made(t, rel);
}

void tree_fifo(struct tree *t, const char *rel)
{
	make_parents(t, rel);
	ck_assert_msg(mkfifo(tree_at(t, rel), 0644) == 0, "mkfifo %s", rel);
	made(t, rel);
}

void tree_whiteout(struct tree *t, const char *rel)
{
	make_parents(t, rel);
	ck_assert_msg(mknod(tree_at(t, rel), S_IFCHR, makedev(0, 0)) == 0, "whiteout %s", rel);
	made(t, rel);
}

void tree_opaque(struct tree *t, const char *rel)
{
	ck_assert_msg(setxattr(tree_at(t, rel), "trusted.overlay.opaque", "y", 1, 0) == 0,
		      "opaque %s", rel);
}

static unsigned long checksum(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned long sum = 1469598103934665603ul; /* FNV-1a */
	unsigned char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum = (sum ^ chunk[i]) * 1099511628211ul;
	return sum;
}

static void add_xattrs(struct buf *b, const char *path)
{
	char names[4096];
	ssize_t n = llistxattr(path, names, sizeof(names));

	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		unsigned char value[1024];
		ssize_t size = lgetxattr(path, name, value, sizeof(value));

		buf_addf(b, NULL, " %s=", name);
		for (ssize_t i = 0; i < size; i++)
			buf_addf(b, NULL, "%02x", value[i]);
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

char *tree_manifest(const struct tree *t, const char *rel)
{
	char *roots[] = {(char *)tree_at(t, rel), NULL};
	size_t n_root = strlen(roots[0]);
	struct buf b = BUF(64 << 20);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	ck_assert_ptr_nonnull(fts);
	while ((entry = fts_read(fts))) {
		const struct stat *st = entry->fts_statp;
		char target[LIMIT_PATH] = "";

		if (entry->fts_info == FTS_DP)
			continue;
		if (S_ISLNK(st->st_mode))
			ck_assert_int_ge(readlink(entry->fts_path, target, sizeof(target) - 1), 0);
		buf_addf(&b, NULL, "%s %o %u:%u %lld %lld.%09ld %s %lx", entry->fts_path + n_root,
			 st->st_mode, st->st_uid, st->st_gid,
			 S_ISREG(st->st_mode) ? (long long)st->st_size : 0LL,
			 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, target,
			 S_ISREG(st->st_mode) ? checksum(entry->fts_path) : 0ul);
		add_xattrs(&b, entry->fts_path);
		buf_addf(&b, NULL, "\n");
	}
	fts_close(fts);
	return buf_take(&b);
}
