/* SPDX-License-Identifier: Apache-2.0 */
/* config-linux.md, "User namespace mappings". */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

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

static void give_root(uid_t uid)
{
	ck_assert_int_eq(chown(tree_at(&box.tree, "root"), uid, uid), 0);
}

static void add_map(struct id_maps *maps, uint32_t inside, uint32_t outside, uint32_t count)
{
	const struct id_map map = {.inside = inside, .outside = outside, .count = count};
	struct err e = ERR_NONE;

	ck_ok(id_maps_add(maps, &map, &e), e);
}

static void assert_owner(const char *rel, uid_t uid, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(lstat(tree_at(&box.tree, rel), &st), 0);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, gid);
}

START_TEST(mappings_are_those_of_the_document_in_order)
{
	box.spec.namespaces[NAMESPACE_USER].mode = NAMESPACE_NEW;
	add_map(&box.spec.uid_maps, 0, 100000, 1000);
	add_map(&box.spec.uid_maps, 1000, 5000, 1);
	add_map(&box.spec.uid_maps, 1001, 101001, 64535);
	add_map(&box.spec.gid_maps, 0, 200000, 65536);
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/uid_map", "/proc/self/gid_map", NULL),
			 "         0     100000       1000\n"
			 "      1000       5000          1\n"
			 "      1001     101001      64535\n"
			 "         0     200000      65536\n");
}
END_TEST

START_TEST(files_belong_to_the_mapped_owner_on_the_host)
{
	tree_dir(&box.tree, "root/mine");
	box.spec.namespaces[NAMESPACE_USER].mode = NAMESPACE_NEW;
	add_map(&box.spec.uid_maps, 0, 100000, 1000);
	add_map(&box.spec.uid_maps, 1000, 5000, 1);
	add_map(&box.spec.gid_maps, 0, 200000, 65536);
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/mine"), 100000, 200000), 0);
	tree_file(&box.tree, "root/of-the-host", "");
	ck_assert_str_eq(box_says(&box, "mkdir", "/mine/a", "/not-mine", NULL),
			 "/mine/a ok\n"
			 "/not-mine EACCES\n");
	assert_owner("root/mine/a", 100000, 200000);
	ck_assert_str_eq(box_says(&box, "own", "/mine", "/of-the-host", NULL),
			 "/mine 40755 0:0\n"
			 "/of-the-host 100644 65534:65534\n");
	box_user(&box, 1000, 7);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/mine"), 0777), 0);
	box_says(&box, "mkdir", "/mine/b", NULL);
	assert_owner("root/mine/b", 5000, 200007);
}
END_TEST

START_TEST(root_of_the_namespace_has_the_capabilities_that_were_asked_for)
{
	const char *status;

	box_user_namespace(&box);
	status = box_says(&box, "cat", "/proc/self/status", NULL);
	ck_assert_ptr_nonnull(strstr(status, "Uid:\t0\t0\t0\t0\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapEff:\t00000000a80425fb\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapBnd:\t00000000a80425fb\n"));
}
END_TEST

START_TEST(it_may_change_owners_to_ids_that_are_mapped_only)
{
	give_root(100000);
	box_user_namespace(&box);
	box_says(&box, "mkdir", "/a", NULL);
	ck_assert_str_eq(box_says(&box, "chown", "65535", "/a", NULL), "/a ok\n");
	assert_owner("root/a", 165535, 165535);
	ck_assert_str_eq(box_says(&box, "chown", "65536", "/a", NULL), "/a EINVAL\n");
}
END_TEST

START_TEST(groups_and_users_are_those_of_the_namespace)
{
	box_user_namespace(&box);
	box_user(&box, 1000, 1001);
	box.spec.process.user.groups = calloc(1, sizeof(gid_t));
	box.spec.process.user.groups[0] = 7;
	box.spec.process.user.n_groups = 1;
	ck_assert_str_eq(box_says(&box, "ids", NULL), "1000,1000,1000 1001,1001,1001 7");
}
END_TEST

START_TEST(a_user_that_is_not_mapped_is_an_error)
{
	struct err e = ERR_NONE;

	box_user_namespace(&box);
	box_user(&box, 70000, 0);
	box_command(&box, "ids", NULL);
	ck_assert_int_eq(box_run(&box, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "starting the container: user: Invalid argument");
}
END_TEST

/* 0700 of the host's root: the namespace's is let in by nobody. */
START_TEST(rootfs_and_binds_may_lie_where_root_of_the_namespace_cannot_go)
{
	tree_dir(&box.tree, "closed/data");
	tree_file(&box.tree, "closed/data/file", "text");
	tree_dir(&box.tree, "root/data");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "closed/data/file"), 0666), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "closed"), 0700), 0);
	ck_assert_int_eq(chmod(box.tree.path, 0700), 0);
	box_user_namespace(&box);
	box_mount(&box, "bind", tree_at(&box.tree, "closed/data"), "/data", "rbind,ro");
	ck_assert_str_eq(box_says(&box, "cat", "/data/file", NULL), "text");
	ck_assert_str_eq(box_says(&box, "write", "/data/file", NULL), "/data/file EROFS\n");
	box.spec.keeps_root = true;
	ck_assert_str_eq(box_says(&box, "cat", "/data/file", NULL), "text");
	ck_assert_str_eq(box_says(&box, "list", "/..", NULL), "data dev inside proc sys ");
	ck_assert_int_eq(chmod(box.tree.path, 0755), 0);
}
END_TEST

START_TEST(a_root_may_be_kept_there_too)
{
	box_user_namespace(&box);
	box.spec.keeps_root = true;
	ck_assert_str_eq(box_says(&box, "list", "/..", NULL), "dev inside proc sys ");
}
END_TEST

START_TEST(tmpcopyup_gives_what_is_mapped_to_its_owner)
{
	tree_file(&box.tree, "root/etc/file", "text");
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/etc"), 100000, 100000), 0);
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/etc/file"), 100007, 100008), 0);
	box_user_namespace(&box);
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup");
	ck_assert_str_eq(box_says(&box, "own", "/etc", "/etc/file", NULL),
			 "/etc 40755 0:0\n/etc/file 100644 7:8\n");
}
END_TEST

/* Not its privileges: they were another user's. */
START_TEST(tmpcopyup_gives_what_is_not_mapped_to_root)
{
	tree_file(&box.tree, "root/etc/file", "text");
	tree_link(&box.tree, "root/etc/link", "file");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/etc/file"), 06755), 0);
	box.spec.namespaces[NAMESPACE_USER].mode = NAMESPACE_NEW;
	add_map(&box.spec.uid_maps, 0, 100000, 1000);
	add_map(&box.spec.gid_maps, 0, 100000, 1000);
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup");
	ck_assert_str_eq(box_says(&box, "own", "/etc", "/etc/file", "/etc/link", NULL),
			 "/etc 40755 0:0\n"
			 "/etc/file 100755 0:0\n"
			 "/etc/link 120777 0:0 file\n");
}
END_TEST

START_TEST(default_devices_are_the_hosts_where_none_can_be_made)
{
	box_user_namespace(&box);
	ck_assert_str_eq(box_says(&box, "stat", "/dev/null", "/dev/zero", "/dev/tty", NULL),
			 "/dev/null 20666 1:3 \n"
			 "/dev/zero 20666 1:5 \n"
			 "/dev/tty 20666 5:0 \n");
	ck_assert_str_eq(box_says(&box, "write", "/dev/null", NULL), "/dev/null ok\n");
}
END_TEST

static void add_device(const char *path, mode_t type, unsigned major, unsigned minor)
{
	const struct container_device device = {
		.path = (char *)(uintptr_t)path,
		.type = type,
		.major = major,
		.minor = minor,
		.mode = 0640,
	};
	struct err e = ERR_NONE;

	ck_ok(container_devices_add(&box.spec.devices, &device, &e), e);
}

/* What a document calls a device must not become a way to a file of the host. */
START_TEST(in_place_of_a_device_only_that_device_is_bound)
{
	struct err e = ERR_NONE;

	box_user_namespace(&box);
	add_device("/dev/fifo", S_IFIFO, 0, 0);
	ck_assert_str_eq(box_says(&box, "own", "/dev/fifo", NULL), "/dev/fifo 10640 0:0\n");
	add_device("/dev/zero/../full", S_IFCHR, 1, 7);
	add_device("/etc/passwd", S_IFCHR, 1, 3);
	box_command(&box, "cwd", NULL);
	box.spec.makes_mount_points = true;
	give_root(100000);
	ck_assert_int_lt(box_run(&box, &e), 0);
	ck_assert_str_eq(e.msg, "starting the container: device node '/etc/passwd': "
				"Operation not permitted");
}
END_TEST

START_TEST(masked_paths_are_masked_there_too)
{
	box_user_namespace(&box);
	ck_assert_ptr_nonnull(
		strstr(box_says(&box, "cat", "/proc/self/mountinfo", NULL), " /sys /proc/sys ro,"));
	ck_assert_str_eq(box_says(&box, "stat", "/proc/keys", NULL), "/proc/keys 20666 1:3 \n");
}
END_TEST

START_TEST(oom_score_adj_can_be_raised_there_too)
{
	box_user_namespace(&box);
	box.spec.process.has_oom_score_adj = true;
	box.spec.process.oom_score_adj = 500;
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/oom_score_adj", NULL), "500\n");
}
END_TEST

START_TEST(a_sysctl_of_its_own_namespaces_can_be_set_there_too)
{
	struct err e = ERR_NONE;

	box_user_namespace(&box);
	ck_ok(strv_add(&box.spec.sysctl, "net.ipv4.ip_forward=1", &e), e);
	ck_ok(strv_add(&box.spec.sysctl, "kernel.shmmni=77", &e), e);
	ck_assert_str_eq(box_says(&box, "cat", "/proc/sys/net/ipv4/ip_forward",
				  "/proc/sys/kernel/shmmni", NULL),
			 "1\n77\n");
}
END_TEST

/* ---- joining --------------------------------------------------------------------------- */

static void join(const struct runtime_process *target)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++)
		box.spec.namespaces[kind].mode =
			kind == NAMESPACE_TIME ? NAMESPACE_HOST : NAMESPACE_PATH;
	box.how.target = target->pidfd;
	free(box.spec.uid_maps.v);
	free(box.spec.gid_maps.v);
	free(box.spec.hostname);
	box.spec.uid_maps = box.spec.gid_maps = (struct id_maps){.v = NULL};
	box.spec.hostname = NULL;
}

START_TEST(an_exec_has_the_users_of_the_container)
{
	struct runtime_process target;

	give_root(100000);
	box_user_namespace(&box);
	box_runs(&box, &target, "wait", NULL);
	join(&target);
	ck_assert_str_eq(box_says(&box, "mkdir", "/by-exec", NULL), "/by-exec ok\n");
	assert_owner("root/by-exec", 100000, 100000);
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "ids", NULL), "1000,1000,1000 1000,1000,1000");
	box_end(&target);
}
END_TEST

/* A network of the host in a container with users of its own. */
START_TEST(an_exec_joins_namespaces_of_the_host_and_of_the_container)
{
	struct runtime_process target;
	char own[64] = "";

	ck_assert_int_gt((int)readlink("/proc/self/ns/net", own, sizeof(own) - 1), 0);
	strcat(own, "\n");
	box_user_namespace(&box);
	mount_specs_done(&box.spec.mounts); /* sysfs belongs to those of the network */
	box_mount(&box, "proc", "proc", "/proc", "");
	box_mount(&box, "tmpfs", "tmpfs", "/dev", "");
	box.spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_HOST;
	box_runs(&box, &target, "wait", NULL);
	join(&target);
	ck_assert_str_eq(box_says(&box, "links", "/proc/self/ns/net", NULL), own);
	box_end(&target);
}
END_TEST

START_TEST(a_user_namespace_of_a_path_is_joined_before_what_belongs_to_it)
{
	struct runtime_process target;

	give_root(100000);
	box_user_namespace(&box);
	box_runs(&box, &target, "wait", NULL);
	join(&target);
	for (enum namespace_kind kind = 0; kind < NAMESPACE_TIME; kind++)
		ck_assert_int_gt(asprintf(&box.spec.namespaces[kind].path, "/proc/%d/ns/%s",
					  target.pid, namespace_kinds[kind].file),
				 0);
	ck_assert_str_eq(box_says(&box, "own", "/inside", "/", NULL), "/inside 100755 65534:65534\n"
								      "/ 40755 0:0\n");
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/uid_map", NULL),
			 "         0     100000      65536\n");
	box_end(&target);
}
END_TEST

/* A new root in the users and the network of another container, as in a pod. */
START_TEST(a_new_container_may_share_users_and_network_with_another)
{
	struct runtime_process target;
	static const enum namespace_kind shared[] = {NAMESPACE_USER, NAMESPACE_NETWORK,
						     NAMESPACE_IPC};

	box_user_namespace(&box);
	box_runs(&box, &target, "wait", NULL);
	free(box.spec.uid_maps.v);
	free(box.spec.gid_maps.v);
	box.spec.uid_maps = box.spec.gid_maps = (struct id_maps){.v = NULL};
	box_share(&box, &target, shared, ARRAY_SIZE(shared));
	ck_assert_str_eq(box_says(&box, "identity", NULL),
			 "pid 1 ppid 0 sid 1 host anchord umask 022");
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/uid_map", NULL),
			 "         0     100000      65536\n");
	box_end(&target);
}
END_TEST

/* ... and in the network of the host, which root of those users could not enter. */
START_TEST(a_new_container_may_share_users_of_another_and_the_network_of_the_host)
{
	struct runtime_process target;
	struct container_namespace *user = &box.spec.namespaces[NAMESPACE_USER];
	char own[64] = "";

	ck_assert_int_gt((int)readlink("/proc/self/ns/net", own, sizeof(own) - 1), 0);
	strcat(own, "\n");
	box_user_namespace(&box);
	box_runs(&box, &target, "wait", NULL);
	free(box.spec.uid_maps.v);
	free(box.spec.gid_maps.v);
	box.spec.uid_maps = box.spec.gid_maps = (struct id_maps){.v = NULL};
	user->mode = NAMESPACE_PATH;
	ck_assert_int_gt(asprintf(&user->path, "/proc/%d/ns/user", target.pid), 0);
	box.spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_PATH;
	box.spec.namespaces[NAMESPACE_NETWORK].path = strdup("/proc/self/ns/net");
	mount_specs_done(&box.spec.mounts); /* sysfs belongs to those of the network */
	box_mount(&box, "proc", "proc", "/proc", "");
	box_mount(&box, "tmpfs", "tmpfs", "/dev", "");
	ck_assert_str_eq(box_says(&box, "links", "/proc/self/ns/net", NULL), own);
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/uid_map", NULL),
			 "         0     100000      65536\n");
	box_end(&target);
}
END_TEST

/* The maps are written by one that stayed where the numbers of processes are the host's. */
START_TEST(new_users_may_be_in_joined_namespaces)
{
	static const enum namespace_kind joined[] = {NAMESPACE_NETWORK, NAMESPACE_PID,
						     NAMESPACE_UTS};
	struct runtime_process target;

	box_runs(&box, &target, "wait", NULL);
	free(box.spec.hostname);
	box.spec.hostname = NULL;
	box_user_namespace(&box);
	box_share(&box, &target, joined, ARRAY_SIZE(joined));
	mount_specs_done(&box.spec.mounts); /* they belong to users of the host */
	strv_done(&box.spec.masked_paths);
	strv_done(&box.spec.readonly_paths);
	box_mount(&box, "tmpfs", "tmpfs", "/dev", "");
	box_mount(&box, "bind", "/proc", "/proc", "rbind");
	ck_assert_str_eq(box_says(&box, "ids", NULL), "0,0,0 0,0,0");
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "ids", NULL), "1000,1000,1000 1000,1000,1000");
	box_end(&target);
}
END_TEST

SUITE("runtime/user_namespace", setup, teardown, mappings_are_those_of_the_document_in_order,
      files_belong_to_the_mapped_owner_on_the_host,
      root_of_the_namespace_has_the_capabilities_that_were_asked_for,
      it_may_change_owners_to_ids_that_are_mapped_only, groups_and_users_are_those_of_the_namespace,
      a_user_that_is_not_mapped_is_an_error,
      rootfs_and_binds_may_lie_where_root_of_the_namespace_cannot_go, a_root_may_be_kept_there_too,
      tmpcopyup_gives_what_is_mapped_to_its_owner, tmpcopyup_gives_what_is_not_mapped_to_root,
      default_devices_are_the_hosts_where_none_can_be_made,
      in_place_of_a_device_only_that_device_is_bound, masked_paths_are_masked_there_too,
      oom_score_adj_can_be_raised_there_too, a_sysctl_of_its_own_namespaces_can_be_set_there_too,
      an_exec_has_the_users_of_the_container,
      an_exec_joins_namespaces_of_the_host_and_of_the_container,
      a_user_namespace_of_a_path_is_joined_before_what_belongs_to_it,
      a_new_container_may_share_users_and_network_with_another,
      a_new_container_may_share_users_of_another_and_the_network_of_the_host,
      new_users_may_be_in_joined_namespaces)
