/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

static void put(const char *path)
{
	view_put(&v, path, "something else");
}

/* @change is undone by a snapshot of @path, to the last byte. */
static void check_undone(const char *path, void (*change)(const char *path))
{
	cleanup_free char *before = tree_manifest(&v.t, "");
	cleanup_free char *after = NULL;
	struct vfs_snapshot *s = view_snapshot(&v, path);

	change(path);
	ck_assert_int_eq(view_restore(s), 0);
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
		view_set_old_times(&v, rel);
	}
	view_set_old_times(&v, "u/etc");
	view_set_old_times(&v, "u");
	view_open_overlay(&v);
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

START_TEST(directories_that_others_use_are_kept)
{
	struct vfs_snapshot *s;
	struct err e = ERR_NONE;

	tree_dir(&v.t, "l1/d");
	view_open_overlay(&v);
	s = view_snapshot(&v, "/d/mine");
	put("/d/mine");
	put("/d/theirs");
	ck_assert_int_eq(vfs_restore(s, &e), VFS_KEPT);
	ck_assert_str_eq(view_list(&v, "/d"), "theirs");
	remove_it("/d/theirs");
	ck_assert_int_eq(view_restore(s), 0); /* may be repeated */
	ck_assert_int_eq(access(tree_at(&v.t, "u/d"), F_OK), -1);
}
END_TEST

START_TEST(a_full_directory_is_not_taken_away)
{
	struct vfs_snapshot *s;
	struct err e = ERR_NONE;

	view_open_overlay(&v);
	s = view_snapshot(&v, "/d");
	ck_assert_int_eq(vfs_mkdir(v.fs, "/d", &meta, NULL), 0);
	put("/d/file");
	ck_assert_int_eq(vfs_restore(s, &e), -ENOTEMPTY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	vfs_snapshot_free(s);
	ck_assert_str_eq(view_list(&v, "/d"), "file");
}
END_TEST

START_TEST(a_directory_that_is_kept_keeps_its_whiteouts)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "l1/d/gone", "x");
	view_open_overlay(&v);
	s = view_snapshot(&v, "/d/mine");
	put("/d/mine");
	put("/d/theirs");
	remove_it("/d/gone"); /* they did */
	ck_assert_int_eq(view_stat(&v, "/d/gone").type, VFS_ABSENT);
	ck_assert_int_eq(view_restore(s), VFS_KEPT);
	ck_assert_int_eq(view_stat(&v, "/d/theirs").type, VFS_FILE);
	ck_assert_int_eq(view_stat(&v, "/d/gone").type, VFS_ABSENT);
}
END_TEST

START_TEST(a_directory_with_nothing_but_others_whiteouts_is_kept)
{
	struct vfs_snapshot *s;

	tree_file(&v.t, "l1/d/gone", "x");
	view_open_overlay(&v);
	s = view_snapshot(&v, "/d/mine");
	put("/d/mine");
	remove_it("/d/gone");
	ck_assert_int_eq(view_restore(s), VFS_KEPT);
	ck_assert_int_eq(view_stat(&v, "/d/gone").type, VFS_ABSENT);
}
END_TEST

START_TEST(a_restore_that_is_refused_keeps_whiteouts)
{
	struct vfs_snapshot *s;
	struct err e = ERR_NONE;

	tree_file(&v.t, "l1/d/gone", "x");
	view_open_overlay(&v);
	s = view_snapshot(&v, "/d"); /* the top holds nothing */
	put("/d/theirs");
	remove_it("/d/gone");
	ck_assert_int_eq(vfs_restore(s, &e), -ENOTEMPTY);
	vfs_snapshot_free(s);
	ck_assert_int_eq(view_stat(&v, "/d/gone").type, VFS_ABSENT);
}
END_TEST

START_TEST(the_kernels_mark_of_copied_up_entries_goes_with_them)
{
	static const char options[] = VIEW_OVERLAY ",uuid=off,xino=off";
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;
	struct vfs_snapshot *s;
	struct stat st;

	tree_file(&v.t, "l1/d/file", "x");
	for (const char *rel = "l2\0u\0w\0"; *rel; rel += strlen(rel) + 1)
		tree_dir(&v.t, rel);
	view_set_old_times(&v, "u");
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	before = tree_manifest(&v.t, "u");
	s = view_snapshot(&v, "/d/file");
	append_to_it("/d/file");
	oracle_mount(&v, options, "m");
	ck_assert_int_eq(stat(tree_at(&v.t, "m/d/file"), &st), 0);
	oracle_unmount(&v, "m");
	ck_assert_int_eq(view_restore(s), 0);
	after = tree_manifest(&v.t, "u");
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(a_deep_path_is_restored_with_few_descriptors)
{
	const struct rlimit few = {4096, 4096};
	char path[LIMIT_PATH];
	struct vfs_snapshot *s;

	fd_close(view_make_deep(&v, "r", 2046, path));
	strcat(path, "/f");
	view_rootfs(&v, "bind", "@/r", "rbind");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	view_open(&v);
	s = view_snapshot(&v, path);
	put(path);
	ck_assert_int_eq(view_restore(s), 0);
	ck_assert_int_eq(view_stat(&v, path).type, VFS_ABSENT);
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
		view_open_overlay(&v);
		for (int i = 0; i < 10; i++) {
			cleanup_free char *before = tree_manifest(&v.t, "");
			cleanup_free char *after = NULL;
			struct vfs_snapshot *s;
			char path[64];

			roll_path(&dice, path, sizeof(path));
			s = view_snapshot(&v, path);
			for (int k = 0; k < 4; k++)
				write_something(&dice, path);
			ck_assert_int_eq(view_restore(s), 0);
			after = tree_manifest(&v.t, "");
			ck_assert_msg(strcmp(before, after) == 0, "seed %lu: %s", seed, path);
		}
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/snapshot", setup, teardown, whatever_was_done_is_undone_to_the_last_byte_and_time,
      directories_that_others_use_are_kept, a_full_directory_is_not_taken_away,
      a_directory_that_is_kept_keeps_its_whiteouts,
      a_directory_with_nothing_but_others_whiteouts_is_kept,
      a_restore_that_is_refused_keeps_whiteouts,
      the_kernels_mark_of_copied_up_entries_goes_with_them,
      a_deep_path_is_restored_with_few_descriptors,
      where_nothing_can_be_written_nothing_is_remembered, random_writes_to_one_path_leave_no_trace)
