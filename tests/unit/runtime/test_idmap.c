/* SPDX-License-Identifier: Apache-2.0 */
/* config.md, "Mounts": uidMappings and gidMappings, the options idmap and ridmap. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/unit/runtime/box.h"

static struct box box;

/* The kernel maps ids of mounts of some file systems only; tmpfs is one. */
static void setup(void)
{
	box_alone();
	box_init(&box);
	tree_dir(&box.tree, "disk");
	tree_dir(&box.tree, "root/data");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "disk"), "tmpfs", 0, "mode=777"), 0);
	tree_dir(&box.tree, "disk/data/below");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "disk/data/below"), "tmpfs", 0, "mode=777"),
			 0);
	tree_file(&box.tree, "disk/data/of-root", "");
	tree_file(&box.tree, "disk/data/of-user", "");
	tree_file(&box.tree, "disk/data/below/of-root", "");
	ck_assert_int_eq(chown(tree_at(&box.tree, "disk/data/of-user"), 1000, 2000), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "disk/data"), 0777), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(umount2(tree_at(&box.tree, "disk"), MNT_DETACH), 0);
	box_wipe(&box);
}

static void bind_data(const char *options)
{
	box_mount(&box, "bind", tree_at(&box.tree, "disk/data"), "/data", options);
}

static const char *says_owners(void)
{
	return box_says(&box, "own", "/data/of-root", "/data/of-user", "/data/below/of-root", NULL);
}

static void assert_owner(const char *rel, uid_t uid, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(lstat(tree_at(&box.tree, rel), &st), 0);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, gid);
}

START_TEST(owners_are_shown_by_the_mounts_own_mappings)
{
	bind_data("rbind,idmap=uids=0-500-100#1000-7-1;gids=0-600-100#2000-8-1");
	ck_assert_str_eq(says_owners(), "/data/of-root 100644 500:600\n"
					"/data/of-user 100644 7:8\n"
					"/data/below/of-root 100644 0:0\n");
}
END_TEST

START_TEST(ridmap_is_for_the_mounts_below_too)
{
	bind_data("rbind,ridmap=uids=0-500-100;gids=0-600-100");
	ck_assert_str_eq(says_owners(), "/data/of-root 100644 500:600\n"
					"/data/of-user 100644 65534:65534\n"
					"/data/below/of-root 100644 500:600\n");
}
END_TEST

START_TEST(what_is_made_there_belongs_to_the_mapped_owner)
{
	bind_data("rbind,idmap=uids=0-1000-1#500-0-1;gids=0-1000-1#500-0-1");
	ck_assert_str_eq(box_says(&box, "mkdir", "/data/made", NULL), "/data/made ok\n");
	assert_owner("disk/data/made", 500, 500);
	ck_assert_str_eq(box_says(&box, "own", "/data/made", NULL), "/data/made 40755 0:0\n");
}
END_TEST

START_TEST(idmap_without_mappings_takes_those_of_the_user_namespace)
{
	box_user_namespace(&box);
	bind_data("rbind,idmap");
	ck_assert_str_eq(says_owners(), "/data/of-root 100644 0:0\n"
					"/data/of-user 100644 1000:2000\n"
					"/data/below/of-root 100644 65534:65534\n");
	box_says(&box, "mkdir", "/data/made", NULL);
	assert_owner("disk/data/made", 0, 0);
}
END_TEST

START_TEST(a_mount_in_a_user_namespace_may_have_mappings_of_its_own)
{
	box_user_namespace(&box);
	bind_data("rbind,ridmap=uids=0-100005-1#1000-100000-1;gids=0-100006-1#2000-100000-1");
	ck_assert_str_eq(says_owners(), "/data/of-root 100644 5:6\n"
					"/data/of-user 100644 0:0\n"
					"/data/below/of-root 100644 5:6\n");
}
END_TEST

START_TEST(a_rootfs_may_be_mapped)
{
	box_user_namespace(&box);
	ck_assert_int_eq(
		mount(tree_at(&box.tree, "root"), tree_at(&box.tree, "root"), NULL, MS_BIND, NULL),
		0);
	box_rootfs(&box, "bind,idmap");
	ck_assert_str_eq(box_says(&box, "own", "/inside", NULL), "/inside 100755 0:0\n");
	ck_assert_str_eq(box_says(&box, "mkdir", "/made", NULL), "/made ok\n");
	assert_owner("root/made", 0, 0);
	ck_assert_int_eq(umount2(tree_at(&box.tree, "root"), MNT_DETACH), 0);
}
END_TEST

START_TEST(the_hosts_mount_is_not_mapped)
{
	bind_data("rbind,ridmap=uids=0-500-100;gids=0-600-100");
	box_says(&box, "exit", "0", NULL);
	assert_owner("disk/data/of-root", 0, 0);
	assert_owner("disk/data/below/of-root", 0, 0);
}
END_TEST

START_TEST(idmap_without_any_mappings_is_an_error)
{
	bind_data("rbind,idmap");
	box_command(&box, "cwd", NULL);
	box_refused(&box, -EINVAL,
		    "mount on '/data': an id-mapped mount needs mappings, of its own or of a new "
		    "user namespace");
}
END_TEST

START_TEST(a_file_system_that_cannot_be_mapped_is_an_error)
{
	struct err e = ERR_NONE;

	box_mount(&box, "bind", "/proc/self", "/data", "bind,idmap=uids=0-500-1;gids=0-500-1");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -EINVAL);
	ck_assert_str_eq(e.msg,
			 "starting the container: id-mapped mount '/data': Invalid argument");
}
END_TEST

START_TEST(attributes_and_mappings_go_together)
{
	bind_data("rbind,rro,nosuid,idmap=uids=0-500-100;gids=0-600-100");
	ck_assert_str_eq(box_says(&box, "write", "/data/x", "/data/below/x", NULL),
			 "/data/x EROFS\n/data/below/x EROFS\n");
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/self/mountinfo", NULL),
				     " /data ro,nosuid,relatime,idmapped "));
}
END_TEST

/* Mounts of the host that are made outside would be its peers. */
START_TEST(a_mount_made_outside_is_no_peer_of_the_hosts)
{
	static const char *const options[] = {"rbind,idmap=uids=0-500-100;gids=0-600-100",
					      "rbind,private,idmap=uids=0-500-100;gids=0-600-100"};

	ck_assert_int_eq(mount(NULL, tree_at(&box.tree, "disk"), NULL, MS_REC | MS_SHARED, NULL),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *mounts, *line;

		container_spec_done(&box.spec);
		box_init_spec(&box);
		bind_data(options[i]);
		mounts = box_says(&box, "cat", "/proc/self/mountinfo", NULL);
		for (line = mounts; (line = strstr(line, " shared:")); line++)
			ck_abort_msg("%s is shared in\n%s", options[i], mounts);
	}
}
END_TEST

SUITE("runtime/idmap", setup, teardown, owners_are_shown_by_the_mounts_own_mappings,
      ridmap_is_for_the_mounts_below_too, what_is_made_there_belongs_to_the_mapped_owner,
      idmap_without_mappings_takes_those_of_the_user_namespace,
      a_mount_in_a_user_namespace_may_have_mappings_of_its_own, a_rootfs_may_be_mapped,
      the_hosts_mount_is_not_mapped, idmap_without_any_mappings_is_an_error,
      a_file_system_that_cannot_be_mapped_is_an_error, attributes_and_mappings_go_together,
      a_mount_made_outside_is_no_peer_of_the_hosts)
