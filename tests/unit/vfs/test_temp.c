/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns a directory acts in it while we put an entry there. */
#include "vfs/temp.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/vfs/interpose.h"
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
	interpose_reset();
	view_done(&v);
}

static void make_file_inside(int dirfd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/late", name);
	if (mknodat(dirfd, path, S_IFREG | 0644, 0) == 0)
		interpose.before_exchange = NULL;
}

/* "/d" gets an entry just before it is exchanged for a whiteout. Returns what vfs_remove() does. */
static int remove_what_fills(void)
{
	int r;

	tree_dir(&v.t, "l1/d");
	tree_dir(&v.t, "u/d");
	view_open_overlay(&v);
	interpose.before_exchange = make_file_inside;
	r = vfs_remove(v.fs, "/d", NULL);
	ck_assert_msg(!interpose.before_exchange, "nobody was quicker");
	return r;
}

START_TEST(a_directory_that_gets_an_entry_is_not_lost)
{
	ck_assert_int_eq(remove_what_fills(), -ENOTEMPTY);
	ck_assert_int_eq(view_stat(&v, "/d/late").type, VFS_FILE);
}
END_TEST

START_TEST(writes_go_on_after_a_directory_got_an_entry)
{
	remove_what_fills();
	view_put(&v, "/file", "x");
	ck_assert_str_eq(view_read(&v, "/file"), "x");
}
END_TEST

/* By the host's paths: @dirfd is in a clone of the mount. */
static void put_shadow_there(int dirfd, const char *name)
{
	char path[LIMIT_PATH];

	(void)dirfd;
	interpose.after_symlink = NULL;
	snprintf(path, sizeof(path), "%s/%s", tree_at(&v.t, "r/home"), name);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(link(tree_at(&v.t, "r/shadow"), path), 0);
}

START_TEST(metadata_goes_to_what_was_made_and_nothing_else)
{
	const struct vfs_meta owner = {.fields = VFS_META_OWNER, .uid = 1000, .gid = 1000};
	struct err e = ERR_NONE;
	struct stat st;

	tree_file(&v.t, "r/shadow", "root:x");
	ck_assert_int_eq(chmod(tree_at(&v.t, "r/shadow"), 0600), 0);
	tree_dir(&v.t, "r/home");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	interpose.after_symlink = put_shadow_there;
	ck_assert_int_eq(vfs_put_link(v.fs, "/home/link", "to", &owner, &e), -EAGAIN);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_ptr_null(interpose.after_symlink);
	ck_assert_int_eq(stat(tree_at(&v.t, "r/shadow"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

SUITE("vfs/temp", setup, teardown, a_directory_that_gets_an_entry_is_not_lost,
      writes_go_on_after_a_directory_got_an_entry, metadata_goes_to_what_was_made_and_nothing_else)
