/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/sys.h"
#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/nosys.h"
#include "tests/unit/vfs/oracle.h"

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

static void make_tree(void)
{
	tree_file(&v.t, "r/etc/ssl/cert.pem", "cert");
	tree_link(&v.t, "r/absolute", "/etc/ssl");
	tree_link(&v.t, "r/etc/relative", "ssl/cert.pem");
	tree_link(&v.t, "r/etc/escape", "../../../../../../etc/ssl");
	tree_link(&v.t, "r/loop1", "loop2");
	tree_link(&v.t, "r/loop2", "/loop1");
	tree_link(&v.t, "r/dangling", "/no/where");
	tree_link(&v.t, "r/chain", "etc/../absolute");
	tree_link(&v.t, "r/up", "..");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
}

static const struct {
	const char *path;
	bool follow;
	int r;
	const char *ret;
} cases[] = {
	{"/", true, 0, "/"},
	{"", true, 0, "/"},
	{"etc//./ssl/", true, 0, "/etc/ssl"}, /* relative paths begin at the root */
	{"/absolute", true, 0, "/etc/ssl"},
	{"/absolute", false, 0, "/absolute"},
	{"/absolute/", false, 0, "/etc/ssl"}, /* a slash asks for what the link means */
	{"/absolute/cert.pem", false, 0, "/etc/ssl/cert.pem"},
	{"/etc/relative", true, 0, "/etc/ssl/cert.pem"},
	{"/etc/escape/cert.pem", true, 0, "/etc/ssl/cert.pem"},
	{"/../../etc/ssl", true, 0, "/etc/ssl"},
	{"/chain/../relative", true, 0, "/etc/ssl/cert.pem"},
	{"/up/up/up/etc", true, 0, "/etc"},
	{"/dangling", true, VFS_MISSING, "/no/where"},
	{"/dangling/more", true, VFS_MISSING, "/no/where/more"},
	{"/dangling", false, 0, "/dangling"},
	{"/none/../etc", true, VFS_MISSING, "/etc"},
	{"/loop1", true, -ELOOP, NULL},
	{"/loop1", false, 0, "/loop1"},
	{"/loop1/x", false, -ELOOP, NULL},
	{"/etc/ssl/cert.pem/x", true, -ENOTDIR, NULL},
	{"/etc/ssl/cert.pem/", true, -ENOTDIR, NULL},
	{"/etc/relative/..", true, -ENOTDIR, NULL},
};

START_TEST(links_are_followed_inside_the_container_only)
{
	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char ret[LIMIT_PATH] = "untouched";
		struct err e = ERR_NONE;
		int r = vfs_resolve(v.fs, cases[i].path, cases[i].follow, ret, &e);

		ck_assert_msg(r == cases[i].r, "'%s': %d: %s", cases[i].path, r, e.msg);
		ck_assert_msg(strcmp(ret, cases[i].ret ? cases[i].ret : "untouched") == 0,
			      "'%s' resolves to '%s'", cases[i].path, ret);
	}
}
END_TEST

START_TEST(forty_links_are_followed_and_no_more)
{
	char name[32];
	char target[32];
	char ret[LIMIT_PATH];

	tree_file(&v.t, "r/0", "");
	for (int i = 1; i <= LIMIT_SYMLINKS + 1; i++) {
		snprintf(name, sizeof(name), "r/%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		tree_link(&v.t, name, target);
	}
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);

	ck_assert_int_eq(vfs_resolve(v.fs, "/40", true, ret, NULL), 0);
	ck_assert_str_eq(ret, "/0");
	ck_assert_int_eq(vfs_resolve(v.fs, "/41", true, ret, NULL), -ELOOP);
}
END_TEST

START_TEST(a_path_that_grows_too_long_is_refused)
{
	char target[3001];
	char path[3001];
	char ret[LIMIT_PATH];

	for (size_t i = 0; i < sizeof(target) - 1; i += 2)
		memcpy(target + i, "./", 2);
	target[sizeof(target) - 1] = '\0';
	memcpy(path, target, sizeof(path));
	memcpy(path, "/k/", 3);
	tree_link(&v.t, "r/k", target);
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);

	ck_assert_int_eq(vfs_resolve(v.fs, path, true, ret, NULL), -ENAMETOOLONG);
}
END_TEST

START_TEST(links_lead_from_one_mount_into_another)
{
	tree_link(&v.t, "r/ca", "/data/ca");
	tree_dir(&v.t, "r/data");
	tree_file(&v.t, "d/ca/file", "text");
	tree_link(&v.t, "d/back", "../etc");
	tree_dir(&v.t, "r/etc");
	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/d", "/data", "");
	view_mount(&v, "proc", "proc", "/proc", "");
	view_open(&v);

	ck_assert_str_eq(view_resolve(&v, "/ca/file"), "/data/ca/file");
	ck_assert_str_eq(view_resolve(&v, "/data/back"), "/etc");
	ck_assert_str_eq(view_resolve(&v, "/data/.."), "/");
	ck_assert_str_eq(view_resolve(&v, "/proc/self/../etc"), "/proc/etc");
	ck_assert_str_eq(view_resolve(&v, "/proc/../etc"), "/etc");
}
END_TEST

START_TEST(links_on_a_nosymfollow_mount_are_not_followed)
{
	char ret[LIMIT_PATH];

	tree_dir(&v.t, "r/a");
	tree_link(&v.t, "data/link", "file");
	tree_file(&v.t, "data/file", "x");
	tree_dir(&v.t, "k");
	oracle_bind(&v, "data", "k", MS_NOSYMFOLLOW);
	ck_assert_int_eq(open(tree_at(&v.t, "k/link"), O_RDONLY), -1);
	ck_assert_int_eq(errno, ELOOP);
	oracle_unmount(&v, "k");

	view_rootfs(&v, "bind", "@/r", "");
	view_mount(&v, "bind", "@/data", "/a", "bind,nosymfollow");
	view_open(&v);
	ck_assert_int_eq(vfs_resolve(v.fs, "/a/link", true, ret, NULL), -ELOOP);
	ck_assert_int_ne(vfs_exists(v.fs, "/a/link", NULL), 1);
}
END_TEST

/* A link "l" to "." in the innermost of many directories, the long way round; @ret is its path. */
static void make_detour(const char *part, size_t n_parts, char *ret)
{
	cleanup_close int fd = view_make_deep(&v, "r", 1900, ret);
	char target[LIMIT_PATH] = "";

	for (size_t i = 0; i < n_parts; i++)
		strcat(target, part);
	strcat(target, ".");
	ck_assert_int_eq(symlinkat(target, fd, "l"), 0);
	ck_assert_int_eq(faccessat(fd, "l", F_OK, 0), 0);
	strcat(ret, "/l");
	view_rootfs(&v, "bind", "@/r", "");
	view_open(&v);
}

START_TEST(a_link_may_go_up_and_down_a_deep_path_many_times)
{
	char path[LIMIT_PATH];
	char ret[LIMIT_PATH];

	make_detour("../d/", 800, path);
	ck_assert_int_eq(vfs_resolve(v.fs, path, true, ret, NULL), 0);
	path[strlen(path) - strlen("/l")] = '\0';
	ck_assert_str_eq(ret, path);
}
END_TEST

/* Ten up is more than is kept open, so the way down begins at the root each time. */
START_TEST(a_link_that_takes_too_many_steps_is_refused)
{
	char path[LIMIT_PATH];
	char ret[LIMIT_PATH];
	struct err e = ERR_NONE;

	make_detour("../../../../../../../../../../d/d/d/d/d/d/d/d/d/d/", 80, path);
	ck_assert_int_eq(vfs_resolve(v.fs, path, true, ret, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

/* Where openat2() is denied (tests/support/nosys.c) the kernel is asked in a chroot. */
static int open_in_chroot(int root, const char *path, int flags)
{
	cleanup_close int outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int saved;
	int fd;

	ck_assert(outside >= 0 && fchdir(root) == 0 && chroot(".") == 0);
	fd = open(path, flags);
	saved = errno;
	ck_assert(fchdir(outside) == 0 && chroot(".") == 0);
	errno = saved;
	return fd;
}

/* ".." fails with EAGAIN while anybody on the machine mounts or renames something. */
static int open_in_root(int root, const char *path, const struct open_how *how)
{
	int fd;

	do {
		fd = sys_openat2(root, path, how);
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_in_chroot(root, path, (int)how->flags);
	return fd;
}

/* The kernel's answer: openat2() with the mount as its root, then the name of what it opened. */
static int kernel_resolve(int root, const char *path, bool follow, char *ret, size_t size)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
			       .resolve = RESOLVE_IN_ROOT};
	cleanup_close int fd = open_in_root(root, path, &how);
	char proc[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, ret, size - 1);
	ck_assert_int_ge(n, 0);
	ret[n] = '\0';
	return 0;
}

static void roll_wild_path(struct dice *d, char *ret, size_t size)
{
	static const char *const parts[] = {"a", "b", "c", "d", "e", "..", "."};
	unsigned n = 1 + roll(d, 6);

	ret[0] = '\0';
	while (n-- > 0) {
		strncat(ret, "/", size - strlen(ret) - 1);
		strncat(ret, parts[roll(d, ARRAY_SIZE(parts))], size - strlen(ret) - 1);
	}
	if (roll(d, 8) == 0)
		strncat(ret, "/", size - strlen(ret) - 1);
}

static void compare_random_paths(struct dice *dice, const char *host)
{
	cleanup_close int root = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 200; i++) {
		bool follow = roll(dice, 2);
		char ours[LIMIT_PATH];
		char theirs[LIMIT_PATH];
		char path[256];
		int want;
		int r;

		roll_wild_path(dice, path, sizeof(path));
		want = kernel_resolve(root, path, follow, theirs, sizeof(theirs));
		r = vfs_resolve(v.fs, path, follow, ours, NULL);
		ck_assert_msg(r == (want == -ENOENT ? VFS_MISSING : want),
			      "%s: %d, the kernel's %d", path, r, want);
		if (want == 0)
			ck_assert_str_eq(ours, theirs[strlen(host)] ? theirs + strlen(host) : "/");
	}
}

START_TEST(random_paths_resolve_as_in_the_kernel)
{
	static const char options[] = "lowerdir=@/l1:@/l2";

	if (!nosys_has_openat2()) /* then the kernel can't be asked */
		return;
	for (unsigned long seed = 1; seed <= 60; seed++) {
		struct dice dice = {.state = seed};

		layers_make(&dice, tree_at(&v.t, "l1"), /* file_whiteouts= */ true);
		layers_make(&dice, tree_at(&v.t, "l2"), /* file_whiteouts= */ true);
		view_rootfs(&v, "overlay", "", options);
		view_open(&v);
		oracle_mount(&v, options, "m");
		compare_random_paths(&dice, tree_at(&v.t, "m"));
		oracle_unmount(&v, "m");
		view_done(&v);
		view_init(&v);
	}
}
END_TEST

SUITE("vfs/resolve", setup, teardown, links_are_followed_inside_the_container_only,
      forty_links_are_followed_and_no_more, a_path_that_grows_too_long_is_refused,
      links_lead_from_one_mount_into_another, links_on_a_nosymfollow_mount_are_not_followed,
      a_link_may_go_up_and_down_a_deep_path_many_times, a_link_that_takes_too_many_steps_is_refused,
      random_paths_resolve_as_in_the_kernel)
