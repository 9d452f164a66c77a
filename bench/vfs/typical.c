/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/vfs/typical.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/sys.h"
#include "distro/distro.h"
#include "distro/os_release.h"
#include "tests/oracle/must.h"

enum { BUNDLE_BYTES = 220000 /* as in bookworm */ };

static const char bundle[] = "/etc/ssl/certs/ca-certificates.crt";

static const char os_release[] = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
				 "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"
				 "HOME_URL=\"https://www.debian.org/\"\n";

/* What is in the layers, topmost first; a name with a slash at the end is a directory. */
static const struct {
	const char *path;
	const char *target; /* of a symlink */
} entries[] = {
	{"u/tmp/", NULL},
	{"u/root/", NULL},
	{"l0/app/", NULL},
	{"l0/app/main.c", NULL},
	{"l0/etc/passwd", NULL},
	{"l1/etc/ssl/certs/ca-certificates.crt", NULL},
	{"l1/usr/share/ca-certificates/mozilla/one.crt", NULL},
	{"l1/usr/lib/gcc/", NULL},
	{"l1/usr/bin/gcc", NULL},
	{"l2/bin", "usr/bin"},
	{"l2/lib", "usr/lib"},
	{"l2/usr/bin/sh", NULL},
	{"l2/usr/lib/os-release", NULL},
	{"l2/etc/os-release", "../usr/lib/os-release"},
	{"l2/etc/debian_version", NULL},
	{"l2/etc/passwd", NULL},
	{"l2/tmp/", NULL},
	{"w/", NULL},
};

static void make_file(const char *path)
{
	cleanup_close int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	must(fd >= 0, "%s", path);
	if (strstr(path, "os-release"))
		must(write(fd, os_release, strlen(os_release)) > 0, "%s", path);
	if (strstr(path, bundle))
		must(posix_fallocate(fd, 0, BUNDLE_BYTES) == 0, "%s", path);
}

static void make_entry(const char *dir, const char *path, const char *target)
{
	char full[LIMIT_PATH];
	struct err e = ERR_NONE;
	char *slash;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	slash = strrchr(full, '/');
	*slash = '\0';
	must(io_mkdir_p(full, 0755, &e) == 0, "%s", e.msg);
	*slash = '/';
	if (target)
		must(symlink(target, full) == 0, "%s", full);
	else if (slash[1])
		make_file(full);
}

void typical_make(const char *dir, struct mount_specs *ret_rootfs)
{
	char options[LIMIT_PATH];
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		make_entry(dir, entries[i].path, entries[i].target);
	snprintf(options, sizeof(options), "lowerdir=%s/l0:%s/l1:%s/l2,upperdir=%s/u,workdir=%s/w",
		 dir, dir, dir, dir, dir);
	must(mount_specs_add(ret_rootfs, "overlay", "overlay", "/", options, &e) == 0, "%s", e.msg);
}

int typical_look(const struct mount_specs *rootfs, struct err *e)
{
	const struct mount_specs none = {0};
	cleanup_vfs struct vfs *fs = NULL;
	char path[LIMIT_PATH];
	struct distro distro;
	struct vfs_stat st;
	int r = vfs_new(rootfs, &none, &fs, e);

	if (r == 0)
		r = distro_detect(fs, &distro, e);
	if (r == 0)
		r = vfs_resolve(fs, distro.family->bundle, /* follow_last= */ true, path, e);
	if (r == 0)
		r = vfs_lstat(fs, path, &st, e);
	if (r == 0 && st.size != BUNDLE_BYTES)
		r = err_set(e, -ENOENT, ERR_NOT_FOUND, "no bundle at '%s'", path);
	return r > 0 ? err_set(e, -ENOENT, ERR_NOT_FOUND, "not a Debian") : r;
}

static int open_in(const char *root, const char *path)
{
	const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	cleanup_close int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	int fd;

	do
		fd = sys_openat2(at, path + 1, &how);
	while (fd < 0 && errno == EAGAIN); /* something was renamed or mounted meanwhile */
	return fd;
}

static int look_at_mount(const char *at, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_OS_RELEASE);
	cleanup_close int release = open_in(at, "/etc/os-release");
	cleanup_close int file = -EBADF;
	struct os_release_words words;
	const char *word;
	struct stat st;
	size_t n;

	if (release < 0 || io_read_all(release, &text, e) < 0)
		return err_sys(e, "reading os-release");
	words = os_release_get(text.data, "ID");
	if (!os_release_next(&words, &word, &n) || memcmp(word, "debian", n) != 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "not a Debian");
	file = open_in(at, bundle);
	if (file < 0 || fstat(file, &st) < 0 || st.st_size != BUNDLE_BYTES)
		return err_sys(e, "finding the bundle");
	return 0;
}

int typical_mount_and_look(const struct mount_specs *rootfs, const char *at, struct err *e)
{
	const struct mount_spec *s = &rootfs->v[0];
	char data[LIMIT_PATH];
	int r;

	snprintf(data, sizeof(data), "%s,%s,%s", s->options.v[0], s->options.v[1], s->options.v[2]);
	if (mount("overlay", at, "overlay", 0, data) < 0)
		return err_sys(e, "mounting %s", data);
	r = look_at_mount(at, e);
	if (umount2(at, 0) < 0)
		return err_sys(e, "unmounting");
	return r;
}
