/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/layer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/oracle/must.h"

#define LONG_15  "long name here "
#define LONG_75  LONG_15 LONG_15 LONG_15 LONG_15 LONG_15
#define LONG_255 LONG_75 LONG_75 LONG_75 LONG_15 LONG_15

static const char *const names[] = {"a", "b", "c", "d", "\xff\xfe z", LONG_255};
_Static_assert(sizeof(LONG_255) == 256, "the longest name that a directory takes");

const char *layer_name(struct dice *d)
{
	return names[dice_chance(d, 88) ? dice_roll(d, 4) : 4 + dice_roll(d, 2)];
}

const char *layer_target(struct dice *d)
{
	static const char *const targets[] = {"a",        "b/c",
					      "../c",     "/a",
					      "/b/d",     "../..",
					      "/d/../e",  ".",
					      "missing",  "/",
					      "./b/./",   "../d/c",
					      "/a/b/c",   "../../../../../a",
					      "b/.",      "/missing",
					      "//b///c/", "c/../d",
					      "../a/../", "/c/../../b"};

	return targets[dice_roll(d, ARRAY_SIZE(targets))];
}

static void mark(const char *host, const char *space, const char *name, const char *value)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.overlay.%s", space, name);
	must(setxattr(host, full, value, strlen(value), 0) == 0, "%s on %s", full, host);
}

/* A minimal ACL: user::rwx, user:7:r-x, group::r--, mask::r-x, other::---. */
static const unsigned char acl[] = {
	2,  0, 0, 0,                         /* version */
	1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* the owner */
	2,  0, 5, 0, 7,    0,    0,    0,    /* user 7 */
	4,  0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* the group */
	16, 0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* the mask */
	32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
};

/* Capabilities as of VFS_CAP_REVISION_2: cap_net_raw, permitted and effective. */
static const unsigned char capability[20] = {1, 0, 0, 2, 0, 0x20};

static void set_xattrs(struct dice *d, const char *host, mode_t type, bool hostile)
{
	unsigned which = dice_roll(d, 12);

	if (which == 0)
		must(lsetxattr(host, "trusted.note", "hidden", 6, 0) == 0, "%s", host);
	if (type != S_IFREG && type != S_IFDIR)
		return;
	if (which < 3)
		must(setxattr(host, "user.note", host + strlen(host) - 1, 1, 0) == 0, "%s", host);
	if (which == 3)
		must(setxattr(host, "user.zero", "a\0b", 3, 0) == 0, "%s", host);
	if (which == 4 && type == S_IFREG)
		must(setxattr(host, "security.capability", capability, 20, 0) == 0, "%s", host);
	if (which == 5)
		must(setxattr(host, "system.posix_acl_access", acl, sizeof(acl), 0) == 0, "%s",
		     host);
	if (which == 6 && type == S_IFDIR && hostile)
		must(setxattr(host, "system.posix_acl_default", acl, sizeof(acl), 0) == 0, "%s",
		     host);
}

static void set_meta(struct dice *d, const char *host, mode_t type, bool hostile)
{
	const struct timespec times[2] = {
		{.tv_sec = 1000 + dice_roll(d, 1000), .tv_nsec = dice_roll(d, 1000000000)},
		{.tv_sec = 5000 + dice_roll(d, 1000), .tv_nsec = dice_roll(d, 1000000000)}};
	uid_t uid = dice_roll(d, 3) * 1000;
	mode_t mode = 0400 | dice_roll(d, 0400);

	if (hostile && dice_chance(d, 10))
		mode |= dice_roll(d, 8) << 9;
	must(lchown(host, uid, uid + 1) == 0, "chown %s", host);
	if (type != S_IFLNK)
		must(chmod(host, mode) == 0, "chmod %s", host);
	set_xattrs(d, host, type, hostile);
	must(utimensat(AT_FDCWD, host, times, AT_SYMLINK_NOFOLLOW) == 0, "utimensat %s", host);
}

/* Contents of all sizes around a page, some with holes. */
static void make_file(struct dice *d, const char *host)
{
	cleanup_close int fd = open(host, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	char text[64];

	must(fd >= 0, "create %s", host);
	snprintf(text, sizeof(text), "%u of %.20s", dice_roll(d, 1000), strrchr(host, '/') + 1);
	must(write(fd, text, strlen(text)) > 0, "write %s", host);
	if (dice_chance(d, 10))
		must(ftruncate(fd, dice_roll(d, 20000)) == 0, "truncate %s", host);
	if (dice_chance(d, 5))
		must(pwrite(fd, "end", 3, 100000) == 3, "write %s", host);
}

static void make_whiteout(const char *host, bool as_file, const char *space)
{
	if (!as_file) {
		must(mknod(host, S_IFCHR, makedev(0, 0)) == 0, "whiteout %s", host);
		return;
	}
	must(mknod(host, S_IFREG | 0644, 0) == 0, "whiteout %s", host);
	mark(host, space, "whiteout", "");
}

/* Make @host another name of the file "a" beside it, if that is one. */
static bool link_sibling(const char *host)
{
	char sibling[LIMIT_PATH];
	struct stat st;

	snprintf(sibling, sizeof(sibling), "%.*s/a", (int)(strrchr(host, '/') - host), host);
	return lstat(sibling, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       link(sibling, host) == 0;
}

static void fill(struct dice *d, const char *host, const struct layer_style *style, int depth);

static void make_entry(struct dice *d, const char *host, const struct layer_style *style,
		       bool marked, int depth)
{
	unsigned what = dice_roll(d, 100);
	mode_t type = S_IFREG;

	if (what < 40 && depth + 1 < LAYER_DEPTH) {
		must(mkdir(host, 0700) == 0, "mkdir %s", host);
		fill(d, host, style, depth + 1);
		return;
	}
	if (what < 62) {
		if (what < 59 || !style->hard_links || !link_sibling(host))
			make_file(d, host);
	} else if (what < 84) {
		must(symlink(layer_target(d), host) == 0, "symlink %s", host);
		type = S_IFLNK;
	} else if (what < 96 && style->whiteouts) {
		make_whiteout(host, marked, style->xattr_space);
		return;
	} else if (what >= 96 && style->hostile) {
		type = dice_chance(d, 50) ? S_IFIFO : S_IFSOCK;
		must(mknod(host, type | 0600, 0) == 0, "mknod %s", host);
	} else {
		make_file(d, host);
	}
	set_meta(d, host, type, style->hostile);
}

/* How likely a directory holds a name: deeper ones are emptier. */
static unsigned density(int depth)
{
	static const unsigned percent[LAYER_DEPTH] = {55, 40, 30, 20, 20};

	return percent[depth];
}

static void fill(struct dice *d, const char *host, const struct layer_style *style, int depth)
{
	/* a directory whose whiteouts are files says so, and is never opaque as well */
	bool marked = style->file_whiteouts && dice_chance(d, 25);

	if (marked)
		mark(host, style->xattr_space, "opaque", "x");
	else if (style->opaque && depth > 0 && dice_chance(d, 12))
		mark(host, style->xattr_space, "opaque", "y");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[LIMIT_PATH];

		if (!dice_chance(d, i < 4 ? density(depth) : 6))
			continue;
		snprintf(path, sizeof(path), "%s/%s", host, names[i]);
		make_entry(d, path, style, marked, depth);
	}
	set_meta(d, host, S_IFDIR, style->hostile);
}

void layer_make(struct dice *d, const char *host, const struct layer_style *style)
{
	must(mkdir(host, 0700) == 0, "mkdir %s", host);
	fill(d, host, style, 0);
}
