/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "cacerts/state_json.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	view_open(&v);
}

static void teardown(void)
{
	view_done(&v);
}

static struct state capture(const char *path)
{
	struct state s = {0};
	struct err e = ERR_NONE;

	ck_ok(state_capture(v.fs, path, &s, NULL, &e), e);
	return s;
}

START_TEST(every_type_is_captured_with_what_it_holds)
{
	cleanup_buf struct buf text = BUF(100);
	cleanup_state struct state file = {0};
	cleanup_state struct state dir = {0};
	cleanup_state struct state link = {0};
	cleanup_state struct state fifo = {0};
	cleanup_state struct state none = {0};
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "hello");
	ck_assert_int_eq(setxattr(tree_at(&v.t, "r/file"), "user.a", "\0b", 2, 0), 0);
	tree_link(&v.t, "r/link", "/nowhere");
	tree_fifo(&v.t, "r/fifo");
	ck_ok(state_capture(v.fs, "/file", &file, &text, &e), e);
	dir = capture("/");
	link = capture("/link");
	fifo = capture("/fifo");
	none = capture("/none/at/all");
	ck_assert_str_eq(text.data, "hello");
	ck_assert_int_eq(file.st.type, VFS_FILE);
	ck_assert_uint_eq(file.xattrs.n, 1);
	ck_assert_uint_eq(file.xattrs.v[0].size, 2);
	ck_assert_int_eq(dir.st.type, VFS_DIR);
	ck_assert_int_eq(link.st.type, VFS_LINK);
	ck_assert_str_eq(link.target, "/nowhere");
	ck_assert_int_eq(fifo.st.type, VFS_SPECIAL);
	ck_assert_int_eq(none.st.type, VFS_ABSENT);
}
END_TEST

START_TEST(a_file_above_the_callers_maximum_is_refused_and_nothing_is_written)
{
	struct state s = {.target = NULL, .st.mode = 4711};
	cleanup_buf struct buf small = BUF(4);
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "hello");
	ck_assert_int_eq(state_capture(v.fs, "/file", &s, &small, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(s.st.mode, 4711);
}
END_TEST

START_TEST(a_large_file_is_not_read_but_known_as_long_as_nobody_touches_it)
{
	const struct timespec tick = {.tv_nsec = 10000000};
	cleanup_buf struct buf content = BUF(LIMIT_STORE_FILE);
	cleanup_state struct state before = {0};
	cleanup_state struct state same = {0};
	cleanup_state struct state after = {0};
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/large", "");
	ck_assert_int_eq(truncate(tree_at(&v.t, "r/large"), 10LL << 30), 0);
	ck_ok(state_capture(v.fs, "/large", &before, &content, &e), e);
	ck_assert_uint_eq(content.n, 0);
	ck_assert(state_is_large(&before));
	ck_ok(state_capture(v.fs, "/large", &same, NULL, &e), e);
	ck_assert(state_same_content(&before, &same));
	nanosleep(&tick, NULL);
	ck_assert_int_eq(truncate(tree_at(&v.t, "r/large"), 11LL << 30), 0);
	ck_ok(state_capture(v.fs, "/large", &after, NULL, &e), e);
	ck_assert(!state_same_content(&before, &after));
}
END_TEST

START_TEST(what_nobody_touched_is_untouched)
{
	const struct timespec tick = {.tv_nsec = 10000000};
	cleanup_state struct state a = {0};
	cleanup_state struct state b = {0};
	cleanup_state struct state c = {0};
	cleanup_state struct state d = {0};

	tree_file(&v.t, "r/file", "hello");
	a = capture("/file");
	b = capture("/file");
	ck_assert(state_untouched(&a, &b) && state_same_metadata(&a, &b));
	nanosleep(&tick, NULL);
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/file"), 0644), 0);
	c = capture("/file");
	ck_assert(!state_untouched(&a, &c));
	ck_assert(state_same_object(&a, &c) && state_same_content(&a, &c));
	ck_assert(state_same_metadata(&a, &c));
	ck_assert_int_eq(rename(tree_at(&v.t, "r/file"), tree_at(&v.t, "r/old")), 0);
	tree_file(&v.t, "r/file", "hello");
	d = capture("/file");
	ck_assert(!state_same_object(&a, &d) && state_same_content(&a, &d));
	ck_assert(!state_same_mtime(&a, &d) && !state_same_metadata(&a, &d));
}
END_TEST

START_TEST(a_directory_that_took_over_an_inode_number_is_another_one)
{
	cleanup_state struct state a = {0};
	cleanup_state struct state b = {0};

	a = capture("/");
	b = capture("/");
	ck_assert(state_same_object(&a, &b));
	b.dir.born.tv_nsec++;
	ck_assert(!state_same_object(&a, &b) && !state_same_content(&a, &b));
}
END_TEST

START_TEST(a_state_survives_its_document)
{
	static const char *const paths[] = {"/", "/file", "/empty", "/link", "/fifo", "/none"};

	tree_file(&v.t, "r/file", "hello");
	tree_file(&v.t, "r/empty", "");
	tree_link(&v.t, "r/link", "\xff\n%41 \x1b");
	tree_fifo(&v.t, "r/fifo");
	ck_assert_int_eq(chown(tree_at(&v.t, "r/file"), (uid_t)-2, (gid_t)-2), 0);
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/file"), 06755), 0);
	ck_assert_int_eq(setxattr(tree_at(&v.t, "r/file"), "user.%\xff", "\0\n", 2, 0), 0);
	ck_assert_int_eq(setxattr(tree_at(&v.t, "r"), "user.nothing", "", 0, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		cleanup_state struct state a = capture(paths[i]);
		cleanup_state struct state b = {0};
		cleanup_json json_t *j = state_to_json(&a);
		struct err e = ERR_NONE;

		ck_ok(state_from_json(j, &b, &e), e);
		ck_assert_msg(state_same_content(&a, &b) || a.st.type == VFS_SPECIAL, "%s",
			      paths[i]);
		if (a.st.type != VFS_ABSENT)
			ck_assert_msg(state_untouched(&a, &b) && state_same_metadata(&a, &b), "%s",
				      paths[i]);
		ck_assert(a.st.in_top == b.st.in_top && a.st.below == b.st.below);
	}
}
END_TEST

START_TEST(a_malformed_document_is_refused)
{
	static const char *const rows[] = {
		"[]",
		"{}",
		"{\"type\":\"planet\"}",
		"{\"type\":7}",
		"{\"type\":\"link\",\"target\":\"%zz\"}",
		"{\"type\":\"link\",\"target\":\"%00\"}",
		"{\"type\":\"file\",\"sha256\":\"abc\"}",
		"{\"type\":\"file\",\"sha256\":\"00\"}",
		"{\"type\":\"file\",\"xattrs\":[[\"a\"]]}",
		"{\"type\":\"file\",\"xattrs\":[[\"a\",\"xyz\"]]}",
		"{\"type\":\"file\",\"xattrs\":[7]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_json json_t *j = json_loads(rows[i], 0, NULL);
		struct state s = {.st.mode = 4711};
		struct err e = ERR_NONE;

		ck_assert_ptr_nonnull(j);
		ck_assert_msg(state_from_json(j, &s, &e) == -EINVAL, "%s", rows[i]);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_uint_eq(s.st.mode, 4711);
	}
}
END_TEST

START_TEST(a_merge_keeps_what_the_user_changed_attribute_by_attribute)
{
	struct vfs_xattr x0 = {(char[]){"a"}, (char[]){"0"}, 1};
	struct vfs_xattr x2 = {(char[]){"a"}, (char[]){"2"}, 1};
	const struct state t0 = {
		.st = {.type = VFS_FILE, .mode = 0600, .uid = 1, .gid = 2, .mtime = {.tv_sec = 10}},
		.xattrs = {.v = &x0, .n = 1}};
	const struct state t1 = {.st = {.type = VFS_FILE, .mode = 0644, .mtime = {.tv_sec = 20}}};

	for (unsigned changed = 0; changed < 32; changed++) {
		struct state t2 = t1;
		struct vfs_meta meta;

		if (changed & 1)
			t2.st.mode = 0755;
		if (changed & 2)
			t2.st.uid = 77;
		if (changed & 4)
			t2.st.gid = 88;
		if (changed & 8)
			t2.st.mtime.tv_sec = 30;
		if (changed & 16)
			t2.xattrs = (struct vfs_xattrs){.v = &x2, .n = 1};
		state_merge_metadata(&t0, &t1, &t2, &meta);
		ck_assert_uint_eq(meta.mode, changed & 1 ? 0755 : 0600);
		ck_assert_uint_eq(meta.uid, changed & 2 ? 77 : 1);
		ck_assert_uint_eq(meta.gid, changed & 4 ? 88 : 2);
		ck_assert_int_eq(meta.mtime.tv_sec, changed & 8 ? 30 : 10);
		ck_assert_ptr_eq(meta.xattrs->v, changed & 16 ? &x2 : &x0);
	}
}
END_TEST

SUITE("cacerts/state", setup, teardown, every_type_is_captured_with_what_it_holds,
      a_file_above_the_callers_maximum_is_refused_and_nothing_is_written,
      a_large_file_is_not_read_but_known_as_long_as_nobody_touches_it,
      what_nobody_touched_is_untouched, a_directory_that_took_over_an_inode_number_is_another_one,
      a_state_survives_its_document, a_malformed_document_is_refused,
      a_merge_keeps_what_the_user_changed_attribute_by_attribute)
