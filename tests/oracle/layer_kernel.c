/* SPDX-License-Identifier: Apache-2.0 */
/* layers whose redirects and metacopies are the kernel's own work */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/oracle/layer.h"
#include "tests/oracle/must.h"

enum { N_CHANGES = 14 };

static void roll_path(struct dice *d, const char *root, char *ret)
{
	size_t n = (size_t)snprintf(ret, LIMIT_PATH, "%s", root);

	for (unsigned left = 1 + dice_roll(d, 3); left > 0; left--)
		n += (size_t)snprintf(ret + n, LIMIT_PATH - n, "/%s", layer_name(d));
}

/* Follows no link at the end, and what is followed before stays below @root by being relative. */
static void change(struct dice *d, const char *root)
{
	unsigned what = dice_roll(d, 12);
	unsigned mode = 0500 | dice_roll(d, 0400);
	char path[LIMIT_PATH];
	char other[LIMIT_PATH];
	struct stat st;

	roll_path(d, root, path);
	roll_path(d, root, other);
	if (what < 6) {
		(void)!rename(path, other);
	} else if (what < 8) {
		if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
			(void)!chmod(path, mode); /* a metacopy of a file */
	} else if (what < 9) {
		(void)!lchown(path, mode, 5);
	} else if (what < 10) {
		(void)!(unlink(path) && rmdir(path));
	} else if (what < 11) {
		(void)!mkdir(path, 0755);
	} else {
		(void)!symlink(layer_target(d), path);
	}
}

/*
 * Paths are opened by name here, so that links in directory parts are followed: a chroot keeps
 * them inside.
 */
static void change_inside(struct dice *d, const char *root)
{
	cleanup_close int outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(outside >= 0 && chroot(root) == 0 && chdir("/") == 0, "chroot %s", root);
	for (int i = 0; i < N_CHANGES; i++)
		change(d, "");
	must(fchdir(outside) == 0 && chroot(".") == 0, "leaving %s", root);
}

void layer_make_by_kernel(struct dice *d, const char *lowers, const char *upper, const char *work,
			  const char *options)
{
	char data[LIMIT_PATH];
	char at[LIMIT_PATH];

	snprintf(at, sizeof(at), "%s.mnt", work);
	must(mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0 && mkdir(at, 0755) == 0, "%s",
	     upper);
	snprintf(data, sizeof(data), "lowerdir=%s,upperdir=%s,workdir=%s,%s", lowers, upper, work,
		 options);
	must(mount("overlay", at, "overlay", 0, data) == 0, "mount %s", data);
	change_inside(d, at);
	must(umount2(at, 0) == 0 && rmdir(at) == 0, "unmount %s", at);
}
