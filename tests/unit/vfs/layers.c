/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/layers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { DEPTH = 3 };

unsigned roll(struct dice *d, unsigned n)
{
	d->state = d->state * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(d->state >> 33) % n;
}

const char *roll_name(struct dice *d)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};

	return names[roll(d, ARRAY_SIZE(names))];
}

void roll_path(struct dice *d, char *ret, size_t size)
{
	unsigned n = 1 + roll(d, DEPTH);

	ret[0] = '\0';
	while (n-- > 0) {
		strncat(ret, "/", size - strlen(ret) - 1);
		strncat(ret, roll_name(d), size - strlen(ret) - 1);
	}
}

static void set_meta(struct dice *d, const char *host, bool is_link)
{
	struct timespec times[2] = {{.tv_sec = 1000 + roll(d, 1000)},
				    {.tv_sec = 5000 + roll(d, 1000), .tv_nsec = roll(d, 1000)}};
	uid_t uid = roll(d, 3) * 1000;
	mode_t mode = 0400 | roll(d, 0400) | (roll(d, 4) == 0 ? S_ISVTX : 0);

	ck_assert_int_eq(lchown(host, uid, uid + 1), 0);
	if (!is_link && roll(d, 3) == 0)
		ck_assert_int_eq(setxattr(host, "user.note", "x", 1, 0), 0);
	if (!is_link)
		ck_assert_int_eq(chmod(host, mode), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, host, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void make_file(struct dice *d, const char *host)
{
	FILE *f = fopen(host, "we");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "%u in %s", roll(d, 1000), host + strlen(host) - 3);
	ck_assert_int_eq(fclose(f), 0);
	set_meta(d, host, /* is_link= */ false);
}

static void make_link(struct dice *d, const char *host)
{
	static const char *const targets[] = {"a",     "b/c",     "../c", "/a",         "/b/d",
					      "../..", "/d/../e", ".",    "../../../a", "missing"};

	ck_assert_int_eq(symlink(targets[roll(d, ARRAY_SIZE(targets))], host), 0);
	set_meta(d, host, /* is_link= */ true);
}

static void make_whiteout(const char *host, bool marked)
{
	cleanup_close int fd = -EBADF;

	if (!marked) {
		ck_assert_int_eq(mknod(host, S_IFCHR, makedev(0, 0)), 0);
		return;
	}
	fd = open(host, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fsetxattr(fd, "trusted.overlay.whiteout", "", 0, 0), 0);
}

static void fill(struct dice *d, const char *host, bool file_whiteouts, int depth)
{
	/* a directory whose whiteouts are files says so, and is never opaque as well */
	bool marked = file_whiteouts && roll(d, 4) == 0;

	if (marked)
		ck_assert_int_eq(setxattr(host, "trusted.overlay.opaque", "x", 1, 0), 0);
	else if (depth > 0 && roll(d, 6) == 0)
		ck_assert_int_eq(setxattr(host, "trusted.overlay.opaque", "y", 1, 0), 0);
	for (const char *name = "a\0b\0c\0d\0e\0"; *name; name += 2) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", host, name);
		switch (roll(d, 8)) {
		case 0:
		case 1:
		case 2:
			if (depth + 1 >= DEPTH)
				break;
			ck_assert_int_eq(mkdir(path, 0755), 0);
			fill(d, path, file_whiteouts, depth + 1);
			break;
		case 3:
			make_file(d, path);
			break;
		case 4:
			make_link(d, path);
			break;
		case 5:
			make_whiteout(path, marked);
			break;
		default:
			break;
		}
	}
	set_meta(d, host, /* is_link= */ false);
}

void layers_make(struct dice *d, const char *host, bool file_whiteouts)
{
	ck_assert_int_eq(mkdir(host, 0755), 0);
	fill(d, host, file_whiteouts, 0);
}
