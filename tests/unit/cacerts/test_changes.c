/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/unit/vfs/oracle.h"

#define HOSTILE "/\xff\n%41 \x1b"

static struct view v;
static int dirfd_;
static char note_value[] = {'\0', '\n', '\xff'};
static struct vfs_xattr note = {(char[]){"user.%\xff"}, note_value, sizeof(note_value)};
static const struct vfs_xattrs notes = {.v = &note, .n = 1};
static const struct vfs_meta meta = {
	.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME | VFS_META_XATTRS,
	.mode = 0750,
	.uid = (uid_t)-2,
	.gid = 5,
	.mtime = {.tv_sec = 1234, .tv_nsec = 5678},
	.xattrs = &notes,
};

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_dir(&v.t, "r");
	tree_dir(&v.t, "state");
	tree_file(&v.t, "r/goes", "away");
	tree_file(&v.t, "r/stays", "here");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	view_open(&v);
	dirfd_ = open(tree_at(&v.t, "state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd_, 0);
}

static void teardown(void)
{
	dirfd_ = fd_close(dirfd_);
	view_done(&v);
}

static void one_of_each(struct changes *c)
{
	struct err e = ERR_NONE;

	ck_ok(changes_add_dir(c, ROLE_PARENT, "/d", &meta, &e), e);
	ck_ok(changes_add_file(c, ROLE_DROPIN, "/d" HOSTILE, "a\0b", 3, &meta, &e), e);
	ck_ok(changes_add_file(c, ROLE_STORE, "/d/empty", NULL, 0, NULL, &e), e);
	ck_ok(changes_add_link(c, ROLE_STORE, "/d/link", HOSTILE, NULL, &e), e);
	ck_ok(changes_add_same(c, "/d/another", "/d" HOSTILE, &e), e);
	ck_ok(changes_add_remove(c, "/goes", &e), e);
	ck_ok(changes_add_drop(c, "/missing", &e), e);
	ck_ok(changes_add_meta(c, "/stays", &meta, &e), e);
	ck_ok(changes_add_meta(c, "/missing", &meta, &e), e);
	ck_ok(changes_add_meta(c, "/d", &meta, &e), e);
}

static void look(void)
{
	struct stat st;
	char value[8];

	ck_assert_int_eq(stat(tree_at(&v.t, "r/d"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	ck_assert_int_eq(st.st_mtim.tv_sec, 1234);
	ck_assert_int_eq(stat(tree_at(&v.t, "r/d" HOSTILE), &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_uint_eq(st.st_uid, (uid_t)-2);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 5678);
	ck_assert_int_eq(getxattr(tree_at(&v.t, "r/d" HOSTILE), note.name, value, 8), 3);
	ck_assert_mem_eq(value, note_value, 3);
	ck_assert_int_eq(stat(tree_at(&v.t, "r/d/empty"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(lstat(tree_at(&v.t, "r/d/link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(lstat(tree_at(&v.t, "r/goes"), &st), -1);
	ck_assert_int_eq(lstat(tree_at(&v.t, "r/missing"), &st), -1);
	ck_assert_int_eq(stat(tree_at(&v.t, "r/stays"), &st), 0);
	ck_assert_uint_eq(st.st_gid, 5);
}

START_TEST(a_list_played_twice_is_the_same_as_once)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	one_of_each(&c);
	for (int i = 0; i < 2; i++) {
		ck_ok(changes_apply(&c, v.fs, &e), e);
		look();
	}
}
END_TEST

/* A list is kept in a journal. */
static void begin_journal(void)
{
	cleanup_json json_t *doc = json_object();
	struct err e = ERR_NONE;

	ck_ok(record_create(dirfd_, doc, NULL, NULL, &e), e);
}

START_TEST(a_list_on_disk_is_the_same_list)
{
	cleanup_changes struct changes c = {0};
	cleanup_changes struct changes loaded = {0};
	struct err e = ERR_NONE;

	one_of_each(&c);
	begin_journal();
	ck_ok(changes_save(&c, dirfd_, RECORD_DURABLE, &e), e);
	ck_ok(changes_load(dirfd_, &loaded, &e), e);
	ck_assert_uint_eq(loaded.n, c.n);
	for (size_t i = 0; i < c.n; i++) {
		ck_assert_str_eq(loaded.v[i].path, c.v[i].path);
		ck_assert_int_eq(loaded.v[i].kind, c.v[i].kind);
		ck_assert_uint_eq(loaded.v[i].n_bytes, c.v[i].n_bytes);
	}
	ck_ok(changes_apply(&loaded, v.fs, &e), e);
	look();
}
END_TEST

START_TEST(playing_stops_at_the_first_failure_and_names_it)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;
	struct stat st;

	ck_ok(changes_add_file(&c, ROLE_STORE, "/one", "x", 1, NULL, &e), e);
	ck_ok(changes_add_dir(&c, ROLE_STORE, "/no/parent", NULL, &e), e);
	ck_ok(changes_add_file(&c, ROLE_STORE, "/two", "x", 1, NULL, &e), e);
	ck_assert_int_eq(changes_apply(&c, v.fs, &e), -ENOENT);
	ck_assert_msg(strstr(e.msg, "/no/parent") != NULL, "%s", e.msg);
	ck_assert_int_eq(lstat(tree_at(&v.t, "r/one"), &st), 0);
	ck_assert_int_eq(lstat(tree_at(&v.t, "r/two"), &st), -1);
}
END_TEST

START_TEST(the_last_change_of_a_path_is_found)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	ck_assert_ptr_null(changes_find(&c, "/a"));
	ck_ok(changes_add_drop(&c, "/a", &e), e);
	ck_ok(changes_add_link(&c, ROLE_STORE, "/a", "b", NULL, &e), e);
	ck_ok(changes_add_drop(&c, "/ab", &e), e);
	ck_assert_ptr_eq(changes_find(&c, "/a"), &c.v[1]);
	ck_assert_ptr_null(changes_find(&c, "/"));
}
END_TEST

START_TEST(a_list_has_a_limit)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	for (int i = 0; i < LIMIT_CHANGES; i++)
		ck_ok(changes_add_drop(&c, "/a", &e), e);
	ck_assert_int_eq(changes_add_drop(&c, "/a", &e), -E2BIG);
	ck_assert_int_eq(changes_add_file(&c, ROLE_STORE, "/a", "x", 1, &meta, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(c.n, LIMIT_CHANGES);
}
END_TEST

START_TEST(a_path_is_found_among_very_many_also_after_a_cut)
{
	cleanup_changes struct changes c = {.max = LIMIT_UNDO_CHANGES};
	struct err e = ERR_NONE;
	char path[32];

	for (int i = 0; i < LIMIT_UNDO_CHANGES; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		ck_ok(changes_add_drop(&c, path, &e), e);
	}
	ck_assert_int_eq(changes_add_drop(&c, "/a", &e), -E2BIG);
	for (int i = 0; i < LIMIT_UNDO_CHANGES; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		ck_assert_ptr_eq(changes_find(&c, path), &c.v[i]);
	}
	changes_cut(&c, 10);
	ck_assert_ptr_eq(changes_find(&c, "/9"), &c.v[9]);
	ck_assert_ptr_null(changes_find(&c, "/10"));
}
END_TEST

START_TEST(a_list_that_was_never_saved_is_not_found)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	ck_assert_int_eq(changes_load(dirfd_, &c, &e), -ENOENT);
	err_clear(&e);
	begin_journal();
	ck_assert_int_eq(changes_load(dirfd_, &c, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_damaged_list_is_refused)
{
	static const char *const rows[] = {
		"{}",
		"[{}]",
		"[7]",
		"[{\"kind\":\"explode\",\"path\":\"/a\"}]",
		"[{\"kind\":\"drop\"}]",
		"[{\"kind\":\"drop\",\"path\":\"%4\"}]",
		"[{\"kind\":\"file\",\"path\":\"/a\",\"meta\":{}}]", /* without its content */
		"[{\"kind\":\"file\",\"path\":\"/a\",\"meta\":{},\"content\":[0,1]}]",
		"[{\"kind\":\"file\",\"path\":\"/a\",\"meta\":{},\"content\":[-1,0]}]",
	};
	struct err e = ERR_NONE;

	begin_journal();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_changes struct changes c = {0};

		cleanup_json json_t *doc = json_loads(rows[i], 0, NULL);

		ck_ok(record_append(dirfd_, RECORD_UNDO, doc, NULL, RECORD_LATER, &e), e);
		ck_assert_msg(changes_load(dirfd_, &c, &e) == -EINVAL, "%s", rows[i]);
		ck_assert_uint_eq(c.n, 0);
		err_clear(&e);
	}
}
END_TEST

START_TEST(every_role_has_a_word)
{
	for (int i = 0; i < CHANGE_ROLE_MAX; i++)
		ck_assert_str_ne(change_role_name((enum change_role)i), "");
}
END_TEST

SUITE("cacerts/changes", setup, teardown, a_list_played_twice_is_the_same_as_once,
      a_list_on_disk_is_the_same_list, playing_stops_at_the_first_failure_and_names_it,
      the_last_change_of_a_path_is_found, a_list_has_a_limit,
      a_path_is_found_among_very_many_also_after_a_cut, a_list_that_was_never_saved_is_not_found,
      a_damaged_list_is_refused, every_role_has_a_word)
