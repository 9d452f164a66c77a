/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "vfs/snapshot.h"

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void view_init(struct view *v)
{
	*v = (struct view){.n_fds = count_fds()};
	tree_init(&v->t);
}

void view_done(struct view *v)
{
	v->fs = vfs_free(v->fs);
	mount_specs_done(&v->rootfs);
	mount_specs_done(&v->mounts);
	tree_wipe(&v->t);
	ck_assert_int_eq(count_fds(), v->n_fds);
}

char *view_expand(const struct view *v, const char *text)
{
	struct buf b = BUF(1 << 20);

	buf_add(&b, "", 0, NULL);
	for (; *text; text++)
		if (*text == '@')
			buf_addf(&b, NULL, "%s", v->t.path);
		else
			buf_add(&b, text, 1, NULL);
	return buf_take(&b);
}

static void add(struct view *v, struct mount_specs *to, const char *type, const char *source,
		const char *destination, const char *options)
{
	cleanup_free char *host = view_expand(v, source);
	cleanup_free char *words = view_expand(v, options);
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(to, type, host, destination, words, &e), e);
}

void view_rootfs(struct view *v, const char *type, const char *source, const char *options)
{
	add(v, &v->rootfs, type, source, "", options);
}

void view_mount(struct view *v, const char *type, const char *source, const char *destination,
		const char *options)
{
	add(v, &v->mounts, type, source, destination, options);
}

int view_try(struct view *v, struct err *e)
{
	v->fs = vfs_free(v->fs);
	return vfs_new(&v->rootfs, &v->mounts, &v->fs, e);
}

void view_open(struct view *v)
{
	struct err e = ERR_NONE;

	ck_ok(view_try(v, &e), e);
}

void view_open_overlay(struct view *v)
{
	for (const char *rel = "l1\0l2\0u\0w\0"; *rel; rel += strlen(rel) + 1)
		ck_assert(mkdir(tree_at(&v->t, rel), 0755) == 0 || errno == EEXIST);
	view_rootfs(v, "overlay", "", VIEW_OVERLAY);
	view_open(v);
}

struct vfs_stat view_stat(const struct view *v, const char *path)
{
	struct err e = ERR_NONE;
	struct vfs_stat st;

	ck_ok(vfs_lstat(v->fs, path, &st, &e), e);
	return st;
}

const char *view_resolve(const struct view *v, const char *path)
{
	static char ret[LIMIT_PATH];
	struct err e = ERR_NONE;

	ck_ok(vfs_resolve(v->fs, path, /* follow_last= */ true, ret, &e), e);
	return ret;
}

const char *view_list(const struct view *v, const char *path)
{
	static char ret[65536];
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	struct err e = ERR_NONE;

	ck_ok(vfs_list(v->fs, path, &names, &e), e);
	ret[0] = '\0';
	for (size_t i = 0; i < names.n; i++) {
		strcat(ret, i ? " " : "");
		strcat(ret, names.v[i]);
	}
	return ret;
}

const char *view_read(const struct view *v, const char *path)
{
	static char ret[65536];
	cleanup_buf struct buf b = BUF(sizeof(ret) - 1);
	struct err e = ERR_NONE;

	ck_ok(vfs_read_file(v->fs, path, &b, &e), e);
	memcpy(ret, b.data ? b.data : "", b.n + 1);
	return ret;
}

void view_put(const struct view *v, const char *path, const char *text)
{
	static const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = 0600};
	struct err e = ERR_NONE;

	ck_ok(vfs_put_file(v->fs, path, text, strlen(text), &meta, &e), e);
}

struct vfs_snapshot *view_snapshot(const struct view *v, const char *path)
{
	struct vfs_snapshot *s = NULL;
	struct err e = ERR_NONE;

	ck_ok(vfs_snapshot(v->fs, path, &s, &e), e);
	return s;
}

int view_restore(struct vfs_snapshot *s)
{
	struct err e = ERR_NONE;
	int r = vfs_restore(s, &e);

	ck_ok(r, e);
	vfs_snapshot_free(s);
	return r;
}

void view_set_old_times(const struct view *v, const char *rel)
{
	const struct timespec times[2] = {{.tv_sec = 1111, .tv_nsec = 1}, {.tv_sec = 2222}};

	ck_assert_int_eq(utimensat(AT_FDCWD, tree_at(&v->t, rel), times, AT_SYMLINK_NOFOLLOW), 0);
}

bool view_has_whiteout(const struct view *v, const char *rel)
{
	struct stat st;

	return lstat(tree_at(&v->t, rel), &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

int view_make_deep(struct view *v, const char *rel, int depth, char *ret)
{
	int fd;

	tree_dir(&v->t, rel);
	fd = open(tree_at(&v->t, rel), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < depth; i++) {
		int child;

		ck_assert_int_eq(mkdirat(fd, "d", 0755), 0);
		child = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(child, 0);
		close(fd);
		fd = child;
		strcpy(ret + 2 * i, "/d");
	}
	return fd;
}
