/* SPDX-License-Identifier: Apache-2.0 */
/* config-linux.md, "Devices", "Masked Paths", "Readonly Paths"; and images that attack. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/runtime/box.h"

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
}

static void teardown(void)
{
	box_wipe(&box);
}

static void add_device(const char *path, mode_t type, unsigned major, unsigned minor, mode_t mode,
		       uid_t uid, gid_t gid)
{
	const struct container_device device = {.path = (char *)(uintptr_t)path,
						.type = type,
						.major = major,
						.minor = minor,
						.mode = mode,
						.uid = uid,
						.gid = gid};
	struct err e = ERR_NONE;

	ck_ok(container_devices_add(&box.spec.devices, &device, &e), e);
}

static void add(struct strv *paths, const char *path)
{
	struct err e = ERR_NONE;

	ck_ok(strv_add(paths, path, &e), e);
}

/* ---- devices --------------------------------------------------------------------------- */

START_TEST(devices_have_their_type_numbers_mode_and_owner)
{
	add_device("/dev/fuse", S_IFCHR, 10, 229, 0640, 12, 34);
	add_device("/dev/disk", S_IFBLK, 7, 0, 0600, 0, 6);
	add_device("/dev/pipe", S_IFIFO, 0, 0, 0622, 1, 1);
	ck_assert_str_eq(box_says(&box, "own", "/dev/fuse", "/dev/disk", "/dev/pipe", NULL),
			 "/dev/fuse 20640 12:34\n"
			 "/dev/disk 60600 0:6\n"
			 "/dev/pipe 10622 1:1\n");
	ck_assert_str_eq(box_says(&box, "stat", "/dev/fuse", "/dev/disk", NULL),
			 "/dev/fuse 20640 10:229 \n"
			 "/dev/disk 60600 7:0 \n");
}
END_TEST

START_TEST(directories_of_devices_are_made)
{
	add_device("/dev/net/tun", S_IFCHR, 10, 200, 0666, 0, 0);
	add_device("/dev/mapper/a/b", S_IFBLK, 7, 1, 0600, 0, 0);
	ck_assert_str_eq(box_says(&box, "own", "/dev/net", "/dev/net/tun", "/dev/mapper/a/b", NULL),
			 "/dev/net 40755 0:0\n"
			 "/dev/net/tun 20666 0:0\n"
			 "/dev/mapper/a/b 60600 0:0\n");
	ck_assert_str_eq(box_says(&box, "stat", "/dev/null", NULL), "/dev/null 20666 1:3 \n");
}
END_TEST

START_TEST(a_default_device_may_have_another_mode_and_owner)
{
	add_device("/dev/null", S_IFCHR, 1, 3, 0600, 7, 7);
	ck_assert_str_eq(box_says(&box, "own", "/dev/null", "/dev/zero", NULL),
			 "/dev/null 20600 7:7\n"
			 "/dev/zero 20666 0:0\n");
}
END_TEST

START_TEST(a_dev_that_is_bound_is_left_alone)
{
	tree_dir(&box.tree, "dev");
	mount_specs_done(&box.spec.mounts);
	box_mount(&box, "proc", "proc", "/proc", "");
	box_mount(&box, "bind", tree_at(&box.tree, "dev"), "/dev", "bind");
	add_device("/dev/fuse", S_IFCHR, 10, 229, 0640, 0, 0);
	ck_assert_str_eq(box_says(&box, "list", "/dev", NULL), "");
	ck_assert_str_eq(box_says(&box, "stat", "/proc/keys", NULL), "/proc/keys 20666 1:3 \n");
}
END_TEST

START_TEST(a_device_outside_of_dev_is_made_in_the_rootfs)
{
	add_device("/opt/null", S_IFCHR, 1, 3, 0600, 0, 0);
	ck_assert_str_eq(box_says(&box, "stat", "/opt/null", NULL), "/opt/null 20600 1:3 \n");
}
END_TEST

/* ---- masked and read-only paths -------------------------------------------------------- */

START_TEST(masked_paths_cannot_be_read)
{
	tree_file(&box.tree, "root/secret", "text");
	tree_file(&box.tree, "root/secrets/one", "text");
	add(&box.spec.masked_paths, "/secret");
	add(&box.spec.masked_paths, "/secrets");
	add(&box.spec.masked_paths, "/none");
	ck_assert_str_eq(box_says(&box, "cat", "/secret", NULL), "");
	ck_assert_str_eq(box_says(&box, "list", "/secrets", NULL), "");
	ck_assert_str_eq(box_says(&box, "write", "/secrets/two", "/secret", NULL),
			 "/secrets/two EROFS\n/secret ok\n");
	ck_assert_int_eq(access(tree_at(&box.tree, "root/none"), F_OK), -1);
}
END_TEST

START_TEST(readonly_paths_cannot_be_written)
{
	tree_file(&box.tree, "root/file", "text");
	tree_file(&box.tree, "root/dir/file", "text");
	tree_file(&box.tree, "root/dir/below/file", "text");
	add(&box.spec.readonly_paths, "/file");
	add(&box.spec.readonly_paths, "/dir");
	add(&box.spec.readonly_paths, "/none/at/all");
	ck_assert_str_eq(box_says(&box, "write", "/file", "/dir/file", "/dir/new",
				  "/dir/below/file", "/other", NULL),
			 "/file EROFS\n/dir/file EROFS\n/dir/new EROFS\n/dir/below/file EROFS\n"
			 "/other ok\n");
	ck_assert_str_eq(box_says(&box, "cat", "/dir/file", NULL), "text");
}
END_TEST

START_TEST(a_readonly_path_keeps_the_attributes_of_its_mount)
{
	tree_dir(&box.tree, "root/data");
	box_mount(&box, "tmpfs", "tmpfs", "/data", "nosuid,nodev,noexec");
	add(&box.spec.readonly_paths, "/data");
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/self/mountinfo", NULL),
				     " /data ro,nosuid,nodev,noexec,relatime "));
}
END_TEST

/* ---- attacks: nothing of the host may be touched --------------------------------------- */

/* A tree of the host that the image's links lead to. */
static char *make_victim(void)
{
	tree_file(&box.tree, "victim/file", "text");
	tree_file(&box.tree, "victim/dir/file", "text");
	return tree_manifest(&box.tree, "victim");
}

static void assert_victim(char *before)
{
	char *after = tree_manifest(&box.tree, "victim");

	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}

/* Absolute, and by enough "..": both mean the container's own root. */
static void link_to_victim(const char *rel, const char *what)
{
	char text[512];

	snprintf(text, sizeof(text), "../../../../../../../..%s", tree_at(&box.tree, what));
	tree_link(&box.tree, rel, text);
}

START_TEST(a_dev_that_leads_to_the_host_is_made_in_the_container)
{
	char *before = make_victim();
	struct err e = ERR_NONE;

	ck_assert_int_eq(rmdir(tree_at(&box.tree, "root/dev")), 0);
	link_to_victim("root/dev", "victim/dir");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT); /* the container has no such directory */
	assert_victim(before);
}
END_TEST

START_TEST(devices_and_links_do_not_follow_what_an_image_has_in_their_place)
{
	char *before = make_victim();

	mount_specs_done(&box.spec.mounts);
	box_mount(&box, "proc", "proc", "/proc", "");
	link_to_victim("root/dev/null", "victim/file");
	link_to_victim("root/dev/net", "victim/dir");
	link_to_victim("root/dev/ptmx", "victim/file");
	add_device("/dev/zero", S_IFCHR, 1, 5, 0600, 7, 7);
	strv_done(&box.spec.masked_paths);
	box_says(&box, "exit", "0", NULL);
	assert_victim(before);
}
END_TEST

/* To open a device can do something: a watchdog begins to count. */
START_TEST(what_an_image_has_in_place_of_the_null_device_is_not_opened)
{
	cleanup_close int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char event[512];

	mount_specs_done(&box.spec.mounts);
	box_mount(&box, "proc", "proc", "/proc", "");
	ck_assert_int_eq(mknod(tree_at(&box.tree, "root/dev/null"), S_IFCHR | 0666, makedev(1, 5)),
			 0);
	ck_assert_int_ge(inotify_add_watch(watch, tree_at(&box.tree, "root/dev/null"), IN_OPEN), 0);
	box_says(&box, "exit", "0", NULL);
	ck_assert_int_eq(read(watch, event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* The container's own "victim" is what a link means; its owner and mode aren't the host's. */
START_TEST(directories_of_devices_are_made_inside_though_links_lead_out)
{
	char *before = make_victim();

	mount_specs_done(&box.spec.mounts);
	box_mount(&box, "proc", "proc", "/proc", "");
	tree_link(&box.tree, "root/dev/net", "/../../victim");
	tree_dir(&box.tree, "root/victim");
	add_device("/dev/net/tun", S_IFCHR, 10, 200, 0666, 0, 0);
	ck_assert_str_eq(box_says(&box, "stat", "/victim/tun", NULL),
			 "/victim/tun 20666 10:200 \n");
	assert_victim(before);
}
END_TEST

START_TEST(a_mask_through_a_link_stays_in_the_container)
{
	char *before = make_victim();

	link_to_victim("root/secret", "victim/file");
	tree_file(&box.tree, "root/inner", "text");
	tree_link(&box.tree, "root/alias", "../../inner");
	add(&box.spec.masked_paths, "/secret");
	add(&box.spec.readonly_paths, "/secret");
	add(&box.spec.masked_paths, "/alias");
	ck_assert_str_eq(box_says(&box, "cat", "/inner", NULL), "");
	assert_victim(before);
}
END_TEST

/* The image has a /proc that is full already; the masks must be on the kernel's. */
START_TEST(a_proc_of_the_image_does_not_keep_paths_from_being_masked)
{
	tree_file(&box.tree, "root/proc/keys", "text");
	tree_link(&box.tree, "root/proc/self", "/");
	ck_assert_str_eq(box_says(&box, "stat", "/proc/keys", NULL), "/proc/keys 20666 1:3 \n");
}
END_TEST

START_TEST(destinations_with_dots_and_links_stay_in_the_container)
{
	static const char *const destinations[] = {"/../../../victim", "/a/../../victim",
						   "/link/../../victim", "/link"};
	char *before = make_victim();

	tree_file(&box.tree, "source/file", "mine");
	tree_dir(&box.tree, "root/victim");
	tree_dir(&box.tree, "root/a");
	tree_link(&box.tree, "root/link", "../../../../victim");
	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
		for (int makes = 0; makes < 2; makes++) {
			container_spec_done(&box.spec);
			box_init_spec(&box);
			box.spec.makes_mount_points = makes;
			box_mount(&box, "bind", tree_at(&box.tree, "source"), destinations[i],
				  "bind");
			ck_assert_msg(strcmp(box_says(&box, "cat", "/victim/file", NULL), "mine") ==
					      0,
				      "%s: %s", destinations[i], box.out);
		}
	}
	assert_victim(before);
}
END_TEST

/* A magic link of /proc would lead to whatever the runtime has open. */
START_TEST(no_destination_is_found_by_a_magic_link)
{
	struct err e = ERR_NONE;
	char *before = make_victim();

	tree_link(&box.tree, "root/data", "/proc/self/cwd");
	box_mount(&box, "tmpfs", "tmpfs", "/data", "");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ELOOP);
	assert_victim(before);
}
END_TEST

START_TEST(a_working_directory_that_is_made_is_made_in_the_container)
{
	char *before = make_victim();

	link_to_victim("root/out", "victim/dir");
	box.spec.makes_mount_points = true;
	free(box.spec.process.cwd);
	box.spec.process.cwd = strdup("/out/new");
	box_command(&box, "cwd", NULL);
	box_run(&box, NULL);
	assert_victim(before);
}
END_TEST

SUITE("runtime/files", setup, teardown, devices_have_their_type_numbers_mode_and_owner,
      directories_of_devices_are_made, a_default_device_may_have_another_mode_and_owner,
      a_dev_that_is_bound_is_left_alone, a_device_outside_of_dev_is_made_in_the_rootfs,
      masked_paths_cannot_be_read, readonly_paths_cannot_be_written,
      a_readonly_path_keeps_the_attributes_of_its_mount,
      a_dev_that_leads_to_the_host_is_made_in_the_container,
      devices_and_links_do_not_follow_what_an_image_has_in_their_place,
      what_an_image_has_in_place_of_the_null_device_is_not_opened,
      directories_of_devices_are_made_inside_though_links_lead_out,
      a_mask_through_a_link_stays_in_the_container,
      a_proc_of_the_image_does_not_keep_paths_from_being_masked,
      destinations_with_dots_and_links_stay_in_the_container,
      no_destination_is_found_by_a_magic_link,
      a_working_directory_that_is_made_is_made_in_the_container)
