/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects and metacopy: layers that the kernel itself has written, and ones that none would. */
#include "vfs/overlay_attr.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/oracle.h"

static const char all_on[] = "redirect_dir=on,metacopy=on";
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

static void compare(const char *options)
{
	mount_specs_done(&v.rootfs);
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	oracle_compare_overlay(&v, options);
}

static void set(const char *rel, const char *name, const char *value)
{
	ck_assert_msg(lsetxattr(tree_at(&v.t, rel), name, value, strlen(value), 0) == 0,
		      "%s on %s: %m", name, rel);
}

static void redirect(const char *rel, const char *to)
{
	set(rel, "trusted.overlay.redirect", to);
}

/* A file that has metadata alone: its content is in a layer below. */
static void metacopy(const char *rel, const char *to, off_t size)
{
	tree_file(&v.t, rel, "");
	ck_assert_int_eq(truncate(tree_at(&v.t, rel), size), 0);
	set(rel, "trusted.overlay.metacopy", "");
	if (to)
		redirect(rel, to);
}

START_TEST(a_relative_redirect_is_another_name_in_the_same_directory)
{
	tree_file(&v.t, "l2/d/old/file", "text");
	tree_file(&v.t, "l2/d/old/sub/x", "");
	tree_file(&v.t, "l1/d/new/own", "");
	redirect("l1/d/new", "old");
	tree_whiteout(&v.t, "l1/d/old");
	compare("lowerdir=@/l1:@/l2");

	ck_assert_str_eq(view_list(&v, "/d"), "new");
	ck_assert_str_eq(view_list(&v, "/d/new"), "file own sub");
	ck_assert_str_eq(view_read(&v, "/d/new/file"), "text");
}
END_TEST

START_TEST(an_absolute_redirect_begins_at_the_root_of_all_lower_layers)
{
	tree_file(&v.t, "l3/a/b/c/deep", "deep");
	tree_file(&v.t, "l2/a/b/c/middle", "middle");
	tree_file(&v.t, "l1/x/here/own", "");
	redirect("l1/x/here", "/a/b/c");
	tree_dir(&v.t, "u/x");
	tree_dir(&v.t, "w");
	compare("lowerdir=@/l1:@/l2:@/l3,upperdir=@/u,workdir=@/w");

	ck_assert_str_eq(view_list(&v, "/x/here"), "deep middle own");
	ck_assert_str_eq(view_read(&v, "/x/here/deep"), "deep");
}
END_TEST

START_TEST(redirects_on_the_way_of_a_redirect_count)
{
	tree_file(&v.t, "l3/first/b/c/deep", "deep");
	tree_dir(&v.t, "l2/a/b/c");
	redirect("l2/a", "first");
	tree_dir(&v.t, "l1/x");
	redirect("l1/x", "/a/b/c");
	compare("lowerdir=@/l1:@/l2:@/l3");

	ck_assert_str_eq(view_list(&v, "/x"), "deep");
}
END_TEST

START_TEST(what_is_opaque_or_gone_on_the_way_of_a_redirect_ends_it)
{
	tree_file(&v.t, "l3/a/b/far", "");
	tree_file(&v.t, "l2/a/b/near", "");
	tree_opaque(&v.t, "l2/a");
	tree_dir(&v.t, "l1/x");
	redirect("l1/x", "/a/b");
	tree_file(&v.t, "l3/p/q/far", "");
	tree_whiteout(&v.t, "l2/p");
	tree_dir(&v.t, "l1/y");
	redirect("l1/y", "/p/q");
	compare("lowerdir=@/l1:@/l2:@/l3");

	ck_assert_str_eq(view_list(&v, "/x"), "near");
	ck_assert_str_eq(view_list(&v, "/y"), "");
}
END_TEST

START_TEST(the_content_of_a_metacopy_is_that_of_the_layer_that_has_it)
{
	struct vfs_stat st;

	tree_file(&v.t, "l3/d/file", "content");
	metacopy("l2/d/file", NULL, 7);
	metacopy("l1/d/moved", "/d/file", 7);
	ck_assert_int_eq(chmod(tree_at(&v.t, "l1/d/moved"), 0600), 0);
	compare("lowerdir=@/l1:@/l2:@/l3,redirect_dir=on,metacopy=on");

	st = view_stat(&v, "/d/moved");
	ck_assert_uint_eq(st.mode, 0600);
	ck_assert_int_eq(st.size, 7);
	ck_assert_str_eq(view_read(&v, "/d/moved"), "content");
	ck_assert_str_eq(view_read(&v, "/d/file"), "content");
}
END_TEST

static const struct {
	const char *options;
	const char *path;
	const char *word; /* of the message; NULL: it works */
} modes[] = {
	{"", "/d/x", NULL}, /* this kernel follows unless it is told not to */
	{"redirect_dir=off", "/d/x", NULL},
	{"redirect_dir=follow", "/d/x", NULL},
	{"redirect_dir=on", "/d/x", NULL},
	{"redirect_dir=nofollow", "/d/x", "redirect"},
	{"redirect_dir=nofollow", "/d", "redirect"},
	{"metacopy=on", "/f", NULL},
	{"metacopy=on,redirect_dir=on", "/f", NULL},
	{"metacopy=off", "/f", "metacopy"},
	{"", "/f", "metacopy"},
};

/* What the kernel's mount with the same options says to stat(). */
static int kernel_stat(const char *options, const char *path)
{
	char host[LIMIT_PATH];
	struct stat st;
	int r;

	oracle_mount(&v, options, "m");
	snprintf(host, sizeof(host), "%s%s", tree_at(&v.t, "m"), path);
	r = lstat(host, &st) < 0 ? -errno : 0;
	oracle_unmount(&v, "m");
	ck_assert_int_eq(rmdir(tree_at(&v.t, "m")), 0);
	return r;
}

START_TEST(the_options_decide_as_in_the_kernel)
{
	tree_file(&v.t, "l2/old/x", "");
	tree_file(&v.t, "l2/f", "f");
	tree_dir(&v.t, "l1/d");
	redirect("l1/d", "old");
	metacopy("l1/f", NULL, 1);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char options[128];
		struct err e = ERR_NONE;
		struct vfs_stat st;
		int r;

		snprintf(options, sizeof(options), "lowerdir=@/l1:@/l2%s%s",
			 *modes[i].options ? "," : "", modes[i].options);
		mount_specs_done(&v.rootfs);
		view_rootfs(&v, "overlay", "", options);
		view_open(&v);
		r = vfs_lstat(v.fs, modes[i].path, &st, &e);
		ck_assert_msg(r == kernel_stat(options, modes[i].path), "%s with %s: %d",
			      modes[i].path, options, r);
		ck_assert_int_eq(r, modes[i].word ? -EPERM : 0);
		ck_assert(!modes[i].word || strstr(e.msg, modes[i].word));
		ck_assert(!modes[i].word || e.kind == ERR_UNSUPPORTED);
	}
}
END_TEST

static const struct {
	const char *options;
	const char *path;
} to_nothing[] = {
	{"lowerdir=@/l1:@/l2,redirect_dir=nofollow", "/lower"},
	{"lowerdir=@/l2,upperdir=@/u,workdir=@/w,redirect_dir=nofollow", "/upper"},
	{"lowerdir=@/l2,upperdir=@/u,workdir=@/w,userxattr", "/user"},
	{"lowerdir=@/l1:@/l2,metacopy=off", "/file-in-lower"},
	{"lowerdir=@/l2,upperdir=@/u,workdir=@/w,metacopy=off", "/file-in-upper"},
	{"lowerdir=@/l1:@/l2,metacopy=off", "/file-in-lowest"},
	{"lowerdir=@/l1:@/l2,metacopy=on", "/file-in-lowest"},
};

START_TEST(what_leads_to_nothing_fails_only_where_it_does_in_the_kernel)
{
	tree_file(&v.t, "l2/old/x", "");
	tree_dir(&v.t, "l1/lower");
	redirect("l1/lower", "gone");
	tree_dir(&v.t, "u/upper");
	redirect("u/upper", "gone");
	tree_dir(&v.t, "u/user");
	set("u/user", "user.overlay.redirect", "gone");
	metacopy("l1/file-in-lower", NULL, 0);
	metacopy("u/file-in-upper", NULL, 0);
	metacopy("l2/file-in-lowest", NULL, 0);
	tree_dir(&v.t, "w");
	for (size_t i = 0; i < ARRAY_SIZE(to_nothing); i++) {
		int theirs = kernel_stat(to_nothing[i].options, to_nothing[i].path);
		struct err e = ERR_NONE;
		struct vfs_stat st;
		int ours;

		mount_specs_done(&v.rootfs);
		view_rootfs(&v, "overlay", "", to_nothing[i].options);
		view_open(&v);
		ours = vfs_lstat(v.fs, to_nothing[i].path, &st, &e);
		ck_assert_msg(ours == theirs, "%s with %s: %d (%s), the kernel's %d",
			      to_nothing[i].path, to_nothing[i].options, ours, e.msg, theirs);
	}
}
END_TEST

static const char *const conflicts[] = {
	"metacopy=on,redirect_dir=off",    "metacopy=on,redirect_dir=nofollow",
	"metacopy=on,redirect_dir=follow", "userxattr,redirect_dir=follow",
	"userxattr,redirect_dir=on",       "userxattr,metacopy=on",
};

START_TEST(options_that_exclude_each_other_are_refused_as_in_the_kernel)
{
	for (const char *rel = "l1\0l2\0u\0w\0m\0"; *rel; rel += strlen(rel) + 1)
		tree_dir(&v.t, rel);
	for (size_t i = 0; i < ARRAY_SIZE(conflicts); i++) {
		cleanup_free char *words = NULL;
		struct err e = ERR_NONE;
		char options[160];

		snprintf(options, sizeof(options), "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,%s",
			 conflicts[i]);
		words = view_expand(&v, options);
		ck_assert_int_eq(mount("o", tree_at(&v.t, "m"), "overlay", 0, words), -1);
		ck_assert_int_eq(errno, EINVAL);
		mount_specs_done(&v.rootfs);
		view_rootfs(&v, "overlay", "", options);
		ck_assert_int_eq(view_try(&v, &e), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
	}
}
END_TEST

static const struct {
	const char *value;
	int r;
} broken[] = {
	{"", -EINVAL},    {"a/b", -EINVAL}, {"/", -EINVAL},       {"//a", -EINVAL},
	{"/a/", -EINVAL}, {"..", -EINVAL},  {"/a/../b", -EINVAL}, {"/../../etc", -EINVAL},
};

START_TEST(a_redirect_that_no_kernel_writes_leads_nowhere)
{
	tree_file(&v.t, "l2/a/b/x", "");
	tree_dir(&v.t, "l1/d");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1:@/l2");
	view_open(&v);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct err e = ERR_NONE;
		struct vfs_stat st;

		redirect("l1/d", broken[i].value);
		ck_assert_int_lt(kernel_stat("lowerdir=@/l1:@/l2", "/d"), 0);
		ck_assert_msg(vfs_lstat(v.fs, "/d", &st, &e) == broken[i].r, "'%s'",
			      broken[i].value);
		ck_assert_int_eq(e.kind, ERR_INVALID);
		ck_assert_int_eq(vfs_lstat(v.fs, "/d/x", &st, NULL), broken[i].r);
	}
}
END_TEST

START_TEST(a_metacopy_without_content_is_an_error)
{
	struct err e = ERR_NONE;
	struct vfs_stat st;
	char options[128];

	tree_dir(&v.t, "l2/dir");
	tree_link(&v.t, "l2/link", "target");
	tree_file(&v.t, "l2/target", "");
	metacopy("l1/none", NULL, 1);
	metacopy("l1/dir", NULL, 1);
	metacopy("l1/link", NULL, 1);
	metacopy("l1/odd", NULL, 1);
	tree_file(&v.t, "l2/odd", "x");
	set("l1/odd", "trusted.overlay.metacopy", "zzz");
	snprintf(options, sizeof(options), "lowerdir=@/l1:@/l2,%s", all_on);
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	for (const char *path = "/none\0/dir\0/link\0/odd\0"; *path; path += strlen(path) + 1) {
		ck_assert_int_eq(kernel_stat(options, path), -EIO);
		ck_assert_msg(vfs_lstat(v.fs, path, &st, &e) == -EIO, "%s", path);
		ck_assert_int_eq(vfs_open(v.fs, path, NULL), -EIO);
	}
	ck_assert_ptr_nonnull(strstr(e.msg, "metacopy"));
}
END_TEST

START_TEST(a_metacopy_gets_its_content_when_it_is_written)
{
	struct vfs_meta m = {.fields = VFS_META_MODE, .mode = 0640};
	char options[128];
	struct stat st;

	tree_file(&v.t, "l2/a", "content of a");
	tree_file(&v.t, "l2/b", "content of b");
	metacopy("l1/a", NULL, 12);
	metacopy("u/b", NULL, 12);
	ck_assert_int_eq(chown(tree_at(&v.t, "l1/a"), 7, 8), 0);
	tree_dir(&v.t, "w");
	snprintf(options, sizeof(options), "lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,%s",
		 all_on);
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);

	ck_assert_int_eq(vfs_set_meta(v.fs, "/a", &m, NULL), 0);
	ck_assert_int_eq(stat(tree_at(&v.t, "u/a"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 7);
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "u/a"), "trusted.overlay.metacopy", NULL, 0), -1);
	ck_assert_int_eq(vfs_append(v.fs, "/b", " and more", 9, NULL), 0);
	ck_assert_int_eq(lgetxattr(tree_at(&v.t, "u/b"), "trusted.overlay.metacopy", NULL, 0), -1);
	ck_assert_str_eq(view_read(&v, "/a"), "content of a");
	ck_assert_str_eq(view_read(&v, "/b"), "content of b and more");
	compare(options);
}
END_TEST

START_TEST(a_redirected_directory_is_removed_and_dropped_like_any_other)
{
	static const char options[] = "lowerdir=@/l1,upperdir=@/u,workdir=@/w,redirect_dir=on";

	tree_file(&v.t, "l1/old/file", "");
	tree_file(&v.t, "l1/hidden/file", "");
	tree_dir(&v.t, "u/new");
	redirect("u/new", "old");
	tree_whiteout(&v.t, "u/old");
	tree_dir(&v.t, "u/hidden");
	redirect("u/hidden", "/old");
	tree_dir(&v.t, "w");
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	ck_assert_int_eq(vfs_remove(v.fs, "/new", NULL), -ENOTEMPTY);
	ck_assert_int_eq(vfs_remove(v.fs, "/new/file", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/new", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/hidden/file", NULL), 0);
	ck_assert_int_eq(vfs_remove(v.fs, "/hidden", NULL), 0);
	compare(options);
	ck_assert_str_eq(view_list(&v, "/"), "");
	ck_assert_int_eq(access(tree_at(&v.t, "u/new"), F_OK), -1);

	ck_assert_int_eq(vfs_drop(v.fs, "/hidden", NULL), 0);
	ck_assert_int_eq(vfs_drop(v.fs, "/old", NULL), 0);
	compare(options);
	ck_assert_str_eq(view_list(&v, "/hidden"), "file");
}
END_TEST

/* Let the kernel move and change things at random in an overlay that may note it down. */
static void shuffle(struct dice *dice, const char *host)
{
	for (int i = 0; i < 20; i++) {
		char a[LIMIT_PATH];
		char b[LIMIT_PATH];
		char path[64];

		roll_path(dice, path, sizeof(path));
		snprintf(a, sizeof(a), "%s%s", host, path);
		roll_path(dice, path, sizeof(path));
		snprintf(b, sizeof(b), "%s%s", host, path);
		if (roll(dice, 4) == 0)
			(void)!chmod(a, 0400 | roll(dice, 0400));
		else if (roll(dice, 8) == 0)
			(void)!remove(a);
		else if (roll(dice, 8) == 0)
			(void)!mkdir(a, 0755);
		else
			(void)!rename(a, b);
	}
}

/* The overlay's upper at @rel, over the lowers in @options. */
static void add_layer(struct dice *dice, const char *lowers, unsigned i)
{
	char options[512];
	char work[16];

	snprintf(work, sizeof(work), "w%u", i);
	tree_dir(&v.t, work);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=@/u%u,workdir=@/%s,%s", lowers, i,
		 work, all_on);
	oracle_mount(&v, options, "k");
	shuffle(dice, tree_at(&v.t, "k"));
	oracle_unmount(&v, "k");
	ck_assert_int_eq(rmdir(tree_at(&v.t, "k")), 0);
}

static const char *const stacks[] = {
	"@/l1:@/l2",
	"@/u1:@/l1:@/l2",
	"@/u2:@/u1:@/l1:@/l2",
	"@/u3:@/u2:@/u1:@/l1:@/l2",
};

START_TEST(layers_that_the_kernel_has_shuffled_look_as_it_shows_them)
{
	for (unsigned long seed = 1; seed <= 60; seed++) {
		struct dice dice = {.state = seed};
		char options[256];

		layers_make(&dice, tree_at(&v.t, "l1"), /* file_whiteouts= */ false);
		layers_make(&dice, tree_at(&v.t, "l2"), /* file_whiteouts= */ false);
		for (unsigned i = 1; i < ARRAY_SIZE(stacks); i++) {
			snprintf(options, sizeof(options), "u%u", i);
			tree_dir(&v.t, options);
			add_layer(&dice, stacks[i - 1], i);
			snprintf(options, sizeof(options),
				 "lowerdir=%s,upperdir=@/u%u,workdir=@/w%u,%s", stacks[i - 1], i, i,
				 all_on);
			compare(options);
			snprintf(options, sizeof(options), "lowerdir=%s,%s", stacks[i], all_on);
			compare(options);
		}
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/overlay_attr", setup, teardown,
      a_relative_redirect_is_another_name_in_the_same_directory,
      an_absolute_redirect_begins_at_the_root_of_all_lower_layers,
      redirects_on_the_way_of_a_redirect_count,
      what_is_opaque_or_gone_on_the_way_of_a_redirect_ends_it,
      the_content_of_a_metacopy_is_that_of_the_layer_that_has_it,
      the_options_decide_as_in_the_kernel,
      what_leads_to_nothing_fails_only_where_it_does_in_the_kernel,
      options_that_exclude_each_other_are_refused_as_in_the_kernel,
      a_redirect_that_no_kernel_writes_leads_nowhere, a_metacopy_without_content_is_an_error,
      a_metacopy_gets_its_content_when_it_is_written,
      a_redirected_directory_is_removed_and_dropped_like_any_other,
      layers_that_the_kernel_has_shuffled_look_as_it_shows_them)
