/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/hashed_dir.h: a directory that passes is one that "openssl rehash" leaves alone
 *
 * An input describes files, each of one of two subject hashes, and links to them: a byte a file,
 * then a byte a link. Links have the hash of their file; whose number they have is the input's
 * business. A model of rehash tells which links there would be afterwards: of the files of a hash,
 * N in all, those keep their link whose number is below N, the others get the lowest free numbers,
 * and numbers from N on go.
 */
#include "cacerts/hashed_dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/limits.h"
#include "distro/families.h"
#include "tests/fuzz/fuzz.h"

#define ROOT  FUZZ_AT "/root"
#define CERTS "/etc/ssl/certs"

enum { FILES = 5, HASHES = 2, NUMBERS = 4, LINKS = 8, NOBODY = -1 };

static const char *const hashes[HASHES] = {"0a1b2c3d", "ffffffff"};

/* links[hash][number] is the index of a file, or NOBODY. */
struct directory {
	size_t n_files;
	unsigned hash_of[FILES];
	int links[HASHES][NUMBERS];
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_isolate();
	return 0;
}

static void describe(const uint8_t *data, size_t n, struct directory *ret)
{
	struct fuzz_input in = {data, n};

	*ret = (struct directory){.n_files = fuzz_byte(&in) % (FILES + 1)};
	for (size_t h = 0; h < HASHES; h++)
		for (size_t k = 0; k < NUMBERS; k++)
			ret->links[h][k] = NOBODY;
	for (size_t i = 0; i < ret->n_files; i++)
		ret->hash_of[i] = fuzz_byte(&in) % HASHES;
	for (size_t i = 0; in.n > 0 && i < LINKS && ret->n_files > 0; i++) {
		unsigned byte = fuzz_byte(&in);
		unsigned file = byte % 16 % (unsigned)ret->n_files;

		ret->links[ret->hash_of[file]][byte / 16 % NUMBERS] = (int)file;
	}
}

static void make(const struct directory *d, int dirfd)
{
	static const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char name[32];
	char target[32];

	for (size_t i = 0; i < d->n_files; i++) {
		cleanup_close int fd = -EBADF;

		snprintf(name, sizeof(name), "%zu.pem", i);
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		fuzz_promise(fd >= 0 && futimens(fd, old) == 0, "%m");
	}
	for (size_t h = 0; h < HASHES; h++)
		for (size_t k = 0; k < NUMBERS; k++) {
			if (d->links[h][k] == NOBODY)
				continue;
			snprintf(name, sizeof(name), "%s.%zu", hashes[h], k);
			snprintf(target, sizeof(target), "%d.pem", d->links[h][k]);
			fuzz_promise(symlinkat(target, dirfd, name) == 0, "%m");
		}
}

static bool has_link_below(const int *links, size_t n, size_t file)
{
	for (size_t k = 0; k < n; k++)
		if (links[k] == (int)file)
			return true;
	return false;
}

/* What rehash makes of the links of one hash; @links has room for a number for each file. */
static void rehash(const struct directory *d, unsigned hash, int links[FILES + NUMBERS])
{
	bool linked[FILES] = {false};
	size_t n = 0;
	size_t free_number = 0;

	for (size_t i = 0; i < d->n_files; i++)
		n += d->hash_of[i] == hash;
	for (size_t i = 0; i < d->n_files; i++)
		linked[i] = has_link_below(links, n, i);
	for (size_t i = 0; i < d->n_files; i++) {
		if (d->hash_of[i] != hash || linked[i])
			continue;
		while (free_number < n && links[free_number] != NOBODY)
			free_number++;
		if (free_number < n)
			links[free_number] = (int)i;
	}
	for (size_t k = n; k < FILES + NUMBERS; k++)
		links[k] = NOBODY;
}

static bool is_left_alone(const struct directory *d)
{
	for (unsigned h = 0; h < HASHES; h++) {
		int links[FILES + NUMBERS];

		for (size_t k = 0; k < FILES + NUMBERS; k++)
			links[k] = k < NUMBERS ? d->links[h][k] : NOBODY;
		rehash(d, h, links);
		for (size_t k = 0; k < FILES + NUMBERS; k++)
			if (links[k] != (k < NUMBERS ? d->links[h][k] : NOBODY))
				return false;
	}
	return true;
}

static int check(const struct vfs *fs, struct native *n)
{
	static struct authorities none;
	const struct cacerts_request q = {.authorities = &none};
	struct cacerts_plan p = {.distro = {.family = distro_family_get("debian")}};
	const struct debian_sources sources = {0};
	struct err e = ERR_NONE;
	int r;

	*n = (struct native){.q = &q, .fs = fs, .p = &p};
	r = hashed_dir_check(n, CERTS, &sources, &e);
	fuzz_promise(r >= 0, "%s", e.msg);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_mount_specs struct mount_specs rootfs = {0};
	const struct mount_specs no_mounts = {0};
	cleanup_vfs struct vfs *fs = NULL;
	cleanup_close int dirfd = -EBADF;
	struct directory d;
	struct native native;

	describe(data, n, &d);
	fuzz_promise(io_mkdir_p(ROOT CERTS, 0755, NULL) == 0, "%m");
	dirfd = open(ROOT CERTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make(&d, dirfd);
	fuzz_promise(mount_specs_add(&rootfs, "bind", ROOT, "", "", NULL) == 0 &&
			     vfs_new(&rootfs, &no_mounts, &fs, NULL) == 0,
		     "no view");
	if (check(fs, &native) == NATIVE_DECLINED)
		fuzz_promise(native.why[0], "declined without a reason");
	else
		fuzz_promise(is_left_alone(&d), "rehash would change it");
	fs = vfs_free(fs);
	fuzz_promise(io_remove_tree_at(AT_FDCWD, ROOT, NULL) == 0, "%m");
	return 0;
}
