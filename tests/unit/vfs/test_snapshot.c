/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/oracle.h"

static const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = 0600};
static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static void set_old_times(const char *rel)
{
	const struct timespec times[2] = {{.tv_sec = 1111, .tv_nsec = 1}, {.tv_sec = 2222}};

	ck_assert_int_eq(utimensat(AT_FDCWD, tree_at(&v.t, rel), times, AT_SYMLINK_NOFOLLOW), 0);
}

static void open_overlay(void)
{
	for (const char *rel = "l1\0l2\0u\0w\0"; *rel; rel += strlen(rel) + 1)
		ck_assert(mkdir(tree_at(&v.t, rel), 0755) == 0 || errno == EEXIST);
	set_old_times("u");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w");
	view_open(&v);
}

static struct vfs_snapshot *take(const char *path)
{
	struct vfs_snapshot *s = NULL;
	struct err e = ERR_NONE;

	ck_ok(vfs_snapshot(v.fs, path, &s, &e), e);
	return s;
}

static int restore(struct vfs_snapshot *s)
{
	struct err e = ERR_NONE;
	int r = vfs_restore(s, &e);

	ck_ok(r, e);
	vfs_snapshot_free(s);
	return r;
}

static void put(const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_put_file(v.fs, path, "something else", 14, &meta, &e), e);
}

/* @change is undone by a snapshot of @path, to the last byte. */
static void check_undone(const char *path, void (*change)(const char *path))
{
	cleanup_free char *before = tree_manifest(&v.t, "");
	cleanup_free char *after = NULL;
	struct vfs_snapshot *s = take(path);

	change(path);
	ck_assert_int_eq(restore(s), 0);
	after = tree_manifest(&v.t, "");
	ck_assert_str_eq(before, after);
}

static void remove_it(const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_remove(v.fs, path, &e), e);
}

static void append_to_it(const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_append(v.fs, path, "more", 4, &e), e);
}

static void change_it(const char *path)
{
	static const struct vfs_xattrs none = {0};
	const struct vfs_meta m = {
		.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME | VFS_META_XATTRS,
		.mode = 0111,
		.uid = 77,
		.mtime = {.tv_sec = 5},
		.xattrs = &none,
	};
	struct err e = ERR_NONE;

	ck_ok(vfs_set_meta(v.fs, path, &m, &e), e);
}

static void link_it(const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(vfs_put_link(v.fs, path, "else", &meta, &e), e);
}

static void make_dir_of_it(const char *path)
{
	struct err e = ERR_NONE;

	remove_it(path);
	ck_ok(vfs_mkdir(v.fs, path, &meta, &e), e);
}

static void make_deep(const char *path)
{
	struct err e = ERR_NONE;
	char parent[64];

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	ck_ok(vfs_mkdir_p(v.fs, parent, &meta, NULL, &e), e);
	put(path);
}

static void make_layers(void)
{
	tree_file(&v.t, "l1/etc/ssl/bundle", "lower");
	tree_file(&v.t, "l1/etc/gone", "lower");
	tree_file(&v.t, "l1/etc/hosts", "lower");
	tree_file(&v.t, "u/etc/hosts", "top");
	tree_link(&v.t, "u/etc/link", "to");
	tree_fifo(&v.t, "u/etc/fifo");
	tree_whiteout(&v.t, "u/etc/gone");
	tree_file(&v.t, "u/etc/empty", "");
	tree_dir(&v.t, "u/etc/dir");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "u/etc/hosts"), "user.note", "x", 1, 0), 0);
	ck_assert_int_eq(chown(tree_at(&v.t, "u/etc/hosts"), 3, 4), 0);
	tree_opaque(&v.t, "u/etc/dir");
	for (const char *name = "hosts\0link\0fifo\0gone\0empty\0dir\0"; *name;
	     name += strlen(name) + 1) {
		char rel[64];

		snprintf(rel, sizeof(rel), "u/etc/%s", name);
		set_old_times(rel);
	}
	set_old_times("u/etc");
	open_overlay();
}

static const struct {
	const char *path;
	void (*change)(const char *path);
} changes[] = {
	{"/etc/hosts", put},
	{"/etc/hosts", remove_it},
	{"/etc/hosts", append_to_it},
	{"/etc/hosts", change_it},
	{"/etc/hosts", link_it},
	{"/etc/hosts", make_dir_of_it},
	{"/etc/empty", append_to_it},
	{"/etc/empty", put},
	{"/etc/link", put},
	{"/etc/link", link_it},
	{"/etc/link", make_dir_of_it},
	{"/etc/fifo", put},
	{"/etc/gone", put},
	{"/etc/gone", make_dir_of_it},
	{"/etc/dir", change_it},
	{"/etc/dir", remove_it},
	{"/etc/ssl/bundle", put}, /* copies /etc/ssl up */
	{"/etc/ssl/bundle", remove_it},
	{"/etc/ssl/bundle", change_it},
	{"/etc/new/deep/er", make_deep},
	{"/etc/new", put},
	{"/", change_it},
};

START_TEST(whatever_was_done_is_undone_to_the_last_byte_and_time)
{
	make_layers();
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		check_undone(changes[i].path, changes[i].change);
}
END_TEST

START_TEST(a_hard_link_stays_one)
{
	struct vfs_snapshot *s;
	struct stat a;
	struct stat b;

	tree_file(&v.t, "u/a", "text");
	ck_assert_int_eq(link(tree_at(&v.t, "u/a"), tree_at(&v.t, "u/b")), 0);
	open_overlay();
	s = take("/a");
	put("/a");
	ck_assert_int_eq(restore(s), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/a"), &a), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/b"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_uint_eq(a.st_nlink, 2);
}
END_TEST

START_TEST(directories_that_others_use_are_kept)
{
	struct vfs_snapshot *s;
	struct err e = ERR_NONE;

	tree_dir(&v.t, "l1/d");
	open_overlay();
	s = take("/d/mine");
	put("/d/mine");
	put("/d/theirs");
	ck_assert_int_eq(vfs_restore(s, &e), VFS_KEPT);
	ck_assert_str_eq(view_list(&v, "/d"), "theirs");
	remove_it("/d/theirs");
	ck_assert_int_eq(restore(s), 0); /* may be repeated */
	ck_assert_int_eq(access(tree_at(&v.t, "u/d"), F_OK), -1);
}
END_TEST

START_TEST(a_full_directory_is_not_taken_away)
{
	struct vfs_snapshot *s;
	struct err e = ERR_NONE;

	open_overlay();
	s = take("/d");
	ck_assert_int_eq(vfs_mkdir(v.fs, "/d", &meta, NULL), 0);
	put("/d/file");
	ck_assert_int_eq(vfs_restore(s, &e), -ENOTEMPTY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	vfs_snapshot_free(s);
	ck_assert_str_eq(view_list(&v, "/d"), "file");
}
END_TEST

START_TEST(a_sparse_file_comes_back_sparse)
{
	struct vfs_snapshot *s;
	struct stat st;

	tree_file(&v.t, "u/sparse", "begin");
	ck_assert_int_eq(truncate(tree_at(&v.t, "u/sparse"), 64 << 20), 0);
	open_overlay();
	s = take("/sparse");
	put("/sparse");
	ck_assert_int_eq(restore(s), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/sparse"), &st), 0);
	ck_assert_int_eq(st.st_size, 64 << 20);
	ck_assert_int_lt(st.st_blocks, 1024);
}
END_TEST

START_TEST(where_nothing_can_be_written_nothing_is_remembered)
{
	struct vfs_snapshot *s = NULL;
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "");
	view_rootfs(&v, "bind", "@/r", "ro");
	view_open(&v);
	ck_assert_int_eq(vfs_snapshot(v.fs, "/file", &s, &e), -EROFS);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(a_bound_file_is_restored_in_place)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "r/etc/hosts", "");
	tree_file(&v.t, "hosts", "host");
	set_old_times("hosts");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/hosts", "/etc/hosts", "");
	view_open(&v);
	s = take("/etc/hosts");
	append_to_it("/etc/hosts");
	ck_assert_int_eq(restore(s), 0);
	ck_assert_str_eq(view_read(&v, "/etc/hosts"), "host");
	ck_assert_int_eq(view_stat(&v, "/etc/hosts").mtime.tv_sec, 2222);
}
END_TEST

/* One random write to @path; whether it works does not matter. */
static void write_something(struct dice *dice, const char *path)
{
	switch (roll(dice, 6)) {
	case 0:
		vfs_put_file(v.fs, path, "new", 3, &meta, NULL);
		break;
	case 1:
		vfs_put_link(v.fs, path, "to", &meta, NULL);
		break;
	case 2:
		vfs_mkdir(v.fs, path, &meta, NULL);
		break;
	case 3:
		vfs_set_meta(v.fs, path, &meta, NULL);
		break;
	case 4:
		vfs_append(v.fs, path, "more", 4, NULL);
		break;
	default:
		vfs_remove(v.fs, path, NULL);
		break;
	}
}

START_TEST(random_writes_to_one_path_leave_no_trace)
{
	for (unsigned long seed = 1; seed <= 100; seed++) {
		struct dice dice = {.state = seed};

		layers_make(&dice, tree_at(&v.t, "l1"), /* file_whiteouts= */ true);
		layers_make(&dice, tree_at(&v.t, "l2"), /* file_whiteouts= */ true);
		layers_make(&dice, tree_at(&v.t, "u"), /* file_whiteouts= */ false);
		open_overlay();
		for (int i = 0; i < 10; i++) {
			cleanup_free char *before = tree_manifest(&v.t, "");
			cleanup_free char *after = NULL;
			struct vfs_snapshot *s;
			char path[64];

			roll_path(&dice, path, sizeof(path));
			s = take(path);
			for (int k = 0; k < 4; k++)
				write_something(&dice, path);
			ck_assert_int_eq(restore(s), 0);
			after = tree_manifest(&v.t, "");
			ck_assert_msg(strcmp(before, after) == 0, "seed %lu: %s", seed, path);
		}
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/snapshot", setup, teardown, whatever_was_done_is_undone_to_the_last_byte_and_time,
      a_hard_link_stays_one, directories_that_others_use_are_kept,
      a_full_directory_is_not_taken_away, a_sparse_file_comes_back_sparse,
      where_nothing_can_be_written_nothing_is_remembered, a_bound_file_is_restored_in_place,
      random_writes_to_one_path_leave_no_trace)
