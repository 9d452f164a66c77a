/* SPDX-License-Identifier: Apache-2.0 */
/* What the container sees of files: rootfs, mounts, /dev, masked and read-only paths. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "runtime/plan_build.h"
#include "tests/unit/runtime/box.h"

static struct box box;

/* In a mount namespace of its own, so that a test's mounts can't stay. */
static void setup(void)
{
	suite_need_root();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	box_init(&box);
}

/* What containers wrote is part of the test: everything goes. */
static void teardown(void)
{
	tree_wipe(&box.tree);
	ck_assert_int_eq(mkdir(box.tree.path, 0755), 0);
	box_done(&box);
}

static void add_mount(const char *type, const char *source, const char *destination,
		      const char *options)
{
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&box.spec.mounts, type, source, destination, options, &e), e);
}

static void set_rootfs(const char *type, const char *source, const char *options)
{
	struct err e = ERR_NONE;

	mount_specs_done(&box.spec.rootfs);
	ck_ok(mount_specs_add(&box.spec.rootfs, type, source, "/", options, &e), e);
}

/* An overlay of the box's root with an upper of its own. */
static void set_overlay(const char *more)
{
	char options[LIMIT_PATH];

	tree_dir(&box.tree, "upper");
	tree_dir(&box.tree, "work");
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s%s",
		 tree_at(&box.tree, "root"), tree_at(&box.tree, "upper"),
		 tree_at(&box.tree, "work"), more);
	set_rootfs("overlay", "overlay", options);
}

static void assert_file(const char *rel, const char *text)
{
	struct buf got = BUF(65536);
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(AT_FDCWD, tree_at(&box.tree, rel), &got, &e), e);
	ck_assert_str_eq(got.data, text);
	buf_done(&got);
}

START_TEST(dev_holds_what_docker_puts_there)
{
	ck_assert_str_eq(
		box_says(&box, "list", "/dev", NULL),
		"core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom "
		"zero ");
	ck_assert_str_eq(box_says(&box, "stat", "/dev", "/dev/null", "/dev/zero", "/dev/full",
				  "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts/ptmx",
				  "/dev/shm", "/dev/ptmx", "/dev/fd", NULL),
			 "/dev 40755 0:0 \n"
			 "/dev/null 20666 1:3 \n"
			 "/dev/zero 20666 1:5 \n"
			 "/dev/full 20666 1:7 \n"
			 "/dev/random 20666 1:8 \n"
			 "/dev/urandom 20666 1:9 \n"
			 "/dev/tty 20666 5:0 \n"
			 "/dev/pts/ptmx 20666 5:2 \n"
			 "/dev/shm 41777 0:0 \n"
			 "/dev/ptmx 120777 0:0 pts/ptmx\n"
			 "/dev/fd 120777 0:0 /proc/self/fd\n");
}
END_TEST

/* Each line of mountinfo as "point options type", to compare at a glance. */
static void assert_mounted(const char *mountinfo, const char *wanted)
{
	char *copy = strdup(mountinfo), *save = NULL;
	bool found = false;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char point[256], options[256], type[64], got[1024];
		const char *dash = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %*s %255s %255s", point, options) != 2 ||
		    sscanf(dash, " - %63s", type) != 1)
			continue;
		snprintf(got, sizeof(got), "%s %s %s", point, options, type);
		found |= strcmp(got, wanted) == 0;
	}
	free(copy);
	ck_assert_msg(found, "no '%s' in\n%s", wanted, mountinfo);
}

START_TEST(default_mounts_have_their_attributes)
{
	static const char *const wanted[] = {
		"/proc rw,nosuid,nodev,noexec,relatime proc",
		"/dev rw,nosuid tmpfs",
		"/dev/pts rw,nosuid,noexec,relatime devpts",
		"/dev/shm rw,nosuid,nodev,noexec,relatime tmpfs",
		"/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue",
		"/sys ro,nosuid,nodev,noexec,relatime sysfs",
		"/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime cgroup2",
		"/proc/sys ro,nosuid,nodev,noexec,relatime proc",
	};
	const char *mountinfo = box_says(&box, "cat", "/proc/self/mountinfo", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_mounted(mountinfo, wanted[i]);
	ck_assert_ptr_null(strstr(mountinfo, "/sys/fs/cgroup/unified")); /* nothing of the host */
}
END_TEST

START_TEST(masked_files_are_the_null_device_and_masked_directories_are_empty)
{
	ck_assert_str_eq(box_says(&box, "stat", "/proc/keys", "/proc/timer_list", NULL),
			 "/proc/keys 20666 1:3 \n"
			 "/proc/timer_list 20666 1:3 \n");
	ck_assert_str_eq(box_says(&box, "list", "/sys/firmware", NULL), "");
	ck_assert_str_eq(box_says(&box, "write", "/sys/firmware/x", NULL),
			 "/sys/firmware/x EROFS\n");
}
END_TEST

START_TEST(kernel_settings_are_read_only)
{
	ck_assert_str_eq(box_says(&box, "write", "/proc/sys/kernel/printk",
				  "/proc/irq/default_smp_affinity", NULL),
			 "/proc/sys/kernel/printk EROFS\n"
			 "/proc/irq/default_smp_affinity EROFS\n");
}
END_TEST

START_TEST(a_rootfs_that_is_bound_takes_writes)
{
	ck_assert_str_eq(box_says(&box, "write", "/made", NULL), "/made ok\n");
	assert_file("root/made", "x");
}
END_TEST

START_TEST(a_read_only_rootfs_takes_none_but_its_mounts_do)
{
	box.spec.readonly_rootfs = true;
	ck_assert_str_eq(box_says(&box, "write", "/made", "/dev/shm/made", NULL),
			 "/made EROFS\n"
			 "/dev/shm/made ok\n");
}
END_TEST

START_TEST(an_overlay_takes_writes_into_its_upper)
{
	set_overlay("");
	ck_assert_str_eq(box_says(&box, "write", "/made", NULL), "/made ok\n");
	assert_file("upper/made", "x");
	ck_assert_int_eq(access(tree_at(&box.tree, "root/made"), F_OK), -1);
}
END_TEST

START_TEST(a_volatile_overlay_is_mounted_so)
{
	const char *mountinfo;

	set_overlay(",volatile");
	mountinfo = box_says(&box, "cat", "/proc/self/mountinfo", NULL);
	ck_assert_msg(strstr(mountinfo, "volatile") != NULL, "%s", mountinfo);
}
END_TEST

START_TEST(layers_are_searched_from_the_top_and_may_have_any_name)
{
	char option[LIMIT_PATH];
	struct err e = ERR_NONE;

	tree_file(&box.tree, "a,b:c\\d/which", "top");
	tree_file(&box.tree, "second/which", "second");
	tree_file(&box.tree, "second/only", "second");
	snprintf(option, sizeof(option), "lowerdir=%s/a\\,b\\:c\\\\d:%s:%s", box.tree.path,
		 tree_at(&box.tree, "second"), tree_at(&box.tree, "root"));
	set_rootfs("overlay", "overlay", "");
	ck_ok(strv_add(&box.spec.rootfs.v[0].options, option, &e), e);
	ck_assert_str_eq(box_says(&box, "cat", "/which", "/only", NULL), "topsecond");
	ck_assert_str_eq(box_says(&box, "write", "/made", NULL), "/made EROFS\n");
}
END_TEST

/* A kernel before 6.7 refuses "lowerdir+"; here another key makes this one refuse. */
START_TEST(kernels_that_take_layers_in_one_string_get_one)
{
	struct runtime_plan *plan = NULL;
	struct runtime_process process;
	struct err e = ERR_NONE;

	set_overlay("");
	box_command(&box, "write", "/made", NULL);
	ck_ok(runtime_plan_new(&box.spec, tree_at(&box.tree, "staging"), &plan, &e), e);
	for (size_t i = 0; i < plan->orders.n_params; i++)
		if (plan->orders.params[i].kind == PARAM_LOWER)
			plan->orders.params[i].key = "lowerdir-";
	memcpy(box.how.stdio, box.stdio, sizeof(box.stdio));
	ck_ok(runtime_launch(plan, &box.how, &process, &e), e);
	ck_ok(runtime_reap(&process, &box.exit, &e), e);
	assert_file("upper/made", "x");
	close(process.pidfd);
	runtime_plan_free(plan);
}
END_TEST

START_TEST(five_hundred_layers_can_be_mounted)
{
	struct buf options = BUF(65536);
	struct err e = ERR_NONE;

	tree_file(&box.tree, "layers/499/deep", "deep");
	ck_ok(buf_addf(&options, &e, "lowerdir=%s", tree_at(&box.tree, "root")), e);
	for (int i = 1; i < LIMIT_LAYERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "layers/%d", i);
		if (i < 499)
			tree_dir(&box.tree, name);
		ck_ok(buf_addf(&options, &e, ":%s", tree_at(&box.tree, name)), e);
	}
	set_rootfs("overlay", "overlay", options.data);
	buf_done(&options);
	ck_assert_str_eq(box_says(&box, "cat", "/deep", NULL), "deep");
}
END_TEST

START_TEST(a_missing_layer_is_named)
{
	struct err e = ERR_NONE;

	set_rootfs("overlay", "overlay", "lowerdir=/none/a:/none/b");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
	ck_assert_str_eq(e.msg, "starting the container: file system '/none/a': "
				"No such file or directory");
}
END_TEST

START_TEST(the_kernel_says_why_it_refuses_a_file_system)
{
	struct err e = ERR_NONE;

	add_mount("tmpfs", "tmpfs", "/dev/shm", "size=many");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -EINVAL);
	ck_assert_msg(strstr(e.msg, "file system 'tmpfs': tmpfs: Bad value for 'size'") != NULL,
		      "%s", e.msg);
}
END_TEST

START_TEST(a_mount_may_be_bound_read_only)
{
	tree_file(&box.tree, "data/file", "text");
	tree_dir(&box.tree, "root/data");
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "bind,ro");
	ck_assert_str_eq(box_says(&box, "cat", "/data/file", NULL), "text");
	ck_assert_str_eq(box_says(&box, "write", "/data/file", NULL), "/data/file EROFS\n");
}
END_TEST

START_TEST(a_single_file_may_be_bound)
{
	tree_file(&box.tree, "file", "text");
	tree_file(&box.tree, "root/etc/file", "other");
	add_mount("bind", tree_at(&box.tree, "file"), "/etc/file", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/etc/file", NULL), "text");
}
END_TEST

START_TEST(a_part_of_a_source_is_found_inside_it)
{
	struct err e = ERR_NONE;

	tree_file(&box.tree, "data/part/file", "text");
	tree_dir(&box.tree, "data/below");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "data/below"), "tmpfs", 0, NULL), 0);
	tree_file(&box.tree, "data/below/mounted", "");
	tree_link(&box.tree, "data/link", "/part");
	tree_link(&box.tree, "data/out", "../../../../../etc");
	tree_dir(&box.tree, "root/data");
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "bind,X-mount.subdir=link");
	ck_assert_str_eq(box_says(&box, "list", "/data", NULL), "file ");
	mount_specs_done(&box.spec.mounts);
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "bind,X-mount.subdir=below");
	ck_assert_str_eq(box_says(&box, "list", "/data", NULL), "");
	mount_specs_done(&box.spec.mounts);
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "rbind,X-mount.subdir=below");
	ck_assert_str_eq(box_says(&box, "list", "/data", NULL), "mounted ");
	mount_specs_done(&box.spec.mounts);
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "rbind,X-mount.subdir=out");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT);
	ck_assert_int_eq(umount2(tree_at(&box.tree, "data/below"), MNT_DETACH), 0);
}
END_TEST

START_TEST(read_only_reaches_mounts_below_only_with_rro)
{
	tree_dir(&box.tree, "data/below");
	tree_dir(&box.tree, "root/data");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "data/below"), "tmpfs", 0, NULL), 0);
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "rbind,ro");
	ck_assert_str_eq(box_says(&box, "write", "/data/x", "/data/below/x", NULL),
			 "/data/x EROFS\n"
			 "/data/below/x ok\n");
	mount_specs_done(&box.spec.mounts);
	add_mount("bind", tree_at(&box.tree, "data"), "/data", "rbind,rro");
	ck_assert_str_eq(box_says(&box, "write", "/data/x", "/data/below/x", NULL),
			 "/data/x EROFS\n"
			 "/data/below/x EROFS\n");
	ck_assert_int_eq(umount2(tree_at(&box.tree, "data/below"), MNT_DETACH), 0);
}
END_TEST

START_TEST(a_destination_in_a_file_system_of_the_container_is_made)
{
	tree_file(&box.tree, "secret", "text");
	tree_dir(&box.tree, "root/run");
	add_mount("tmpfs", "tmpfs", "/run", "mode=755,nosuid");
	add_mount("bind", tree_at(&box.tree, "secret"), "/run/secrets/one", "bind,ro");
	add_mount("bind", tree_at(&box.tree, "root"), "/run/deep/er", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/run/secrets/one", NULL), "text");
	ck_assert_str_eq(box_says(&box, "list", "/run/deep/er", NULL), "dev inside proc run sys ");
}
END_TEST

START_TEST(a_destination_that_is_missing_in_the_image_is_an_error_that_names_it)
{
	struct err e = ERR_NONE;

	add_mount("bind", tree_at(&box.tree, "root"), "/none", "bind");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT);
	ck_assert_str_eq(e.msg,
			 "starting the container: mount on '/none': No such file or directory");
	ck_assert_int_eq(access(tree_at(&box.tree, "root/none"), F_OK), -1);
}
END_TEST

START_TEST(a_destination_through_links_stays_in_the_container)
{
	tree_file(&box.tree, "data/file", "text");
	tree_dir(&box.tree, "root/tmp");
	tree_link(&box.tree, "root/away", "../../../../tmp");
	add_mount("bind", tree_at(&box.tree, "data"), "/away", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/tmp/file", NULL), "text");
}
END_TEST

/* The attack: an image whose /proc leads into something that it controls. */
START_TEST(a_proc_that_is_a_link_is_refused)
{
	struct err e = ERR_NONE;
	struct stat st;

	ck_assert_int_eq(rmdir(tree_at(&box.tree, "root/proc")), 0);
	tree_dir(&box.tree, "root/fake");
	tree_file(&box.tree, "root/fake/sys/kernel/printk", "");
	tree_link(&box.tree, "root/proc", "/fake");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ELOOP);
	ck_assert_int_eq(stat(tree_at(&box.tree, "root/fake/sys/kernel/printk"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

/* The attack: a mount of the caller hides /proc, so nothing may be covered there. */
START_TEST(paths_that_are_not_in_proc_are_not_taken_for_it)
{
	struct err e = ERR_NONE;

	tree_dir(&box.tree, "fake/sys");
	add_mount("bind", tree_at(&box.tree, "fake"), "/proc", "bind");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -EXDEV);
	ck_assert_str_eq(e.msg, "starting the container: mask '/proc/acpi': it doesn't lie "
				"where it has to in the container");
}
END_TEST

START_TEST(nothing_of_the_container_is_mounted_on_the_host)
{
	struct buf before = BUF(1 << 20), after = BUF(1 << 20);
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", &before, &e), e);
	set_overlay("");
	box_says(&box, "exit", "0", NULL);
	ck_ok(io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", &after, &e), e);
	ck_assert_str_eq(before.data, after.data);
	buf_done(&before);
	buf_done(&after);
}
END_TEST

SUITE("runtime/child_mounts", setup, teardown, dev_holds_what_docker_puts_there,
      default_mounts_have_their_attributes,
      masked_files_are_the_null_device_and_masked_directories_are_empty,
      kernel_settings_are_read_only, a_rootfs_that_is_bound_takes_writes,
      a_read_only_rootfs_takes_none_but_its_mounts_do, an_overlay_takes_writes_into_its_upper,
      a_volatile_overlay_is_mounted_so, layers_are_searched_from_the_top_and_may_have_any_name,
      kernels_that_take_layers_in_one_string_get_one, five_hundred_layers_can_be_mounted,
      a_missing_layer_is_named, the_kernel_says_why_it_refuses_a_file_system,
      a_mount_may_be_bound_read_only, a_single_file_may_be_bound,
      a_part_of_a_source_is_found_inside_it, read_only_reaches_mounts_below_only_with_rro,
      a_destination_in_a_file_system_of_the_container_is_made,
      a_destination_that_is_missing_in_the_image_is_an_error_that_names_it,
      a_destination_through_links_stays_in_the_container, a_proc_that_is_a_link_is_refused,
      paths_that_are_not_in_proc_are_not_taken_for_it,
      nothing_of_the_container_is_mounted_on_the_host)
