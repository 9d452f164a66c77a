/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/attack/tries.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "tests/attack/canary.h"

/* clang-format off */
static const char *const paths[] = {
	"/d/file", "/d/sub/file", "/d/sub", "/d", "/e/d/file", "/e/d/sub/file", "/e/d/sub/d/file",
	"/e/m/d/file", "/e/m/d/out/file", "/e/m/file", "/d/../e/d/../../d/sub/../file", "/d/made",
	"/d/sub/made", "/e/d/made", "/e/m/d/made", "/d/run", "/file",
};
/* clang-format on */

static const char *roll_path(struct dice *d)
{
	return paths[dice_roll(d, ARRAY_SIZE(paths))];
}

static bool is_canary(const char *text, size_t n)
{
	return memmem(text, n, CANARY_TEXT, strlen(CANARY_TEXT)) != NULL;
}

static bool read_canonical(struct vfs *fs, const char *path)
{
	cleanup_buf struct buf text = BUF(4096);

	if (vfs_read_file(fs, path, &text, NULL) == 0 && text.n && is_canary(text.data, text.n)) {
		printf("read the canary at %s\n", path);
		return false;
	}
	return true;
}

static bool try_read(struct vfs *fs, struct dice *d)
{
	return read_canonical(fs, roll_path(d));
}

static bool try_resolve_and_read(struct vfs *fs, struct dice *d)
{
	char path[LIMIT_PATH];

	if (vfs_resolve(fs, roll_path(d), /* follow_last= */ true, path, NULL) != 0)
		return true;
	return read_canonical(fs, path);
}

static bool try_open(struct vfs *fs, struct dice *d)
{
	const char *path = roll_path(d);
	cleanup_close int fd = vfs_open(fs, path, NULL);
	char text[64];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (n > 0 && is_canary(text, (size_t)n)) {
		printf("opened the canary at %s\n", path);
		return false;
	}
	return true;
}

static bool try_lstat(struct vfs *fs, struct dice *d)
{
	const char *path = roll_path(d);
	struct vfs_stat st;

	if (vfs_lstat(fs, path, &st, NULL) == 0 && st.type != VFS_ABSENT &&
	    st.uid == CANARY_OWNER) {
		printf("saw the canary at %s\n", path);
		return false;
	}
	return true;
}

static bool try_list(struct vfs *fs, struct dice *d)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);

	vfs_list(fs, roll_path(d), &names, NULL);
	return true;
}

static const struct vfs_meta meta = {
	.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME, .mode = 0755, .uid = 7};

static bool try_put(struct vfs *fs, struct dice *d)
{
	vfs_put_file(fs, roll_path(d), "ours", 4, &meta, NULL);
	return true;
}

static bool try_put_link(struct vfs *fs, struct dice *d)
{
	vfs_put_link(fs, roll_path(d), "file", &meta, NULL);
	return true;
}

static bool try_mkdir(struct vfs *fs, struct dice *d)
{
	vfs_mkdir_p(fs, roll_path(d), &meta, NULL, NULL);
	return true;
}

static bool try_set_meta(struct vfs *fs, struct dice *d)
{
	vfs_set_meta(fs, roll_path(d), &meta, NULL);
	return true;
}

static bool try_append(struct vfs *fs, struct dice *d)
{
	vfs_append(fs, roll_path(d), "x", 1, NULL);
	return true;
}

static bool try_remove(struct vfs *fs, struct dice *d)
{
	vfs_remove(fs, roll_path(d), NULL);
	return true;
}

static bool try_rename(struct vfs *fs, struct dice *d)
{
	const char *from = roll_path(d);

	vfs_rename(fs, from, roll_path(d), NULL);
	return true;
}

static bool try_drop(struct vfs *fs, struct dice *d)
{
	vfs_drop(fs, roll_path(d), NULL);
	return true;
}

/* Put back what removals and renames took, so that there always is something to be read. */
static bool try_restock(struct vfs *fs, struct dice *d)
{
	static const char *const files[] = {"/d/file", "/d/sub/file", "/e/d/file", "/d/run",
					    "/e/d/sub/file"};

	(void)d;
	vfs_mkdir_p(fs, "/d/sub", &meta, NULL, NULL);
	vfs_mkdir_p(fs, "/e/d/sub", &meta, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		vfs_put_file(fs, files[i], "inside", 6, &meta, NULL);
	return true;
}

/* clang-format off */
static const struct {
	unsigned weight;
	bool (*run)(struct vfs *fs, struct dice *d);
} kinds[] = {
	{20, try_read},
	{20, try_resolve_and_read},
	{10, try_open},
	{10, try_lstat},
	{ 5, try_list},
	{10, try_put},
	{ 2, try_put_link},
	{ 5, try_mkdir},
	{ 7, try_set_meta},
	{ 5, try_append},
	{ 2, try_remove},
	{ 1, try_rename},
	{ 1, try_drop},
	{ 2, try_restock},
};
/* clang-format on */

bool try_once(struct vfs *fs, struct dice *d)
{
	unsigned left = dice_roll(d, 100);
	size_t i = 0;

	for (; left >= kinds[i].weight; i++)
		left -= kinds[i].weight;
	return kinds[i].run(fs, d);
}
