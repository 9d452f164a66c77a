/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/vfs/oracle.h"

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

static void move(const char *from, const char *to)
{
	char old[256];

	snprintf(old, sizeof(old), "%s", tree_at(&v.t, from));
	ck_assert_int_eq(rename(old, tree_at(&v.t, to)), 0);
}

static void hard_link(const char *from, const char *to)
{
	char old[256];

	snprintf(old, sizeof(old), "%s", tree_at(&v.t, from));
	ck_assert_int_eq(link(old, tree_at(&v.t, to)), 0);
}

/* The names that @change gave the file at @path, joined by spaces. */
static const char *names_after(const char *path, void (*change)(void))
{
	static char text[1024];
	struct vfs_stat st = view_stat(&v, path);
	struct vfs_sought sought = {
		.path = path, .dev = st.dev, .ino = st.ino, .paths = STRV(LIMIT_DIR_ENTRIES)};
	struct err e = ERR_NONE;

	change();
	view_open(&v);
	ck_ok(vfs_find_files(v.fs, &sought, 1, st.ctime, &e), e);
	text[0] = '\0';
	for (size_t i = 0; i < sought.paths.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
			 sought.paths.v[i]);
	strv_done(&sought.paths);
	return text;
}

static void nothing(void)
{
}

static void move_far(void)
{
	tree_dir(&v.t, "u/x/y");
	move("u/a/file", "u/x/y/moved");
}

static void link_it(void)
{
	hard_link("u/a/file", "u/linked");
}

static void link_twice(void)
{
	hard_link("root/a/file", "root/hidden/file");
	hard_link("root/a/file", "root/file");
}

static void remove_it(void)
{
	ck_assert_int_eq(unlink(tree_at(&v.t, "u/a/file")), 0);
}

static void move_out(void)
{
	move("u/a/file", "elsewhere");
}

START_TEST(a_file_of_the_top_is_found_under_its_new_names)
{
	static const struct {
		void (*change)(void);
		const char *names;
	} rows[] = {{nothing, ""},
		    {move_far, "/x/y/moved "},
		    {link_it, "/linked "},
		    {remove_it, ""},
		    {move_out, ""}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		teardown();
		setup();
		tree_dir(&v.t, "l1");
		tree_file(&v.t, "l2/a/file", "below");
		tree_file(&v.t, "u/a/file", "text");
		tree_dir(&v.t, "w");
		view_open_overlay(&v);
		ck_assert_str_eq(names_after("/a/file", rows[i].change), rows[i].names);
	}
}
END_TEST

START_TEST(a_name_that_a_mount_hides_is_not_found)
{
	tree_file(&v.t, "root/a/file", "text");
	tree_dir(&v.t, "root/hidden");
	tree_dir(&v.t, "over");
	view_rootfs(&v, "bind", "@/root", "rbind,rw");
	view_mount(&v, "bind", "@/over", "/hidden", "rbind,rw");
	view_open(&v);
	ck_assert_str_eq(names_after("/a/file", link_twice), "/file ");
}
END_TEST

START_TEST(a_hard_link_replaces_what_is_there_and_is_made_once)
{
	struct err e = ERR_NONE;
	struct stat a;
	struct stat b;

	tree_dir(&v.t, "l1");
	tree_file(&v.t, "l2/b/old", "below");
	tree_file(&v.t, "u/file", "text");
	tree_dir(&v.t, "w");
	view_open_overlay(&v);
	for (int i = 0; i < 2; i++)
		ck_ok(vfs_put_hard_link(v.fs, "/b/old", "/file", &e), e);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/file"), &a), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/b/old"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_uint_eq(a.st_nlink, 2);
	ck_assert_int_eq(vfs_put_hard_link(v.fs, "/b/new", "/b/none", &e), -ENOENT);
}
END_TEST

START_TEST(a_copy_is_found_by_what_it_was_copied_up_from)
{
	struct vfs_handle of;
	struct vfs_sought sought = {.path = "/file", .origin = &of, .paths = STRV(16)};
	struct err e = ERR_NONE;

	tree_file(&v.t, "l1/file", "text");
	tree_dir(&v.t, "l1/b");
	tree_dir(&v.t, "l2");
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
	oracle_mount(&v, VIEW_OVERLAY, "m");
	move("m/file", "m/b/new");
	hard_link("m/b/new", "m/linked");
	oracle_unmount(&v, "m");
	view_open_overlay(&v);
	ck_ok(vfs_handle_of(AT_FDCWD, tree_at(&v.t, "l1/file"), &of, &e), e);
	ck_ok(vfs_find_files(v.fs, &sought, 1, (struct timespec){0}, &e), e);
	ck_assert_uint_eq(sought.paths.n, 2);
	ck_assert(strv_has(&sought.paths, "/b/new") && strv_has(&sought.paths, "/linked"));
	strv_done(&sought.paths);
	v.fs = vfs_free(v.fs);
	tree_wipe(&v.t);
}
END_TEST

SUITE("vfs/find", setup, teardown, a_file_of_the_top_is_found_under_its_new_names,
      a_copy_is_found_by_what_it_was_copied_up_from, a_name_that_a_mount_hides_is_not_found,
      a_hard_link_replaces_what_is_there_and_is_made_once)
