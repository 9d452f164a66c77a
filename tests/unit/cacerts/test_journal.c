/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cacerts/install.h"
#include "cacerts/undo.h"
#include "tests/unit/cacerts/box.h"

static struct box b;

static void setup(void)
{
	box_begin();
	box_make(&b, BOX_BIND, /* has_dropin_dir= */ false);
}

static void teardown(void)
{
	box_done(&b);
	box_end();
}

static int load(struct journal *ret, struct err *e)
{
	int fd = fcntl(b.journal, F_DUPFD_CLOEXEC, 3);
	int r = journal_load(fd, ret, e);

	if (r < 0)
		close(fd);
	return r;
}

static void same_state(const char *path, const struct state *x, const struct state *y)
{
	ck_assert_msg(x->st.type == y->st.type && x->st.whiteout == y->st.whiteout, "%s", path);
	ck_assert_msg(state_same_content(x, y), "%s", path);
	if (x->st.type == VFS_ABSENT)
		return;
	ck_assert_msg(state_same_metadata(x, y) && state_untouched(x, y), "%s", path);
	ck_assert_msg(x->st.in_top == y->st.in_top && x->st.below == y->st.below, "%s", path);
}

START_TEST(a_journal_is_read_back_as_it_was_written)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_journal struct journal k = {.dirfd = -EBADF};
	cleanup_changes struct changes changes = {0};
	struct err e = ERR_NONE;

	view_open(&b.v);
	box_changes(&b, &changes);
	box_journal(&b, &j);
	ck_ok(install_run(&j, b.v.fs, &changes, &e), e);
	ck_ok(load(&k, &e), e);
	ck_assert_str_eq(k.id, j.id);
	ck_assert_ptr_eq(k.family, j.family);
	ck_assert(k.installed);
	ck_assert(k.began.tv_sec == j.began.tv_sec && k.began.tv_nsec == j.began.tv_nsec);
	ck_assert_uint_eq(k.rootfs.n, 1);
	ck_assert_str_eq(k.rootfs.v[0].source, j.rootfs.v[0].source);
	ck_assert_uint_eq(k.authorities->n, j.authorities->n);
	ck_assert_str_eq(k.authorities->v[1].fingerprint, j.authorities->v[1].fingerprint);
	ck_assert_uint_eq(k.n, j.n);
	for (size_t i = 0; i < j.n; i++) {
		ck_assert_str_eq(k.v[i].path, j.v[i].path);
		ck_assert_int_eq(k.v[i].role, j.v[i].role);
		same_state(j.v[i].path, &k.v[i].t0, &j.v[i].t0);
		same_state(j.v[i].path, &k.v[i].t1, &j.v[i].t1);
	}
}
END_TEST

START_TEST(every_touched_path_and_its_directories_are_entries_in_order)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_changes struct changes changes = {0};
	struct err e = ERR_NONE;
	static const char *const watch[] = {"/etc/pki/tls/cert.pem", NULL};

	view_open(&b.v);
	box_changes(&b, &changes);
	box_journal(&b, &j);
	ck_ok(journal_draft(&j, b.v.fs, &changes, watch, &e), e);
	ck_ok(journal_draft_names(&j, b.v.fs, &e), e);
	ck_ok(journal_begin(&j, &e), e);
	for (size_t i = 0; i < changes.n; i++)
		ck_assert_ptr_nonnull(journal_find(&j, changes.v[i].path));
	ck_assert_str_eq(j.v[0].path, "/");
	ck_assert_ptr_nonnull(journal_find(&j, "/usr/local"));
	ck_assert_ptr_nonnull(journal_find(&j, "/etc/pki/tls"));
	ck_assert_int_eq(journal_find(&j, watch[0])->t0.st.type, VFS_ABSENT);
	ck_assert_ptr_null(journal_find(&j, "/etc/os-release"));
	for (size_t i = 1; i < j.n; i++)
		ck_assert_str_lt(j.v[i - 1].path, j.v[i].path);
}
END_TEST

START_TEST(what_a_file_held_before_can_be_read_back)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_buf struct buf was = BUF(1 << 20);
	cleanup_buf struct buf kept = BUF(1 << 20);
	struct err e = ERR_NONE;
	const struct journal_entry *entry;

	view_open(&b.v);
	ck_ok(vfs_read_file(b.v.fs, "/etc/ssl/certs/ca-certificates.crt", &was, &e), e);
	box_install(&b);
	ck_ok(load(&j, &e), e);
	entry = journal_find(&j, "/etc/ssl/certs/ca-certificates.crt");
	ck_ok(journal_read_before(&j, (size_t)(entry - j.v), /* now= */ NULL, &kept, &e), e);
	ck_assert_str_eq(kept.data, was.data);
}
END_TEST

START_TEST(how_often_an_authority_stood_in_a_file_is_counted)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	struct err e = ERR_NONE;
	const struct journal_entry *entry;
	size_t ours = (size_t)(box_ours() - box_authorities()->v);

	box_user(&b, "cat $OURS $WIDE >> $B");
	box_install(&b);
	ck_ok(load(&j, &e), e);
	entry = journal_find(&j, "/etc/ssl/certs/ca-certificates.crt");
	ck_assert_ptr_nonnull(entry->n_ours);
	ck_assert_uint_eq(entry->n_ours[ours], 2);
	ck_assert_uint_eq(entry->n_ours[1 - ours], 0);
}
END_TEST

START_TEST(an_empty_directory_holds_no_journal)
{
	cleanup_free char *before = box_picture(&b);
	cleanup_free char *after = NULL;
	struct journal j = {.dirfd = -EBADF};
	struct err e = ERR_NONE;

	ck_assert_int_eq(load(&j, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
	box_undo(&b);
	after = box_picture(&b);
	box_compare("undo", after, before);
}
END_TEST

static void write_raw(const char *bytes, size_t n)
{
	struct err e = ERR_NONE;

	ck_ok(io_write_file_at(b.journal, "journal", bytes, n, 0600, &e), e);
}

static void read_raw(struct buf *ret)
{
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(b.journal, "journal", ret, &e), e);
}

static void expect_refused(const char *what)
{
	cleanup_free char *before = box_picture(&b);
	cleanup_free char *after = NULL;
	struct err e = ERR_NONE;

	ck_assert_msg(box_try_undo(&b, &e) < 0, "%s was taken", what);
	ck_assert_msg(e.kind == ERR_CLEANUP && e.dirty && strlen(e.msg) > 20, "%s: %s", what,
		      e.msg);
	after = box_picture(&b);
	box_compare(what, after, before);
}

/* Of the record that begins at @at: where it ends. */
static size_t end_of_record(const struct buf *whole, size_t at)
{
	uint64_t n[2];

	memcpy(n, whole->data + at + 16, sizeof(n));
	return at + 64 + n[0] + n[1];
}

START_TEST(a_journal_that_is_cut_off_stops_the_undo_and_touches_nothing)
{
	cleanup_buf struct buf whole = BUF(1 << 20);
	size_t end;

	box_install(&b);
	read_raw(&whole);
	end = end_of_record(&whole, 0);
	for (size_t n = 0; n < end; n += 1 + end / 43) {
		write_raw(whole.data, n);
		expect_refused("a journal that is cut off");
	}
	write_raw(whole.data, whole.n);
	box_undo(&b);
}
END_TEST

START_TEST(a_journal_that_was_changed_stops_the_undo_and_touches_nothing)
{
	cleanup_buf struct buf whole = BUF(1 << 20);
	size_t after;
	size_t end;

	box_install(&b);
	read_raw(&whole);
	after = (end_of_record(&whole, 0) + 511) / 512 * 512;
	end = end_of_record(&whole, after);
	for (size_t at = 0; at < end; at += 1 + end / 199) {
		if (at + 8 > end_of_record(&whole, 0) && at < after + 64)
			continue; /* nobody's bytes; the head that says whether there is one */
		whole.data[at] ^= (char)(1 << at % 8);
		write_raw(whole.data, whole.n);
		expect_refused("a journal with a flipped bit");
		whole.data[at] ^= (char)(1 << at % 8);
	}
	write_raw(whole.data, whole.n);
	box_undo(&b);
}
END_TEST

START_TEST(a_journal_of_another_shape_is_refused)
{
	static const char *const shapes[] = {"{}", "[]", "{\"entries\":3}", "{\"id\":\"x\"}",
					     "[3]"};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		cleanup_json json_t *doc = json_loads(shapes[i], 0, NULL);
		struct err e = ERR_NONE;

		ck_ok(record_create(b.journal, doc, NULL, NULL, &e), e);
		expect_refused(shapes[i]);
	}
	ck_assert_int_eq(unlinkat(b.journal, "journal", 0), 0);
	box_install(&b);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		cleanup_json json_t *doc = json_loads(shapes[i], 0, NULL);
		struct err e = ERR_NONE;

		ck_ok(record_append(b.journal, RECORD_AFTER, doc, NULL, RECORD_LATER, &e), e);
		expect_refused(shapes[i]);
	}
}
END_TEST

START_TEST(half_a_journal_without_its_name_is_none)
{
	cleanup_free char *before = box_picture(&b);
	cleanup_free char *after = NULL;
	cleanup_buf struct buf whole = BUF(1 << 20);
	struct journal j = {.dirfd = -EBADF};
	struct err e = ERR_NONE;

	box_install(&b);
	read_raw(&whole);
	box_undo(&b);
	ck_ok(io_write_file_at(b.journal, "journal.new", whole.data, end_of_record(&whole, 0) / 3,
			       0600, &e),
	      e);
	ck_assert_int_eq(unlinkat(b.journal, "journal", 0), 0);
	ck_assert_int_eq(load(&j, &e), -ENOENT);
	ck_assert_int_eq(faccessat(b.journal, "journal.new", F_OK, 0), -1);
	after = box_picture(&b);
	box_compare("undo", after, before);
}
END_TEST

START_TEST(a_whole_journal_that_lost_its_name_is_taken)
{
	struct journal j = {.dirfd = -EBADF};
	struct err e = ERR_NONE;

	box_install(&b);
	ck_assert_int_eq(renameat(b.journal, "journal", b.journal, "journal.new"), 0);
	ck_ok(load(&j, &e), e);
	ck_assert(j.installed);
	journal_done(&j);
	box_undo(&b);
}
END_TEST

START_TEST(a_damaged_plan_of_an_undo_is_made_anew)
{
	cleanup_free char *before = box_picture(&b);
	cleanup_free char *after = NULL;
	cleanup_json json_t *doc = json_loads("[{\"kind\":\"nonsense\"}]", 0, NULL);
	struct err e = ERR_NONE;

	box_install(&b);
	ck_ok(record_append(b.journal, RECORD_UNDO, doc, NULL, RECORD_LATER, &e), e);
	box_undo(&b);
	after = box_picture(&b);
	box_compare("undo", after, before);
}
END_TEST

SUITE("cacerts/journal", setup, teardown, a_journal_is_read_back_as_it_was_written,
      every_touched_path_and_its_directories_are_entries_in_order,
      what_a_file_held_before_can_be_read_back, how_often_an_authority_stood_in_a_file_is_counted,
      an_empty_directory_holds_no_journal,
      a_journal_that_is_cut_off_stops_the_undo_and_touches_nothing,
      a_journal_that_was_changed_stops_the_undo_and_touches_nothing,
      a_journal_of_another_shape_is_refused, half_a_journal_without_its_name_is_none,
      a_whole_journal_that_lost_its_name_is_taken, a_damaged_plan_of_an_undo_is_made_anew)
