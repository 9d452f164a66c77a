/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/view.h"

#include <string.h>

#include "base/limits.h"

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
