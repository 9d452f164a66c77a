/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "distro/distro.h"
#include "distro/families.h"
#include "distro/os_release.h"

static const struct distro_family *family_of(const char *word, size_t n)
{
	for (const struct distro_family *const *f = distro_families; *f; f++)
		for (const char *const *id = (*f)->ids; *id; id++)
			if (strlen(*id) == n && memcmp(*id, word, n) == 0)
				return *f;
	return NULL;
}

/* Returns 0, -ENOENT when the image has none; a path that can't hold text counts as none. */
static int read_os_release(const struct vfs *fs, struct buf *text, struct err *e)
{
	static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char path[LIMIT_PATH];
		int r = vfs_resolve(fs, paths[i], true /* follow_last= */, path, e);

		if (r == 0)
			r = vfs_read_file(fs, path, text, e);
		if (r == 0)
			return 0;
		if (r == -E2BIG)
			return err_wrap(e, r, "'%s'", paths[i]);
		err_clear(e); /* images without a readable one are normal: scratch, distroless */
	}
	return -ENOENT;
}

static int by_os_release(const struct vfs *fs, struct distro *ret, struct err *e)
{
	static const char *const keys[] = {"ID", "ID_LIKE"}; /* order is the contract */
	cleanup_buf struct buf text = BUF(LIMIT_OS_RELEASE);
	int r = read_os_release(fs, &text, e);

	if (r < 0 || !text.data)
		return r == -ENOENT || r == 0 ? DISTRO_UNKNOWN : r;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct os_release_words words = os_release_get(text.data, keys[i]);
		const char *word;
		size_t n;

		while (os_release_next(&words, &word, &n)) {
			const struct distro_family *family = family_of(word, n);

			if (!family)
				continue;
			ret->family = family;
			snprintf(ret->evidence, sizeof(ret->evidence), "os-release %s=%.*s",
				 keys[i], (int)n, word);
			return 0;
		}
	}
	return DISTRO_UNKNOWN;
}

/* The first of these paths that leads to a file (or directory), or NULL. */
static const char *find_one(const struct vfs *fs, const char *const *paths, bool may_be_dir)
{
	for (; paths && *paths; paths++) {
		struct vfs_stat st;

		/* one that can't be looked at says nothing: it leads nowhere, or in a circle */
		if (vfs_stat(fs, *paths, &st, NULL) == 0 &&
		    (st.type == VFS_FILE || (may_be_dir && st.type == VFS_DIR)))
			return *paths;
	}
	return NULL;
}

static const char *find_mark(const struct vfs *fs, const struct distro_family *family)
{
	return find_one(fs, family->marks, /* may_be_dir= */ false);
}

static const char *find_layout(const struct vfs *fs, const struct distro_family *family)
{
	return find_one(fs, family->layout, /* may_be_dir= */ true);
}

typedef const char *find_fn(const struct vfs *fs, const struct distro_family *family);

static int by_sign(const struct vfs *fs, find_fn *find, struct distro *ret)
{
	for (const struct distro_family *const *f = distro_families; *f; f++) {
		const char *path = find(fs, *f);

		if (!path)
			continue;
		ret->family = *f;
		snprintf(ret->evidence, sizeof(ret->evidence), "file %s", path);
		return 0;
	}
	return DISTRO_UNKNOWN;
}

int distro_detect(const struct vfs *fs, struct distro *ret, struct err *e)
{
	int r = by_os_release(fs, ret, e);

	if (r == DISTRO_UNKNOWN)
		r = by_sign(fs, find_mark, ret);
	if (r == DISTRO_UNKNOWN)
		r = by_sign(fs, find_layout, ret);
	return r < 0 ? err_wrap(e, r, "detecting the distribution") : r;
}

int distro_doubts(const struct vfs *fs, const struct distro_family *family, struct strv *ret,
		  struct err *e)
{
	int r = 0;

	for (const struct distro_family *const *f = distro_families; r == 0 && *f; f++) {
		const char *path;
		char text[LIMIT_PATH];

		if (*f == family)
			continue;
		path = find_mark(fs, *f);
		if (!path)
			path = find_layout(fs, *f);
		if (!path)
			continue;
		snprintf(text, sizeof(text), "file %s says %s", path, (*f)->name);
		r = strv_add(ret, text, e);
	}
	return r;
}
