/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/oracle/must.h"

static bool has_value(int fd, const char *space, const char *name, char value)
{
	char full[64];
	char got;

	snprintf(full, sizeof(full), "%s.overlay.%s", space, name);
	return fgetxattr(fd, full, &got, 1) == 1 && got == value;
}

static bool is_whiteout(int dir, const char *name, const struct stat *st, const char *space)
{
	cleanup_close int fd = -EBADF;
	char full[64];

	if (S_ISCHR(st->st_mode))
		return true;
	if (!S_ISREG(st->st_mode))
		return false;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	snprintf(full, sizeof(full), "%s.overlay.whiteout", space);
	return fd >= 0 && fgetxattr(fd, full, NULL, 0) >= 0;
}

/* @lower: the directory of the lowers alone that @dir hides or merges with; -EBADF for none. */
static void prune(int dir, int lower, const char *space)
{
	cleanup_closedir DIR *list = fdopendir(openat(dir, ".", O_RDONLY | O_CLOEXEC));
	const struct dirent *entry;

	must(list != NULL, "list an upper");
	if (has_value(dir, space, "opaque", 'y'))
		lower = -EBADF;
	while ((entry = readdir(list))) {
		const char *name = entry->d_name;
		cleanup_close int sub = -EBADF;
		cleanup_close int below = -EBADF;
		struct stat st;
		struct stat other;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		must(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "stat %s", name);
		if (is_whiteout(dir, name, &st, space)) {
			if (lower < 0 || fstatat(lower, name, &other, AT_SYMLINK_NOFOLLOW) < 0)
				must(unlinkat(dir, name, 0) == 0, "unlink %s", name);
			continue;
		}
		if (!S_ISDIR(st.st_mode))
			continue;
		sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lower >= 0)
			below = openat(lower, name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		prune(sub, below, space);
	}
}

/* The lowers alone, with an empty one: two is what an overlay without an upper needs. */
static void mount_lowers(const char *base, unsigned n_lowers, bool userxattr, bool odd_names,
			 const char *at)
{
	char data[LIMIT_PATH];
	size_t n;

	must(mkdir(at, 0755) == 0, "mkdir %s", at);
	n = (size_t)snprintf(data, sizeof(data), "%slowerdir=%s", userxattr ? "userxattr," : "",
			     at);
	for (unsigned i = 0; i < n_lowers; i++)
		n += (size_t)snprintf(data + n, sizeof(data) - n, ":%s/l%u%s", base, i,
				      odd_names && i == 0 ? "\\:\\,\\\\" : "");
	must(mount("overlay", at, "overlay", 0,
		   strncat(data, userxattr ? "" : ",metacopy=on", sizeof(data) - n - 1)) == 0,
	     "mount %s", data);
}

void prune_upper(const char *upper, const char *base, unsigned n_lowers, bool userxattr,
		 bool odd_names)
{
	cleanup_close int dir = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int lower = -EBADF;
	char at[LIMIT_PATH];

	snprintf(at, sizeof(at), "%s/lowers", base);
	mount_lowers(base, n_lowers, userxattr, odd_names, at);
	lower = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir >= 0 && lower >= 0, "open %s", at);
	prune(dir, lower, userxattr ? "user" : "trusted");
	lower = fd_close(lower);
	must(umount2(at, 0) == 0 && rmdir(at) == 0, "unmount %s", at);
}
