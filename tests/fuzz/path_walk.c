/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfs_resolve() against openat2(RESOLVE_IN_ROOT), on trees that the input describes
 *
 * The first bytes make files, directories and links, the rest is the path that is walked.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/sys.h"
#include "tests/fuzz/fuzz.h"
#include "vfs/vfs.h"

#define ROOT_AT FUZZ_AT "/root"

enum { MAX_ENTRIES = 12, MAX_PARTS = 24 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_isolate();
	return 0;
}

static const char *const parts[] = {"a", "b", "c", "..", ".", "/", "//", "a/", "/a", "../", "x"};

/* A path of up to @max parts, with a slash between them unless they bring one. */
static void make_text(struct fuzz_input *in, unsigned max, char *ret, size_t size)
{
	unsigned n_parts = fuzz_byte(in) % max + 1;
	size_t n = 0;

	ret[0] = '\0';
	while (n_parts-- > 0 && n < size)
		n += (size_t)snprintf(ret + n, size - n, "%s%s", n && ret[n - 1] != '/' ? "/" : "",
				      parts[fuzz_byte(in) % ARRAY_SIZE(parts)]);
}

/* Entries are made one below another or not, as the input says. */
static void make_tree(struct fuzz_input *in, int root)
{
	unsigned n = fuzz_byte(in) % MAX_ENTRIES;
	char dir[MAX_ENTRIES * 4 + 8] = "."; /* room for a slash and a letter each */

	while (n-- > 0) {
		unsigned what = fuzz_byte(in);
		char path[sizeof(dir) + 8];
		char target[256];

		snprintf(path, sizeof(path), "%s/%s", dir, parts[what / 8 % 3]);
		if (what % 8 < 3) {
			if (mkdirat(root, path, 0755) == 0 && strlen(path) < sizeof(dir))
				strcpy(dir, path);
		} else if (what % 8 < 6) {
			make_text(in, 4, target, sizeof(target));
			(void)!symlinkat(target, root, path);
		} else if (what % 8 < 7) {
			mknodat(root, path, S_IFREG | 0644, 0);
		} else {
			strcpy(dir, ".");
		}
	}
}

static int kernel_resolve(int root, const char *path, bool follow, char *ret)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC | (follow ? 0u : O_NOFOLLOW),
				     .resolve = RESOLVE_IN_ROOT};
	cleanup_close int fd = -EBADF;
	char link[64];
	ssize_t n;

	do
		fd = sys_openat2(root, path, &how);
	while (fd < 0 && errno == EAGAIN);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, LIMIT_PATH - 1);
	fuzz_promise(n >= (ssize_t)strlen(ROOT_AT), "%m");
	ret[n] = '\0';
	memmove(ret, ret + strlen(ROOT_AT), (size_t)n + 1 - strlen(ROOT_AT));
	if (!*ret)
		strcpy(ret, "/");
	return 0;
}

static void compare(const struct vfs *fs, int root, const char *path, bool follow)
{
	char ours[LIMIT_PATH] = "";
	char kernels[LIMIT_PATH] = "";
	int r = vfs_resolve(fs, path, follow, ours, NULL);
	int want = kernel_resolve(root, path, follow, kernels);

	if (want == -ENOENT)
		fuzz_promise(r == VFS_MISSING, "'%s': %d, the kernel says it is missing", path, r);
	else
		fuzz_promise(r == want && strcmp(ours, kernels) == 0,
			     "'%s': %d '%s', the kernel's %d '%s'", path, r, ours, want, kernels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_mount_specs struct mount_specs rootfs = {0};
	const struct mount_specs none = {0};
	struct fuzz_input in = {data, n};
	cleanup_close int root = -EBADF;
	cleanup_vfs struct vfs *fs = NULL;
	struct err e = ERR_NONE;

	fuzz_promise(mkdir(ROOT_AT, 0755) == 0, "%m");
	root = open(ROOT_AT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	make_tree(&in, root);
	fuzz_promise(mount_specs_add(&rootfs, "bind", ROOT_AT, "/", "bind", &e) == 0, "%s", e.msg);
	fuzz_promise(vfs_new(&rootfs, &none, &fs, &e) == 0, "%s", e.msg);
	for (int i = 0; i < 4; i++) {
		char path[512];

		make_text(&in, MAX_PARTS, path, sizeof(path));
		compare(fs, root, path, /* follow= */ true);
		compare(fs, root, path, /* follow= */ false);
	}
	fuzz_promise(io_remove_tree_at(AT_FDCWD, ROOT_AT, &e) == 0, "%s", e.msg);
	return 0;
}
