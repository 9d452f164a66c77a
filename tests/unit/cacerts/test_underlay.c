/* SPDX-License-Identifier: Apache-2.0 */
/* That an undo gives back the same as of an install in the tree is shown by test_undo.c. */
#include "cacerts/underlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "cacerts/undo.h"
#include "tests/unit/cacerts/box.h"
#include "tests/unit/vfs/oracle.h"
#include "vfs/underlay.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static struct box b;

static void setup(void)
{
	box_begin();
	box_make(&b, BOX_UNDERLAY, /* has_dropin_dir= */ true);
}

static void teardown(void)
{
	box_done(&b);
	box_end();
}

static size_t count(const char *rel)
{
	DIR *d = opendir(tree_at(&b.v.t, rel));
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Where the install went. */
static bool is_used(void)
{
	box_install(&b);
	return b.underlay != NULL;
}

START_TEST(the_container_shows_it_and_the_upper_stays_empty)
{
	ck_assert(is_used());
	ck_assert_uint_eq(count("upper"), 0);
	box_user(&b, "test -e $F; test -L $L; test $(grep -c BEGIN $B) = 4; echo x > opt/mine");
	box_undo(&b);
	box_user(&b, "cat opt/mine");
	ck_assert_uint_eq(count("upper"), 1); /* opt */
}
END_TEST

START_TEST(directories_in_it_have_the_times_of_the_images)
{
	static const char *const dirs[] = {"etc", "etc/ssl", "etc/ssl/certs", "usr",
					   "usr/local/share/ca-certificates"};
	char path[LIMIT_PATH];

	ck_assert(is_used());
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct stat image;
		struct stat ours;

		snprintf(path, sizeof(path), "%s/%s", b.underlay->path, dirs[i]);
		ck_assert_int_eq(stat(path, &ours), 0);
		snprintf(path, sizeof(path), "lower/%s", dirs[i]);
		ck_assert_int_eq(stat(tree_at(&b.v.t, path), &image), 0);
		ck_assert(image.st_mtim.tv_sec == ours.st_mtim.tv_sec &&
			  image.st_mtim.tv_nsec == ours.st_mtim.tv_nsec &&
			  image.st_mode == ours.st_mode);
	}
}
END_TEST

START_TEST(where_directories_have_to_be_made_there_is_none)
{
	box_done(&b);
	box_make(&b, BOX_UNDERLAY, /* has_dropin_dir= */ false);
	ck_assert(!is_used());
	ck_assert_uint_eq(count("underlays"), 0);
	box_undo(&b);
}
END_TEST

START_TEST(where_a_file_lies_in_a_mount_there_is_none)
{
	tree_dir(&b.v.t, "local/ca-certificates");
	view_mount(&b.v, "bind", "@/local", "/usr/local/share", "rbind,rw");
	ck_assert(!is_used());
	box_undo(&b);
}
END_TEST

START_TEST(where_the_upper_has_a_part_in_it_there_is_none)
{
	tree_dir(&b.v.t, "upper/etc");
	ck_assert(!is_used());
	box_undo(&b);
}
END_TEST

START_TEST(where_another_file_system_has_a_part_in_it_there_is_none)
{
	ck_assert_int_eq(mount("tmpfs", tree_at(&b.v.t, "underlays"), "tmpfs", 0, NULL), 0);
	ck_assert(!is_used());
	box_undo(&b);
	ck_assert_int_eq(umount2(tree_at(&b.v.t, "underlays"), MNT_DETACH), 0);
}
END_TEST

START_TEST(it_goes_when_it_is_freed)
{
	ck_assert(is_used());
	ck_assert_uint_eq(count("underlays"), 1);
	b.underlay = underlay_free(b.underlay);
	ck_assert_uint_eq(count("underlays"), 0);
}
END_TEST

START_TEST(all_that_an_earlier_life_left_goes)
{
	struct err e = ERR_NONE;

	tree_file(&b.v.t, "underlays/0/fs/etc/x", "text");
	tree_dir(&b.v.t, "underlays/1");
	ck_assert(is_used()); /* under a number that is free */
	ck_ok(underlay_remove_all(tree_at(&b.v.t, "underlays"), &e), e);
	ck_assert_uint_eq(count("underlays"), 0);
	strv_done(&b.v.t.made);
	b.v.t.made = STRV(LIMIT_DIR_ENTRIES);
	tree_wipe(&b.v.t);
}
END_TEST

static int load(struct journal *ret)
{
	struct err e = ERR_NONE;

	ck_ok(journal_load(fcntl(b.journal, F_DUPFD_CLOEXEC, 3), ret, &e), e);
	return 0;
}

START_TEST(its_journal_is_one_record_that_has_all)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	const struct journal_entry *bundle;
	const struct journal_entry *root;

	ck_assert(is_used());
	load(&j);
	ck_assert(j.installed);
	ck_assert_str_eq(j.underlay, b.underlay->path);
	ck_assert_uint_eq(j.n_below, 1);
	bundle = journal_find(&j, BUNDLE);
	root = journal_find(&j, "/");
	ck_assert(!bundle->is_left && !bundle->t1.st.in_top);
	ck_assert(!state_same_content(&bundle->t0, &bundle->t1));
	ck_assert(root->is_left);
}
END_TEST

START_TEST(a_directory_of_a_layer_on_top_is_left)
{
	cleanup_journal struct journal draft = {.dirfd = -EBADF};
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_changes struct changes changes = {0};
	struct err e = ERR_NONE;

	view_open(&b.v);
	box_changes(&b, &changes);
	box_journal(&b, &draft);
	ck_ok(journal_draft(&draft, b.v.fs, &changes, NULL, &e), e);
	ck_ok(journal_draft_names(&draft, b.v.fs, &e), e);
	b.v.fs = vfs_free(b.v.fs);
	ck_assert(is_used());
	box_undo(&b);

	/* The next step of a build: what the one before has written lies on top of the image. */
	tree_dir(&b.v.t, "step/etc");
	mount_specs_done(&b.v.rootfs);
	view_rootfs(&b.v, "overlay", "", "lowerdir=@/step:@/lower,upperdir=@/upper,workdir=@/work");
	view_open(&b.v);
	box_journal(&b, &j);
	ck_ok(journal_redraft(&j, &draft, b.v.fs, &e), e);
	ck_assert(underlay_fits(b.underlay, b.v.fs));
	ck_ok(underlay_lend(b.underlay, &draft, &j, &e), e);
	b.v.fs = vfs_free(b.v.fs);
	ck_assert(journal_find(&j, "/etc")->is_left);
	ck_assert(!journal_find(&j, "/etc/ssl")->is_left);
	ck_assert(!journal_find(&j, BUNDLE)->is_left);
}
END_TEST

START_TEST(without_its_files_nothing_is_undone_and_nothing_lost)
{
	cleanup_free char *wanted = NULL;
	cleanup_free char *got = NULL;
	struct err e = ERR_NONE;
	char away[LIMIT_PATH];

	ck_assert(is_used());
	box_user(&b, "echo x >> $B");
	snprintf(away, sizeof(away), "%s.away", b.underlay->path);
	wanted = box_picture(&b);
	ck_assert_int_eq(rename(b.underlay->path, away), 0);
	ck_assert_int_eq(box_try_undo(&b, &e), -ENOENT);
	ck_assert(e.kind == ERR_CLEANUP && e.dirty);
	ck_assert_ptr_nonnull(strstr(e.msg, b.underlay->path));
	got = box_picture(&b);
	box_compare("nothing was done", got, wanted);
	ck_assert_int_eq(rename(away, b.underlay->path), 0);
	box_undo(&b);
}
END_TEST

SUITE("cacerts/underlay", setup, teardown, the_container_shows_it_and_the_upper_stays_empty,
      directories_in_it_have_the_times_of_the_images,
      where_directories_have_to_be_made_there_is_none, where_a_file_lies_in_a_mount_there_is_none,
      where_the_upper_has_a_part_in_it_there_is_none,
      where_another_file_system_has_a_part_in_it_there_is_none, it_goes_when_it_is_freed,
      all_that_an_earlier_life_left_goes, its_journal_is_one_record_that_has_all,
      a_directory_of_a_layer_on_top_is_left, without_its_files_nothing_is_undone_and_nothing_lost)
