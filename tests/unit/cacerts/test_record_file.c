/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree t;
static int dir;

static void setup(void)
{
	tree_init(&t);
	dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

static void teardown(void)
{
	close(dir);
	tree_wipe(&t);
}

static json_t *number(int n)
{
	return json_pack("{s:i}", "n", n);
}

static void create(void)
{
	cleanup_json json_t *doc = number(0);
	cleanup_buf struct buf data = BUF(100);
	struct err e = ERR_NONE;

	ck_ok(buf_add(&data, "one\0two", 7, &e), e);
	ck_ok(record_create(dir, doc, &data, NULL, &e), e);
}

static void append(enum record_kind kind, int n, enum record_sync sync)
{
	cleanup_json json_t *doc = number(n);
	struct err e = ERR_NONE;

	ck_ok(record_append(dir, kind, doc, NULL, sync, &e), e);
}

static int find(enum record_kind kind)
{
	cleanup_record struct record r = {.doc = NULL};
	struct err e = ERR_NONE;
	int found = record_find(dir, kind, &r, &e);

	return found < 0 ? found : (int)json_get_int(r.doc, "n", -1);
}

START_TEST(each_kind_is_found_and_the_last_of_it_counts)
{
	ck_assert_int_eq(find(RECORD_BEFORE), -ENOENT);
	create();
	ck_assert_int_eq(find(RECORD_BEFORE), 0);
	ck_assert_int_eq(find(RECORD_AFTER), -ENOENT);
	append(RECORD_AFTER, 1, RECORD_DURABLE);
	append(RECORD_UNDO, 2, RECORD_LATER);
	append(RECORD_UNDO, 3, RECORD_DURABLE);
	ck_assert_int_eq(find(RECORD_BEFORE), 0);
	ck_assert_int_eq(find(RECORD_AFTER), 1);
	ck_assert_int_eq(find(RECORD_UNDO), 3);
}
END_TEST

START_TEST(the_last_record_can_be_made_nothing)
{
	struct err e = ERR_NONE;

	create();
	append(RECORD_AFTER, 1, RECORD_DURABLE);
	ck_ok(record_void(dir, RECORD_UNDO, &e), e); /* there is none */
	append(RECORD_UNDO, 2, RECORD_LATER);
	ck_ok(record_void(dir, RECORD_AFTER, &e), e); /* it isn't the last */
	ck_assert_int_eq(find(RECORD_AFTER), 1);
	ck_ok(record_void(dir, RECORD_UNDO, &e), e);
	ck_assert_int_eq(find(RECORD_UNDO), -ENOENT);
	ck_assert_int_eq(find(RECORD_AFTER), 1);
	append(RECORD_UNDO, 3, RECORD_LATER);
	ck_assert_int_eq(find(RECORD_UNDO), 3);
}
END_TEST

START_TEST(attachments_are_read_in_parts_and_not_beyond_their_end)
{
	cleanup_record struct record r = {.doc = NULL};
	cleanup_buf struct buf part = BUF(100);
	struct err e = ERR_NONE;

	create();
	ck_ok(record_find(dir, RECORD_BEFORE, &r, &e), e);
	ck_assert_uint_eq(r.n_data, 7);
	ck_ok(record_read(dir, &r, 4, 3, &part, &e), e);
	ck_assert_str_eq(part.data, "two");
	ck_assert_int_eq(record_read(dir, &r, 4, 4, &part, &e), -EINVAL);
	ck_assert_int_eq(record_read(dir, &r, 8, 0, &part, &e), -EINVAL);
	ck_assert_int_eq(record_read(dir, &r, 1, (size_t)-1, &part, &e), -EINVAL);
}
END_TEST

START_TEST(usual_records_fit_into_the_room_of_the_first)
{
	struct stat before;
	struct stat after;

	create();
	ck_assert_int_eq(fstatat(dir, "journal", &before, 0), 0);
	for (int i = 0; i < 10; i++)
		append(RECORD_UNDO, i, RECORD_LATER);
	ck_assert_int_eq(fstatat(dir, "journal", &after, 0), 0);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(after.st_blocks, before.st_blocks);
}
END_TEST

START_TEST(a_large_record_makes_the_file_longer)
{
	enum { N = 100000 };
	cleanup_record struct record r = {.doc = NULL};
	cleanup_json json_t *doc = number(7);
	cleanup_buf struct buf data = BUF(N);
	static const char bytes[N];
	struct err e = ERR_NONE;

	create();
	ck_ok(buf_add(&data, bytes, N, &e), e);
	ck_ok(record_append(dir, RECORD_UNDO, doc, &data, RECORD_DURABLE, &e), e);
	append(RECORD_AFTER, 8, RECORD_DURABLE);
	ck_ok(record_find(dir, RECORD_UNDO, &r, &e), e);
	ck_assert_uint_eq(r.n_data, N);
	ck_assert_int_eq(find(RECORD_AFTER), 8);
}
END_TEST

START_TEST(there_are_not_more_records_than_a_reader_takes)
{
	cleanup_json json_t *doc = number(7);
	struct err e = ERR_NONE;
	int n = 0;

	create();
	while (record_append(dir, RECORD_UNDO, doc, NULL, RECORD_LATER, &e) == 0)
		ck_assert_int_lt(++n, 1000);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_int_eq(find(RECORD_BEFORE), 0);
	ck_assert_int_eq(find(RECORD_UNDO), 7);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
	ck_assert_int_eq(mkfifoat(dir, "journal", 0600), 0);
	ck_assert_int_lt(find(RECORD_BEFORE), 0);
	ck_assert_int_eq(unlinkat(dir, "journal", 0), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "journal"), 0);
	ck_assert_int_eq(find(RECORD_BEFORE), -ELOOP);
}
END_TEST

START_TEST(removing_it_twice_is_fine)
{
	struct err e = ERR_NONE;

	create();
	for (int i = 0; i < 2; i++)
		ck_ok(record_remove(dir, RECORD_DURABLE, &e), e);
	ck_assert_int_eq(find(RECORD_BEFORE), -ENOENT);
}
END_TEST

SUITE("cacerts/record_file", setup, teardown, each_kind_is_found_and_the_last_of_it_counts,
      the_last_record_can_be_made_nothing, attachments_are_read_in_parts_and_not_beyond_their_end,
      usual_records_fit_into_the_room_of_the_first, a_large_record_makes_the_file_longer,
      there_are_not_more_records_than_a_reader_takes, what_is_no_regular_file_is_refused,
      removing_it_twice_is_fine)
