/* SPDX-License-Identifier: Apache-2.0 */
/* config.md, "Mounts", with the options of config-linux.md, and rootfsPropagation. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "runtime/capabilities.h"
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

/* "data" with a tmpfs on "data/below". */
static void make_data(void)
{
	tree_dir(&box.tree, "data/below");
	tree_dir(&box.tree, "root/data");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "data/below"), "tmpfs", 0, "mode=755"), 0);
}

static void drop_data(void)
{
	ck_assert_int_eq(umount2(tree_at(&box.tree, "data/below"), MNT_DETACH), 0);
}

/* The options of a mount as the container sees them, "rw,nosuid,relatime". */
static const char *options_of(const char *point)
{
	static char found[256];
	char *save = NULL, *copy = strdup(box_says(&box, "cat", "/proc/self/mountinfo", NULL));

	strcpy(found, "none");
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char at[256], options[200];

		if (sscanf(line, "%*s %*s %*s %*s %255s %199s", at, options) == 2 &&
		    strcmp(at, point) == 0)
			strcpy(found, options);
	}
	free(copy);
	return found;
}

/* ---- attributes ------------------------------------------------------------------------ */

static const struct {
	const char *options;
	const char *above, *below;
} attributes[] = {
	{"rbind", "rw,relatime", "rw,relatime"},
	{"bind", "rw,relatime", "none"},
	{"rbind,nosuid,nodev,noexec", "rw,nosuid,nodev,noexec,relatime", "rw,relatime"},
	{"rbind,rnosuid,rnodev,rnoexec", "rw,nosuid,nodev,noexec,relatime",
	 "rw,nosuid,nodev,noexec,relatime"},
	{"rbind,ro", "ro,relatime", "rw,relatime"},
	{"rbind,rro", "ro,relatime", "ro,relatime"},
	{"rbind,rnoatime", "rw,noatime", "rw,noatime"},
	{"rbind,rstrictatime", "rw", "rw"},
	{"rbind,noatime,rrelatime", "rw,relatime", "rw,relatime"},
	{"rbind,rnodiratime", "rw,nodiratime,relatime", "rw,nodiratime,relatime"},
	{"rbind,rnosymfollow", "rw,relatime,nosymfollow", "rw,relatime,nosymfollow"},
	{"rbind,rnosuid,rsuid", "rw,relatime", "rw,relatime"},
	{"rbind,ro,rrw", "rw,relatime", "rw,relatime"},
};

START_TEST(options_with_an_r_apply_to_the_mounts_below_too)
{
	make_data();
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		struct err e = ERR_NONE;

		if (box.spec.mounts.n > 7)
			strv_done(&box.spec.mounts.v[7].options);
		if (box.spec.mounts.n > 7)
			ck_ok(strv_split(&box.spec.mounts.v[7].options, attributes[i].options, ',',
					 &e),
			      e);
		else
			box_mount(&box, "bind", tree_at(&box.tree, "data"), "/data",
				  attributes[i].options);
		ck_assert_msg(strcmp(options_of("/data"), attributes[i].above) == 0,
			      "%s: above is %s", attributes[i].options, options_of("/data"));
		ck_assert_msg(strcmp(options_of("/data/below"), attributes[i].below) == 0,
			      "%s: below is %s", attributes[i].options, options_of("/data/below"));
	}
	drop_data();
}
END_TEST

START_TEST(the_hosts_own_mount_stays_as_it_is)
{
	make_data();
	box_mount(&box, "bind", tree_at(&box.tree, "data"), "/data", "rbind,rro,rnoexec");
	box_says(&box, "exit", "0", NULL);
	tree_file(&box.tree, "data/below/file", "");
	drop_data();
}
END_TEST

START_TEST(a_file_system_that_the_kernel_does_not_know_is_an_error)
{
	tree_dir(&box.tree, "root/data");
	box_mount(&box, "nosuchfs", "none", "/data", "");
	box_command(&box, "cwd", NULL);
	box_refused(&box, -ENODEV,
		    "starting the container: file system 'nosuchfs': No such device");
}
END_TEST

START_TEST(an_option_that_the_file_system_does_not_know_is_an_error_in_its_words)
{
	tree_dir(&box.tree, "root/data");
	box_mount(&box, "tmpfs", "tmpfs", "/data", "nosuchoption=1");
	box_command(&box, "cwd", NULL);
	box_refused(&box, -EINVAL,
		    "starting the container: file system 'tmpfs': tmpfs: Unknown parameter "
		    "'nosuchoption': Invalid argument");
}
END_TEST

START_TEST(later_mounts_hide_earlier_ones)
{
	tree_file(&box.tree, "one/file", "1");
	tree_file(&box.tree, "two/file", "2");
	tree_dir(&box.tree, "root/data");
	box_mount(&box, "bind", tree_at(&box.tree, "one"), "/data", "bind");
	box_mount(&box, "bind", tree_at(&box.tree, "two"), "/data", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/data/file", NULL), "2");
}
END_TEST

/* ---- tmpcopyup ------------------------------------------------------------------------- */

START_TEST(tmpcopyup_begins_with_what_it_hides)
{
	tree_file(&box.tree, "root/etc/file", "text");
	tree_file(&box.tree, "root/etc/dir/deep", "deep");
	tree_link(&box.tree, "root/etc/link", "/absolute/../target");
	tree_link(&box.tree, "root/etc/up", "../../../../etc/passwd");
	tree_fifo(&box.tree, "root/etc/fifo");
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/etc/file"), 12, 34), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/etc/file"), 04751), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/etc/dir"), 01770), 0);
	ck_assert_int_eq(lchown(tree_at(&box.tree, "root/etc/link"), 56, 78), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/etc"), 0711), 0);
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/etc"), 9, 9), 0);
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup,nosuid");
	ck_assert_str_eq(box_says(&box, "own", "/etc", "/etc/file", "/etc/dir", "/etc/dir/deep",
				  "/etc/link", "/etc/up", "/etc/fifo", NULL),
			 "/etc 40711 9:9\n"
			 "/etc/file 104751 12:34\n"
			 "/etc/dir 41770 0:0\n"
			 "/etc/dir/deep 100644 0:0\n"
			 "/etc/link 120777 56:78 /absolute/../target\n"
			 "/etc/up 120777 0:0 ../../../../etc/passwd\n"
			 "/etc/fifo ENOENT\n");
	ck_assert_str_eq(box_says(&box, "cat", "/etc/file", "/etc/dir/deep", NULL), "textdeep");
	ck_assert_str_eq(box_says(&box, "write", "/etc/new", NULL), "/etc/new ok\n");
	ck_assert_int_eq(access(tree_at(&box.tree, "root/etc/new"), F_OK), -1);
	ck_assert_str_eq(options_of("/etc"), "rw,nosuid,relatime");
}
END_TEST

START_TEST(tmpcopyup_of_what_is_read_only_is_read_only_with_its_content)
{
	tree_file(&box.tree, "root/etc/file", "text");
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup,ro");
	ck_assert_str_eq(box_says(&box, "cat", "/etc/file", NULL), "text");
	ck_assert_str_eq(box_says(&box, "write", "/etc/file", NULL), "/etc/file EROFS\n");
}
END_TEST

START_TEST(tmpcopyup_of_nothing_is_empty)
{
	box.spec.makes_mount_points = true;
	box_mount(&box, "tmpfs", "tmpfs", "/new", "tmpcopyup");
	ck_assert_str_eq(box_says(&box, "list", "/new", NULL), "");
}
END_TEST

START_TEST(tmpcopyup_of_a_link_copies_what_it_leads_to_in_the_container)
{
	tree_file(&box.tree, "root/real/file", "text");
	tree_link(&box.tree, "root/etc", "/real");
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup");
	ck_assert_str_eq(box_says(&box, "list", "/real", NULL), "file ");
}
END_TEST

START_TEST(tmpcopyup_ends_at_a_depth)
{
	char path[512] = "root/etc";

	for (int i = 0; i < LIMIT_DEPTH + 1; i++)
		strcat(path, "/d");
	tree_dir(&box.tree, path);
	box_mount(&box, "tmpfs", "tmpfs", "/etc", "tmpcopyup");
	box_command(&box, "cwd", NULL);
	box_refused(&box, -ELOOP,
		    "starting the container: copy up '/etc': Too many levels of symbolic links");
}
END_TEST

/* ---- mount points ---------------------------------------------------------------------- */

START_TEST(missing_destinations_are_made_and_stay)
{
	struct stat st;

	tree_file(&box.tree, "file", "text");
	tree_dir(&box.tree, "dir");
	box.spec.makes_mount_points = true;
	box_mount(&box, "bind", tree_at(&box.tree, "file"), "/a/b/file", "bind");
	box_mount(&box, "bind", tree_at(&box.tree, "dir"), "/a/c", "bind");
	box_mount(&box, "tmpfs", "tmpfs", "/a/d/../e", "");
	ck_assert_str_eq(box_says(&box, "cat", "/a/b/file", NULL), "text");
	ck_assert_int_eq(stat(tree_at(&box.tree, "root/a/b/file"), &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_int_eq(stat(tree_at(&box.tree, "root/a/c"), &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat(tree_at(&box.tree, "root/a/e"), &st), 0);
	ck_assert_int_eq(access(tree_at(&box.tree, "root/a/d"), F_OK), -1);
}
END_TEST

/* As /var/run does before /run is there. */
START_TEST(a_link_to_nothing_is_made_good_inside_the_root)
{
	tree_file(&box.tree, "file", "text");
	tree_link(&box.tree, "root/var/run", "../run");
	tree_link(&box.tree, "root/out", "/../../outside");
	box.spec.makes_mount_points = true;
	box_mount(&box, "bind", tree_at(&box.tree, "file"), "/var/run/secrets/file", "bind");
	box_mount(&box, "bind", tree_at(&box.tree, "file"), "/out/file", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/run/secrets/file", "/outside/file", NULL),
			 "texttext");
	ck_assert_int_eq(access("/outside", F_OK), -1);
}
END_TEST

START_TEST(a_destination_without_a_slash_is_below_the_root)
{
	tree_file(&box.tree, "file", "text");
	box.spec.makes_mount_points = true;
	box_mount(&box, "bind", tree_at(&box.tree, "file"), "relative/file", "bind");
	ck_assert_str_eq(box_says(&box, "cat", "/relative/file", NULL), "text");
}
END_TEST

/* ---- the root -------------------------------------------------------------------------- */

START_TEST(a_root_that_is_kept_is_changed_to)
{
	box.spec.keeps_root = true;
	ck_assert_str_eq(box_says(&box, "list", "/", NULL), "dev inside proc sys ");
	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/");
	ck_assert_str_eq(box_says(&box, "write", "/proc/sys/kernel/printk", NULL),
			 "/proc/sys/kernel/printk EROFS\n");
	ck_assert_str_eq(box_says(&box, "list", "/..", NULL), "dev inside proc sys ");
}
END_TEST

START_TEST(without_a_cgroup_namespace_the_hosts_hierarchy_is_shown)
{
	box.spec.namespaces[NAMESPACE_CGROUP].mode = NAMESPACE_HOST;
	ck_assert_str_ne(box_says(&box, "list", "/sys/fs/cgroup", NULL), "");
	ck_assert_str_eq(box_says(&box, "mkdir", "/sys/fs/cgroup/anchord-no", NULL),
			 "/sys/fs/cgroup/anchord-no EROFS\n");
}
END_TEST

/* ---- propagation ----------------------------------------------------------------------- */

/* The optional fields of a mount, "shared master"; its numbers left out. */
static const char *propagation_of(const char *point)
{
	static char found[256];
	char *save = NULL, *copy = strdup(box_says(&box, "cat", "/proc/self/mountinfo", NULL));

	strcpy(found, "none");
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char at[256];
		char *dash = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %*s %255s", at) != 1 || strcmp(at, point) != 0)
			continue;
		*dash = '\0';
		snprintf(found, sizeof(found), "%s%s%s%s",
			 strstr(line, " shared:") ? "shared " : "",
			 strstr(line, " master:") ? "slave " : "",
			 strstr(line, " unbindable") ? "unbindable " : "",
			 strstr(line, "shared:") || strstr(line, "master:") ||
					 strstr(line, "unbindable")
				 ? ""
				 : "private ");
	}
	free(copy);
	return found;
}

/*
 * Shared mounts, as all are on a machine with systemd. The one that the staging directory is in
 * becomes private, so it is another than the one of the data.
 */
static void share(const char *rel)
{
	const char *path = tree_at(&box.tree, rel);

	ck_assert_int_eq(mount(path, path, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, path, NULL, MS_SHARED, NULL), 0);
}

/* They have to be there still. */
static void unshare_all(void)
{
	ck_assert_int_eq(umount2(tree_at(&box.tree, "data"), MNT_DETACH), 0);
	ck_assert_int_eq(umount2(box.tree.path, MNT_DETACH), 0);
}

static void share_data(void)
{
	tree_dir(&box.tree, "data/by-host");
	tree_dir(&box.tree, "data/by-container");
	tree_dir(&box.tree, "root/data");
	share("");
	share("data");
}

static const struct {
	unsigned long propagation;
	const char *root, *data;
} roots[] = {
	{0, "slave ", "slave "},
	{MS_PRIVATE, "private ", "private "},
	{MS_PRIVATE | MS_REC, "private ", "private "},
	{MS_SLAVE, "slave ", "slave "},
	{MS_SLAVE | MS_REC, "slave ", "slave "},
	{MS_SHARED, "shared ", "shared "},
	{MS_SHARED | MS_REC, "shared ", "shared "},
	{MS_UNBINDABLE, "unbindable ", "slave "},
};

START_TEST(rootfs_propagation_is_that_of_the_root)
{
	share_data();
	box_mount(&box, "bind", tree_at(&box.tree, "data"), "/data", "rbind");
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		box.spec.rootfs_propagation = roots[i].propagation;
		ck_assert_msg(strcmp(propagation_of("/"), roots[i].root) == 0, "%zu: / is %s", i,
			      propagation_of("/"));
		ck_assert_msg(strcmp(propagation_of("/data"), roots[i].data) == 0,
			      "%zu: /data is %s", i, propagation_of("/data"));
	}
	unshare_all();
}
END_TEST

static const struct {
	const char *options;
	const char *propagation;
	bool comes, goes; /* do mounts of the host come, those of the container go? */
} binds[] = {
	{"rbind,private", "private ", false, false}, {"rbind,rprivate", "private ", false, false},
	{"rbind,slave", "slave ", true, false},      {"rbind,rslave", "slave ", true, false},
	{"rbind,shared", "shared ", true, true},     {"rbind,rshared", "shared ", true, true},
};

/* /data of the host with a tmpfs on "by-host", and a container that has mounted one there, too. */
static void assert_traffic(size_t i, bool comes, bool goes)
{
	struct runtime_process process;
	char path[128];
	struct stat before, after;
	bool seen;

	ck_assert_int_eq(stat(tree_at(&box.tree, "data/by-container"), &before), 0);
	box_runs(&box, &process, "mount", "/data/by-container", "stay", NULL);
	ck_assert_str_eq(box_said_lines(&box, 2), "/data/by-container ok\nready\n");
	ck_assert_int_eq(stat(tree_at(&box.tree, "data/by-container"), &after), 0);
	ck_assert_msg((before.st_dev != after.st_dev) == goes, "%zu: it has %sgone", i,
		      goes ? "not " : "");
	ck_assert_int_eq(mount("t", tree_at(&box.tree, "data/by-host"), "tmpfs", 0, NULL), 0);
	tree_file(&box.tree, "data/by-host/file", "");
	snprintf(path, sizeof(path), "/proc/%d/root/data/by-host/file", process.pid);
	seen = access(path, F_OK) == 0;
	ck_assert_msg(seen == comes, "%zu: it has %scome", i, comes ? "not " : "");
	box_end(&process);
	umount2(tree_at(&box.tree, "data/by-host"), MNT_DETACH);
	umount2(tree_at(&box.tree, "data/by-container"), MNT_DETACH);
}

START_TEST(propagation_of_a_mount_says_what_comes_and_goes)
{
	share_data();
	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		container_spec_done(&box.spec);
		box_init_spec(&box);
		box_capable(&box);
		/* A mount can be a peer only of what isn't made private or a slave first. */
		box.spec.rootfs_propagation = binds[i].goes ? MS_SHARED : MS_SLAVE;
		box_mount(&box, "bind", tree_at(&box.tree, "data"), "/data", binds[i].options);
		ck_assert_str_eq(propagation_of("/data"), binds[i].propagation);
		assert_traffic(i, binds[i].comes, binds[i].goes);
	}
	unshare_all();
}
END_TEST

SUITE("runtime/mounts", setup, teardown, options_with_an_r_apply_to_the_mounts_below_too,
      the_hosts_own_mount_stays_as_it_is, a_file_system_that_the_kernel_does_not_know_is_an_error,
      an_option_that_the_file_system_does_not_know_is_an_error_in_its_words,
      later_mounts_hide_earlier_ones, tmpcopyup_begins_with_what_it_hides,
      tmpcopyup_of_what_is_read_only_is_read_only_with_its_content, tmpcopyup_of_nothing_is_empty,
      tmpcopyup_of_a_link_copies_what_it_leads_to_in_the_container, tmpcopyup_ends_at_a_depth,
      missing_destinations_are_made_and_stay, a_link_to_nothing_is_made_good_inside_the_root,
      a_destination_without_a_slash_is_below_the_root, a_root_that_is_kept_is_changed_to,
      without_a_cgroup_namespace_the_hosts_hierarchy_is_shown,
      rootfs_propagation_is_that_of_the_root, propagation_of_a_mount_says_what_comes_and_goes)
