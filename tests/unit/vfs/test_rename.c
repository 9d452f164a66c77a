/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/oracle.h"

static const char kernels_options[] = "lowerdir=@/l1:@/l2,upperdir=@/ku,workdir=@/kw";
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
	struct err e = ERR_NONE;

	ck_ok(vfs_rename(v.fs, from, to, &e), e);
}

START_TEST(a_lower_file_moves_with_all_it_has_and_leaves_a_whiteout)
{
	struct stat st;

	tree_file(&v.t, "l1/a/file", "text");
	ck_assert_int_eq(chown(tree_at(&v.t, "l1/a/file"), 5, 6), 0);
	tree_dir(&v.t, "l2/b");
	view_open_overlay(&v);
	move("/a/file", "/b/moved");

	ck_assert(view_has_whiteout(&v, "u/a/file"));
	ck_assert_int_eq(stat(tree_at(&v.t, "u/b/moved"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 5);
	ck_assert_str_eq(view_read(&v, "/b/moved"), "text");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(whiteouts_are_traded_when_one_is_in_the_way)
{
	tree_file(&v.t, "l1/a", "a");
	tree_file(&v.t, "l1/b", "b");
	tree_whiteout(&v.t, "u/b");
	tree_file(&v.t, "u/own", "own");
	tree_file(&v.t, "l2/c", "c");
	tree_whiteout(&v.t, "u/c");
	view_open_overlay(&v);
	move("/a", "/b");
	move("/own", "/c");

	ck_assert(view_has_whiteout(&v, "u/a"));
	ck_assert_int_eq(access(tree_at(&v.t, "u/own"), F_OK), -1);
	ck_assert_str_eq(view_list(&v, "/"), "b c");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_directory_of_the_top_does_not_merge_at_its_new_name)
{
	tree_file(&v.t, "l1/gone/old", "");
	tree_whiteout(&v.t, "u/gone");
	tree_file(&v.t, "u/own/new", "");
	view_open_overlay(&v);
	move("/own", "/gone");

	ck_assert_str_eq(view_list(&v, "/"), "gone");
	ck_assert_str_eq(view_list(&v, "/gone"), "new");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

START_TEST(a_directory_replaces_an_empty_one_whatever_layers_that_has)
{
	tree_file(&v.t, "l1/lower-only/x", "");
	tree_file(&v.t, "l1/emptied/x", "");
	tree_whiteout(&v.t, "u/emptied/x");
	tree_dir(&v.t, "l2/empty");
	tree_file(&v.t, "u/one/1", "");
	tree_file(&v.t, "u/two/2", "");
	tree_opaque(&v.t, "u/two");
	tree_file(&v.t, "l2/two/below", "");
	view_open_overlay(&v);
	ck_assert_int_eq(vfs_rename(v.fs, "/one", "/lower-only", NULL), -ENOTEMPTY);
	move("/one", "/empty");
	move("/two", "/emptied"); /* a lower directory is below both names */

	ck_assert_str_eq(view_list(&v, "/"), "emptied empty lower-only");
	ck_assert_str_eq(view_list(&v, "/emptied"), "2");
	ck_assert_str_eq(view_list(&v, "/empty"), "1");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

static const struct {
	const char *from;
	const char *to;
	bool leaves_a_dir; /* an empty one, at the old name: the one trade that takes two steps */
} killed[] = {
	{"/file", "/new", false},   {"/file", "/other", false}, {"/file", "/gone", false},
	{"/dir", "/new", false},    {"/dir", "/gone", false},   {"/dir", "/empty", false},
	{"/dir", "/emptied", true}, {"/below", "/new", false},
};

static void make_for_killed(void)
{
	tree_file(&v.t, "u/file", "text");
	tree_file(&v.t, "l1/below", "text");
	tree_file(&v.t, "l1/other", "other");
	tree_file(&v.t, "l1/gone", "gone");
	tree_whiteout(&v.t, "u/gone");
	tree_file(&v.t, "u/dir/x", "");
	tree_dir(&v.t, "u/empty");
	tree_file(&v.t, "l1/emptied/x", "");
	tree_whiteout(&v.t, "u/emptied/x");
	view_open_overlay(&v);
}

/* In a process that is killed as soon as the entry has its new name. */
static void move_and_die(const char *from, const char *to)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setenv("ANCHORD_FAULT", "vfs.moved", 1);
		vfs_rename(v.fs, from, to, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "%s is moved to %s in no step", from, to);
}

START_TEST(a_crash_leaves_the_entry_at_its_new_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(killed); i++) {
		struct vfs_stat old;

		make_for_killed();
		move_and_die(killed[i].from, killed[i].to);
		view_open(&v);
		ck_assert_int_eq(view_stat(&v, killed[i].to).type,
				 killed[i].from[1] == 'd' ? VFS_DIR : VFS_FILE);
		old = view_stat(&v, killed[i].from);
		ck_assert_msg(old.type == VFS_ABSENT ||
				      (killed[i].leaves_a_dir && old.type == VFS_DIR &&
				       strcmp(view_list(&v, killed[i].from), "") == 0),
			      "%s is there after it was moved to %s", killed[i].from, killed[i].to);
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

START_TEST(special_files_and_links_move_too)
{
	char target[LIMIT_PATH];
	struct stat st;

	tree_fifo(&v.t, "l1/fifo");
	tree_link(&v.t, "l1/link", "somewhere");
	ck_assert_int_eq(mknod(tree_at(&v.t, "l1/null"), S_IFCHR | 0640, makedev(1, 3)), 0);
	view_open_overlay(&v);
	move("/fifo", "/fifo2");
	move("/link", "/link2");
	move("/null", "/null2");

	ck_assert_int_eq(lstat(tree_at(&v.t, "u/null2"), &st), 0);
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(vfs_readlink(v.fs, "/link2", target, NULL), 0);
	ck_assert_str_eq(target, "somewhere");
	ck_assert_str_eq(view_list(&v, "/"), "fifo2 link2 null2");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}
END_TEST

static const struct {
	const char *from;
	const char *to;
	int r;
} refused[] = {
	{"/none", "/x", -ENOENT},
	{"/file", "/none/x", -ENOENT},
	{"/file", "/dir", -EISDIR},
	{"/top", "/file", -ENOTDIR},
	{"/top", "/top/sub", -EINVAL},
	{"/top/sub/x", "/top", -ENOTEMPTY},
	{"/dir", "/new", -EXDEV}, /* lower only */
	{"/both", "/new", -EXDEV},
	{"/file", "/mnt/x", -EXDEV},
	{"/file", "/mnt", -EBUSY},
	{"/", "/x", -EBUSY},
	{"/holds", "/new", -EXDEV},
	{"/own", "/new", -EBUSY},
	/* a mount is below */ {"/file", "/ro/x", -EXDEV},
	{"/ro/x", "/ro/y", -EROFS},
	{"/top", "/dir", -ENOTEMPTY},
};

START_TEST(what_can_not_be_moved_stays_and_nothing_is_copied_up)
{
	cleanup_free char *before = NULL;
	cleanup_free char *after = NULL;

	tree_file(&v.t, "l1/file", "");
	tree_file(&v.t, "l1/dir/x", "");
	tree_file(&v.t, "l1/both/x", "");
	tree_dir(&v.t, "u/both");
	tree_file(&v.t, "u/top/sub/x", "");
	tree_dir(&v.t, "l1/holds/mnt");
	tree_dir(&v.t, "l1/mnt");
	tree_file(&v.t, "b/x", "");
	view_mount(&v, "bind", "@/b", "/mnt", "");
	view_mount(&v, "bind", "@/b", "/holds/mnt", "");
	view_mount(&v, "bind", "@/b", "/ro", "ro");
	tree_dir(&v.t, "u/own/mnt");
	view_mount(&v, "bind", "@/b", "/own/mnt", "");
	view_open_overlay(&v);
	before = tree_manifest(&v.t, "u");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct err e = ERR_NONE;
		int r = vfs_rename(v.fs, refused[i].from, refused[i].to, &e);

		ck_assert_msg(r == refused[i].r, "'%s' to '%s': %d", refused[i].from, refused[i].to,
			      r);
		ck_assert(e.kind == (r == -ENOENT ? ERR_NOT_FOUND : ERR_PRECONDITION));
	}
	after = tree_manifest(&v.t, "u");
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(in_a_bind_it_is_a_plain_rename)
{
	tree_file(&v.t, "r/a/file", "text");
	tree_dir(&v.t, "r/b/empty");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
	move("/a", "/b/empty");
	ck_assert_str_eq(view_read(&v, "/b/empty/file"), "text");
	ck_assert_str_eq(view_list(&v, "/"), "b");
	ck_assert_int_eq(vfs_rename(v.fs, "/b", "/b", NULL), 0);
}
END_TEST

START_TEST(nothing_moves_into_a_mount_that_came_with_the_source)
{
	struct err e = ERR_NONE;

	tree_file(&v.t, "r/file", "");
	tree_dir(&v.t, "r/sub");
	oracle_tmpfs(&v, "r/sub");
	view_rootfs(&v, "bind", "@/r", "rbind");
	view_open(&v);
	ck_assert_int_eq(vfs_rename(v.fs, "/file", "/sub/file", &e), -EXDEV);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	v.fs = vfs_free(v.fs);
	oracle_unmount(&v, "r/sub");
}
END_TEST

/* Do readdir() and stat() agree about an entry of the tree's directory @rel? */
static bool has_one_inode_number(const char *rel, const char *name)
{
	cleanup_closedir DIR *d = opendir(tree_at(&v.t, rel));
	const struct dirent *entry;
	struct stat st;

	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, name) == 0) {
			ck_assert_int_eq(fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW), 0);
			return st.st_ino == entry->d_ino;
		}
	return false;
}

START_TEST(a_moved_file_has_one_inode_number)
{
	tree_file(&v.t, "l1/f", "x");
	tree_file(&v.t, "l1/g", "x");
	view_open_overlay(&v);
	oracle_mount(&v, VIEW_OVERLAY, "m");
	ck_assert_int_eq(chmod(tree_at(&v.t, "m/f"), 0600), 0);
	ck_assert_int_eq(chmod(tree_at(&v.t, "m/g"), 0600), 0);
	ck_assert_int_eq(mkdir(tree_at(&v.t, "m/ours"), 0755), 0);
	ck_assert_int_eq(mkdir(tree_at(&v.t, "m/theirs"), 0755), 0);
	ck_assert_int_eq(rename(tree_at(&v.t, "m/g"), tree_at(&v.t, "m/theirs/g")), 0);
	oracle_unmount(&v, "m");
	move("/f", "/ours/f");

	oracle_mount(&v, VIEW_OVERLAY, "m2");
	ck_assert(has_one_inode_number("m2/theirs", "g"));
	ck_assert(has_one_inode_number("m2/ours", "f"));
	oracle_unmount(&v, "m2");
}
END_TEST

static int kernel_rename(const char *from, const char *to)
{
	char a[LIMIT_PATH];
	char b[LIMIT_PATH];

	snprintf(a, sizeof(a), "%s%s", tree_at(&v.t, "km"), from);
	snprintf(b, sizeof(b), "%s%s", tree_at(&v.t, "km"), to);
	return rename(a, b) < 0 ? -errno : 0;
}

static bool parent_is_dir(const char *path)
{
	char parent[64];

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	return view_stat(&v, *parent ? parent : "/").type == VFS_DIR;
}

START_TEST(random_renames_do_what_the_kernel_does)
{
	for (unsigned long seed = 1; seed <= 150; seed++) {
		struct dice dice = {.state = seed};
		struct dice twin;

		layers_make(&dice, tree_at(&v.t, "l1"), /* file_whiteouts= */ false);
		layers_make(&dice, tree_at(&v.t, "l2"), /* file_whiteouts= */ false);
		twin = dice;
		layers_make(&dice, tree_at(&v.t, "u"), /* file_whiteouts= */ false);
		layers_make(&twin, tree_at(&v.t, "ku"), /* file_whiteouts= */ false);
		tree_dir(&v.t, "kw");
		view_open_overlay(&v);
		oracle_remove_stale_whiteouts(&v, "u");
		oracle_mount(&v, kernels_options, "km");
		for (int i = 0; i < 20; i++) {
			char from[64];
			char to[64];
			int ours;
			int theirs;

			roll_path(&dice, from, sizeof(from));
			roll_path(&dice, to, sizeof(to));
			if (!parent_is_dir(from) || !parent_is_dir(to)) /* no links in our paths */
				continue;
			ours = vfs_rename(v.fs, from, to, NULL);
			theirs = kernel_rename(from, to);
			ck_assert_msg(ours == theirs, "seed %lu: %s to %s: %d, the kernel's %d",
				      seed, from, to, ours, theirs);
		}
		oracle_compare(&v, tree_at(&v.t, "km"));
		oracle_unmount(&v, "km");
		oracle_compare_overlay(&v, VIEW_OVERLAY);
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/rename", setup, teardown, a_lower_file_moves_with_all_it_has_and_leaves_a_whiteout,
      whiteouts_are_traded_when_one_is_in_the_way,
      a_directory_of_the_top_does_not_merge_at_its_new_name,
      a_directory_replaces_an_empty_one_whatever_layers_that_has,
      a_crash_leaves_the_entry_at_its_new_name, special_files_and_links_move_too,
      what_can_not_be_moved_stays_and_nothing_is_copied_up, in_a_bind_it_is_a_plain_rename,
      nothing_moves_into_a_mount_that_came_with_the_source, a_moved_file_has_one_inode_number,
      random_renames_do_what_the_kernel_does)
