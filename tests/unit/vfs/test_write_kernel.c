/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same random writes through us and through the kernel's mount of a twin of the upper:
 * results, merged trees and the uppers themselves are the same.
 *
 * Without whiteouts in xattr form: the kernel's rmdir() takes them for entries, though its own
 * listing doesn't show them. To us such a directory is empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/path.h"
#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/oracle.h"

enum { N_SEQUENCES = 200, N_WRITES = 12 };

static struct view v;
static const char kernels_options[] = "lowerdir=@/l1:@/l2,upperdir=@/ku,workdir=@/kw";

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

static void set_host_meta(const char *host, bool is_link, const struct vfs_meta *m)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, m->mtime};

	ck_assert_int_eq(lchown(host, m->uid, m->gid), 0);
	if (!is_link)
		ck_assert_int_eq(chmod(host, m->mode), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, host, times, AT_SYMLINK_NOFOLLOW), 0);
}

static int host_put(const char *host, const char *target, const struct vfs_meta *m)
{
	char temp[LIMIT_PATH];
	struct err e = ERR_NONE;
	struct stat st;

	if (lstat(host, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	snprintf(temp, sizeof(temp), "%s.new", host);
	if (target ? symlink(target, temp) : mknod(temp, S_IFREG | 0600, 0))
		return -errno;
	if (!target) {
		cleanup_close int fd = open(temp, O_WRONLY | O_CLOEXEC);

		ck_ok(io_write_all(fd, "new content", 11, &e), e);
	}
	set_host_meta(temp, target != NULL, m);
	return rename(temp, host) < 0 ? -errno : 0;
}

static int host_remove(const char *host)
{
	struct stat st;

	if (lstat(host, &st) < 0)
		return 0;
	return (S_ISDIR(st.st_mode) ? rmdir(host) : unlink(host)) < 0 ? -errno : 0;
}

static int host_set_meta(const char *host, const struct vfs_meta *m)
{
	struct stat st;

	if (lstat(host, &st) < 0)
		return -errno;
	set_host_meta(host, S_ISLNK(st.st_mode), m);
	return 0;
}

static int host_mkdir(const char *host, const struct vfs_meta *m)
{
	if (mkdir(host, 0700) < 0)
		return -errno;
	set_host_meta(host, /* is_link= */ false, m);
	return 0;
}

static bool has_parent(const char *path)
{
	char parent[LIMIT_PATH];

	path_parent(path, parent);
	return view_stat(&v, parent).type == VFS_DIR;
}

static void write_both(struct dice *dice)
{
	const struct vfs_meta m = {
		.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME,
		.mode = 0400 | roll(dice, 0400),
		.uid = roll(dice, 3),
		.gid = roll(dice, 3),
		.mtime = {.tv_sec = 9000 + roll(dice, 1000), .tv_nsec = roll(dice, 1000)},
	};
	unsigned what = roll(dice, 8);
	char host[LIMIT_PATH];
	char path[64];
	int theirs;
	int ours;

	roll_path(dice, path, sizeof(path));
	snprintf(host, sizeof(host), "%s%s", tree_at(&v.t, "km"), path);
	if (!has_parent(path)) {
		ck_assert_int_eq(vfs_mkdir(v.fs, path, &m, NULL), -ENOENT);
		return;
	}
	if (what < 2) {
		ours = vfs_put_file(v.fs, path, "new content", 11, &m, NULL);
		theirs = host_put(host, NULL, &m);
	} else if (what < 3) {
		ours = vfs_put_link(v.fs, path, "to", &m, NULL);
		theirs = host_put(host, "to", &m);
	} else if (what < 4) {
		ours = vfs_mkdir(v.fs, path, &m, NULL);
		theirs = host_mkdir(host, &m);
	} else if (what < 5) {
		ours = vfs_set_meta(v.fs, path, &m, NULL);
		theirs = host_set_meta(host, &m);
	} else {
		ours = vfs_remove(v.fs, path, NULL);
		theirs = host_remove(host);
	}
	ck_assert_msg(ours == theirs, "%u at %s: %d, the kernel's %d", what, path, ours, theirs);
}

/* Take every entry of the upper away again. */
static void drop_all(const char *path)
{
	cleanup_closedir DIR *d = opendir(tree_at(&v.t, path));
	const struct dirent *entry;

	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d))) {
		char sub[LIMIT_PATH];
		struct err e = ERR_NONE;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, entry->d_name);
		if (view_stat(&v, sub + strlen("u")).type == VFS_DIR)
			drop_all(sub);
		ck_ok(vfs_drop(v.fs, sub + strlen("u"), &e), e);
		ck_assert_int_eq(access(tree_at(&v.t, sub), F_OK), -1);
	}
}

static void check_sequence(unsigned long seed)
{
	struct dice layers = {.state = seed};
	struct dice twin;
	struct dice writes = {.state = ~seed};

	layers_make(&layers, tree_at(&v.t, "l1"), /* file_whiteouts= */ false);
	layers_make(&layers, tree_at(&v.t, "l2"), /* file_whiteouts= */ false);
	twin = layers;
	layers_make(&layers, tree_at(&v.t, "u"), /* file_whiteouts= */ false);
	layers_make(&twin, tree_at(&v.t, "ku"), /* file_whiteouts= */ false);
	tree_dir(&v.t, "w");
	tree_dir(&v.t, "kw");
	view_rootfs(&v, "overlay", "", VIEW_OVERLAY);
	view_open(&v);
	oracle_remove_stale_whiteouts(&v, "u");
	oracle_mount(&v, kernels_options, "km");
	for (int i = 0; i < N_WRITES; i++)
		write_both(&writes);
	oracle_compare(&v, tree_at(&v.t, "km"));
	oracle_unmount(&v, "km");
	oracle_compare_uppers(tree_at(&v.t, "u"), tree_at(&v.t, "ku"));
	oracle_compare_overlay(&v, VIEW_OVERLAY);
	drop_all("u");
	oracle_compare_overlay(&v, VIEW_OVERLAY);
}

START_TEST(random_writes_do_what_the_kernel_does)
{
	for (unsigned long seed = 1; seed <= N_SEQUENCES; seed++) {
		check_sequence(seed);
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/write_kernel", setup, teardown, random_writes_do_what_the_kernel_does)
