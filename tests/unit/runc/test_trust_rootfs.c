/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/trust_rootfs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;
static struct container_spec spec;
static struct trust_rootfs rootfs;

static void setup(void)
{
	struct err e = ERR_NONE;

	oracle_isolate();
	view_init(&v);
	container_spec_init(&spec);
	rootfs = (struct trust_rootfs){.mounted = NULL};
	tree_file(&v.t, "l/etc/d/a", "low");
	tree_dir(&v.t, "u");
	tree_dir(&v.t, "w");
	ck_ok(mount_specs_add(&spec.rootfs, "bind", tree_at(&v.t, "m"), "/", "bind", &e), e);
}

static void teardown(void)
{
	trust_rootfs_done(&rootfs);
	container_spec_done(&spec);
	view_done(&v);
}

static void mount_overlay(void)
{
	oracle_mount(&v, "lowerdir=@/l,upperdir=@/u,workdir=@/w", "m");
}

static void read_rootfs(void)
{
	struct err e = ERR_NONE;

	ck_ok(trust_rootfs_read(&spec, &rootfs, &e), e);
	ck_assert_uint_eq(rootfs.specs.n, 1);
}

/* The view of what was read takes over. */
static void open_view(void)
{
	struct err e = ERR_NONE;

	mount_specs_done(&v.rootfs);
	v.rootfs = (struct mount_specs){.n = 0};
	ck_ok(mount_specs_extend(&v.rootfs, &rootfs.specs, &e), e);
	view_open(&v);
}

static bool is_writable(const char *path)
{
	struct vfs_stat st;
	struct err e = ERR_NONE;

	ck_ok(vfs_lstat(v.fs, path, &st, &e), e);
	return st.writable;
}

START_TEST(a_directory_is_what_it_is)
{
	tree_dir(&v.t, "m");
	read_rootfs();
	ck_assert_ptr_null(rootfs.mounted);
	ck_assert_str_eq(rootfs.specs.v[0].type, "bind");
	open_view();
	ck_assert(is_writable("/"));
}
END_TEST

START_TEST(a_mounted_overlay_is_taken_apart)
{
	mount_overlay();
	read_rootfs();
	ck_assert_str_eq(rootfs.mounted, tree_at(&v.t, "m"));
	ck_assert_str_eq(rootfs.specs.v[0].type, "overlay");
	open_view();
	ck_assert(is_writable("/etc/d/a"));
	oracle_unmount(&v, "m");
}
END_TEST

START_TEST(a_rootfs_that_is_to_be_read_only_is_not_written)
{
	mount_overlay();
	spec.readonly_rootfs = true;
	read_rootfs();
	open_view();
	ck_assert(!is_writable("/etc/d/a"));
	oracle_unmount(&v, "m");
}
END_TEST

START_TEST(an_overlay_whose_layers_are_not_told_is_only_read)
{
	tree_dir(&v.t, "m");
	ck_assert_int_eq(chdir(tree_at(&v.t, ".")), 0);
	ck_assert_int_eq(mount("overlay", tree_at(&v.t, "m"), "overlay", 0,
			       "lowerdir=l,upperdir=u,workdir=w"),
			 0);
	ck_assert_int_eq(chdir("/"), 0);
	read_rootfs();
	ck_assert_ptr_null(rootfs.mounted);
	ck_assert_str_eq(rootfs.specs.v[0].type, "bind");
	open_view();
	ck_assert(!is_writable("/etc/d/a"));
	oracle_unmount(&v, "m");
}
END_TEST

/* The view is open: put a file into the layers, and have the mount show it. */
static int install(const char *path, struct err *e)
{
	cleanup_changes struct changes changes = {.max = 4};

	ck_ok(changes_add_file(&changes, ROLE_STORE, path, "new", 3, NULL, e), *e);
	ck_ok(changes_apply(&changes, v.fs, e), *e);
	return trust_rootfs_refresh(&rootfs, &changes, e);
}

static bool mount_shows(const char *path)
{
	struct stat st;

	return stat(tree_at(&v.t, path), &st) == 0;
}

START_TEST(the_mount_shows_what_came_into_its_layers_until_it_goes)
{
	struct err e = ERR_NONE;

	mount_overlay();
	read_rootfs();
	open_view();
	ck_assert(mount_shows("m/etc/d/a") && !mount_shows("m/etc/d/b")); /* the kernel knows now */
	ck_ok(install("/etc/d/b", &e), e);
	ck_assert(mount_shows("m/etc/d/b"));
	ck_assert_int_eq(unlink(tree_at(&v.t, "u/etc/d/b")), 0);
	ck_ok(trust_rootfs_forget(rootfs.mounted, &e), e);
	ck_assert(!mount_shows("m/etc/d/b") && mount_shows("m/etc/d/a"));
	oracle_unmount(&v, "m");
}
END_TEST

/* A process that is in the directory of the mount, which is in its lower only. */
static pid_t sit_in(const char *path)
{
	int ends[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (chdir(tree_at(&v.t, path)) < 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

START_TEST(a_directory_that_somebody_is_in_is_told)
{
	struct err e = ERR_NONE;
	pid_t pid;

	mount_overlay();
	pid = sit_in("m/etc/d");
	read_rootfs();
	open_view();
	ck_assert_int_eq(install("/etc/d/b", &e), -ESTALE);
	ck_assert_ptr_nonnull(strstr(e.msg, "is in use, and doesn't show '/etc/d/b'"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	oracle_unmount(&v, "m");
}
END_TEST

START_TEST(what_is_not_mounted_any_more_has_nothing_to_forget)
{
	struct err e = ERR_NONE;

	tree_dir(&v.t, "m");
	ck_ok(trust_rootfs_forget(NULL, &e), e);
	ck_ok(trust_rootfs_forget("", &e), e);
	ck_ok(trust_rootfs_forget(tree_at(&v.t, "m"), &e), e);
	ck_ok(trust_rootfs_forget(tree_at(&v.t, "none"), &e), e);
	ck_assert_str_eq(e.msg, "");
}
END_TEST

SUITE("runc/trust_rootfs", setup, teardown, a_directory_is_what_it_is,
      a_mounted_overlay_is_taken_apart, a_rootfs_that_is_to_be_read_only_is_not_written,
      an_overlay_whose_layers_are_not_told_is_only_read,
      the_mount_shows_what_came_into_its_layers_until_it_goes,
      a_directory_that_somebody_is_in_is_told, what_is_not_mounted_any_more_has_nothing_to_forget)
