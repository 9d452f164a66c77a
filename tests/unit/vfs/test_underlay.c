/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/underlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "tests/unit/vfs/nosys.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	for (const char *const *p = (const char *const[]){"l1", "l2", "u", "w", "under", "m", NULL};
	     *p; p++)
		tree_dir(&v.t, *p);
}

static void teardown(void)
{
	v.fs = vfs_free(v.fs);
	tree_wipe(&v.t);
	view_done(&v);
}

/* ---- may there be one? ------------------------------------------------------------------- */

static const struct {
	const char *options;
	bool may;
} overlays[] = {
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w", true},
	{"lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,xino=off,redirect_dir=off", true},
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w,ro", false},
	{"lowerdir=@/l1:@/l2", false},
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w,userxattr", false},
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w,metacopy=on", false},
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w,index=on", false},
	{"lowerdir=@/l1,upperdir=@/u,workdir=@/w,redirect_dir=on", false},
	{"lowerdir=@/l1:@/m,upperdir=@/u,workdir=@/w", false}, /* another file system */
};

static bool may(const char *rel)
{
	struct vfs_location at;
	struct err e = ERR_NONE;

	ck_ok(vfs_locate(tree_at(&v.t, rel), &at, &e), e);
	return vfs_may_underlay(v.fs, &at);
}

START_TEST(an_overlay_that_could_tell_has_none)
{
	ck_assert_int_eq(mount("tmpfs", tree_at(&v.t, "m"), "tmpfs", 0, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(overlays); i++) {
		view_rootfs(&v, "overlay", "", overlays[i].options);
		view_open(&v);
		ck_assert_msg(may("under") == overlays[i].may, "%s", overlays[i].options);
		ck_assert(!may("m"));
		v.fs = vfs_free(v.fs);
		mount_specs_done(&v.rootfs);
	}
	ck_assert_int_eq(umount2(tree_at(&v.t, "m"), MNT_DETACH), 0);
}
END_TEST

START_TEST(what_lies_in_a_layer_is_none)
{
	tree_dir(&v.t, "l1/deep/er");
	view_rootfs(&v, "overlay", "", "lowerdir=@/l1,upperdir=@/u,workdir=@/w");
	view_open(&v);
	ck_assert(!may("l1/deep/er"));
	ck_assert(!may("l1"));
	ck_assert(may("l2"));
}
END_TEST

START_TEST(a_directory_has_none)
{
	view_rootfs(&v, "bind", "@/l1", "rbind");
	view_open(&v);
	ck_assert(!may("under"));
}
END_TEST

/* ---- what is the process's own ----------------------------------------------------------- */

/* Without openat2 it can't be told. */
static enum vfs_own told(enum vfs_own own)
{
	return nosys_has_openat2() ? own : VFS_OWN_MORE;
}

static const struct {
	const char *script;  /* in the container */
	enum vfs_own wanted; /* of "d" */
} own[] = {
	{":", VFS_OWN_NOTHING},
	{"cat d/of-image > /dev/null; ls -l d > /dev/null", VFS_OWN_NOTHING},
	{"echo x > e/own", VFS_OWN_NOTHING},
	{"echo x > d/own", VFS_OWN_MORE}, /* copied up from the underlay */
	{"chmod 700 d", VFS_OWN_MORE},
	{"rm -r d", VFS_OWN_MORE},
	{"rm -r d; mkdir d", VFS_OWN_MORE},
	{"rm -r d; echo x > d", VFS_OWN_MORE},
	{"rm -r d; ln -s e d", VFS_OWN_MORE},
};

START_TEST(what_the_process_has_of_its_own_is_told)
{
	tree_file(&v.t, "l1/d/of-image", "x");
	tree_file(&v.t, "l1/e/of-image", "x");
	tree_file(&v.t, "under/d/ours", "x");
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		cleanup_close int under = -EBADF;
		cleanup_close int upper = -EBADF;
		char command[LIMIT_PATH];

		oracle_mount(&v, "lowerdir=@/under:@/l1,upperdir=@/u,workdir=@/w", "c");
		snprintf(command, sizeof(command), "set -e; cd %s; %s", tree_at(&v.t, "c"),
			 own[i].script);
		ck_assert_int_eq(system(command), 0);
		oracle_unmount(&v, "c");
		under = open(tree_at(&v.t, "under"), O_PATH | O_CLOEXEC);
		upper = open(tree_at(&v.t, "u"), O_RDONLY | O_CLOEXEC);
		ck_assert_msg(vfs_underlay_look(upper, under, "d") == told(own[i].wanted), "%s",
			      own[i].script);
		snprintf(command, sizeof(command), "cd %s; rm -r u w c; mkdir u w", v.t.path);
		ck_assert_int_eq(system(command), 0);
	}
}
END_TEST

START_TEST(a_directory_that_was_there_before_is_one_on_the_way)
{
	cleanup_close int under = open(tree_at(&v.t, "under"), O_PATH | O_CLOEXEC);
	cleanup_close int upper = open(tree_at(&v.t, "u"), O_RDONLY | O_CLOEXEC);

	tree_file(&v.t, "u/d/sub/own", "x");
	ck_assert_int_eq(vfs_underlay_look(upper, under, "d"), told(VFS_OWN_DIRECTORY));
	ck_assert_int_eq(vfs_underlay_look(upper, under, "d/sub"), told(VFS_OWN_DIRECTORY));
	ck_assert_int_eq(vfs_underlay_look(upper, under, "d/sub/own"), told(VFS_OWN_MORE));
	ck_assert_int_eq(vfs_underlay_look(upper, under, "d/sub/missing"), told(VFS_OWN_NOTHING));
	ck_assert_int_eq(vfs_underlay_look(upper, under, "../u/d"), told(VFS_OWN_MORE));
	tree_opaque(&v.t, "u/d");
	ck_assert_int_eq(vfs_underlay_look(upper, under, "d"), told(VFS_OWN_MORE));
}
END_TEST

SUITE("vfs/underlay", setup, teardown, an_overlay_that_could_tell_has_none,
      what_lies_in_a_layer_is_none, a_directory_has_none, what_the_process_has_of_its_own_is_told,
      a_directory_that_was_there_before_is_one_on_the_way)
