/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/install.h"

#include <errno.h>
#include <string.h>

#include "cacerts/pem.h"
#include "cacerts/undo.h"
#include "tests/unit/cacerts/box.h"

static void setup(void)
{
	box_begin();
}

static void teardown(void)
{
	box_end();
}

START_TEST(an_installed_authority_is_in_the_bundle_and_in_a_file_of_its_own)
{
	for (int backing = 0; backing < BOX_BACKING_MAX; backing++) {
		struct box b;

		box_make(&b, (enum box_backing)backing, /* has_dropin_dir= */ false);
		box_install(&b);
		box_user(&b, "tail -c $(stat -c %s $OURS) $F | cmp - $OURS && "
			     "test $(readlink $H) = $(basename $L) && "
			     "test $(grep -c BEGIN $B) = 4 && test $(stat -c %a $B) = 644");
		box_undo(&b);
		box_done(&b);
	}
}
END_TEST

START_TEST(an_install_that_fails_has_undone_what_it_did)
{
	for (int backing = 0; backing < BOX_BACKING_MAX; backing++) {
		cleanup_journal struct journal j = {.dirfd = -EBADF};
		cleanup_changes struct changes changes = {0};
		cleanup_free char *before = NULL;
		cleanup_free char *after = NULL;
		struct err e = ERR_NONE;
		struct box b;

		box_make(&b, (enum box_backing)backing, /* has_dropin_dir= */ false);
		before = box_picture(&b);
		view_open(&b.v);
		box_changes(&b, &changes);
		ck_ok(changes_add_file(&changes, ROLE_STORE, "/missing/file", "x", 1, NULL, &e), e);
		box_journal(&b, &j);
		ck_assert_int_eq(install_run(&j, b.v.fs, &changes, &e), -ENOENT);
		ck_assert_int_eq(e.dirty, 0);
		ck_assert_msg(strstr(e.msg, "/missing/file") != NULL, "%s", e.msg);
		after = box_picture(&b);
		box_compare(box_backing_name(b.backing), after, before);
		journal_done(&j);
		box_done(&b);
	}
}
END_TEST

START_TEST(a_crash_before_the_install_is_complete_is_undone_whatever_was_applied)
{
	cleanup_free char *before = NULL;
	size_t n = 1;

	for (size_t k = 0; k <= n; k++) {
		cleanup_journal struct journal j = {.dirfd = -EBADF};
		cleanup_changes struct changes changes = {0};
		cleanup_free char *after = NULL;
		struct err e = ERR_NONE;
		struct box b;

		box_make(&b, BOX_OVERLAY, /* has_dropin_dir= */ k % 2);
		before = box_picture(&b);
		view_open(&b.v);
		box_changes(&b, &changes);
		n = changes.n;
		box_journal(&b, &j);
		ck_ok(install_draft(&j, b.v.fs, &changes, &e), e);
		ck_ok(journal_draft_names(&j, b.v.fs, &e), e);
		ck_ok(journal_begin(&j, &e), e);
		for (size_t i = 0; i < k && i < n; i++)
			ck_ok(change_apply(&changes.v[i], b.v.fs, &e), e);
		journal_done(&j);
		b.v.fs = vfs_free(b.v.fs);
		box_undo(&b);
		box_undo(&b);
		after = box_picture(&b);
		box_compare("crashed", after, before);
		free(take_ptr(before));
		box_done(&b);
	}
}
END_TEST

SUITE("cacerts/install", setup, teardown,
      an_installed_authority_is_in_the_bundle_and_in_a_file_of_its_own,
      an_install_that_fails_has_undone_what_it_did,
      a_crash_before_the_install_is_complete_is_undone_whatever_was_applied)
