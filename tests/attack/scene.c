/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/attack/scene.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "tests/attack/canary.h"
#include "tests/oracle/must.h"

static void make_dir(const char *path)
{
	struct err e = ERR_NONE;

	must(io_mkdir_p(path, 0755, &e) == 0, "%s", e.msg);
}

static void make_file(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);

	must(fd >= 0 && write(fd, text, strlen(text)) > 0, "%s", path);
}

static void make_link(const char *target, const char *path)
{
	must(symlink(target, path) == 0, "%s", path);
}

/* The directory that the container means: the same names as in the canary's. */
static void make_inside(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sub", dir);
	make_dir(path);
	snprintf(path, sizeof(path), "%s/sub/file", dir);
	make_file(path, "inside");
	snprintf(path, sizeof(path), "%s/file", dir);
	make_file(path, "inside");
	snprintf(path, sizeof(path), "%s/run", dir);
	make_file(path, "inside");
}

static void add(struct mount_specs *to, const char *type, const char *source, const char *at,
		const char *options)
{
	struct err e = ERR_NONE;

	must(mount_specs_add(to, type, source, at, options, &e) == 0, "%s", e.msg);
}

/* A bind whose /d becomes a link: absolute, and relative, out of the host's root and back. */
static void make_bind(void)
{
	make_inside(SCENE_AT "/root/d");
	make_inside(SCENE_AT "/root/e/d");
	make_link(SCENE_AT "/outside", SCENE_AT "/root/l");
	make_link("../../../../../../../.." SCENE_AT "/outside", SCENE_AT "/root/e/l");
}

static void specs_bind(struct mount_specs *rootfs, struct mount_specs *mounts)
{
	(void)mounts;
	add(rootfs, "bind", SCENE_AT "/root", "/", "rbind");
}

/* The same in the upper and in a lower of an overlay. */
static void make_overlay(void)
{
	make_inside(SCENE_AT "/u/d");
	make_inside(SCENE_AT "/l0/d");
	make_inside(SCENE_AT "/l0/e/d");
	make_inside(SCENE_AT "/l1/d");
	make_dir(SCENE_AT "/u/e");
	make_dir(SCENE_AT "/w");
	make_link(SCENE_AT "/outside", SCENE_AT "/u/l");
	make_link(SCENE_AT "/outside", SCENE_AT "/l0/l");
	make_link("../../../../.." SCENE_AT "/outside", SCENE_AT "/l0/e/l");
	make_link(SCENE_AT "/outside", SCENE_AT "/l1/l");
}

static void specs_overlay(struct mount_specs *rootfs, struct mount_specs *mounts)
{
	(void)mounts;
	add(rootfs, "overlay", "overlay", "/",
	    "lowerdir=" SCENE_AT "/l0:" SCENE_AT "/l1,upperdir=" SCENE_AT "/u,workdir=" SCENE_AT
	    "/w");
}

/*
 * A directory leaves the container while it is walked. Seen from there ".." is another place: the
 * link "file" leads to the container's "/file" from inside, and to a canary from elsewhere.
 */
static void make_moved(void)
{
	make_inside(SCENE_AT "/root/d");
	make_dir(SCENE_AT "/root/e/d/sub");
	make_link("../../../file", SCENE_AT "/root/e/d/sub/file");
	make_link("../../file", SCENE_AT "/root/e/d/file");
	make_link("../../../d", SCENE_AT "/root/e/d/sub/d");
	make_file(SCENE_AT "/root/file", "inside");
	make_dir(SCENE_AT "/elsewhere/x/y");
	canary_make(SCENE_AT "/elsewhere/d");
	canary_make_file(SCENE_AT "/elsewhere/file");
}

/*
 * Two mounts whose directories trade places; a third one lies where one of them may be. Sources are
 * the caller's and stay: links in them are followed.
 */
static void make_across(void)
{
	make_inside(SCENE_AT "/root/d");
	make_inside(SCENE_AT "/root/e/d");
	make_inside(SCENE_AT "/volume/d");
	make_dir(SCENE_AT "/root/e/m");
	make_inside(SCENE_AT "/third");
	make_link(SCENE_AT "/outside", SCENE_AT "/volume/l");
	make_link(SCENE_AT "/outside", SCENE_AT "/volume/d/out");
}

static void specs_across(struct mount_specs *rootfs, struct mount_specs *mounts)
{
	add(rootfs, "bind", SCENE_AT "/root", "/", "rbind");
	add(mounts, "bind", SCENE_AT "/volume", "/e/m", "bind");
	add(mounts, "bind", SCENE_AT "/third", "/d/sub", "bind");
}

/* clang-format off */
const struct scene scenes[] = {
	{"links in a bind", make_bind, specs_bind,
		{{"root/d", "root/l"}, {"root/e/d", "root/e/l"}}},
	{"links in an overlay", make_overlay, specs_overlay,
		{{"u/d", "u/l"}, {"l0/d", "l0/l"}, {"l0/e/d", "l0/e/l"}, {"l1/d", "l1/l"}}},
	{"directories that leave", make_moved, specs_bind,
		{{"root/e/d", "elsewhere/x/y"}}},
	{"renames across mounts", make_across, specs_across,
		{{"root/d", "volume/d"}, {"volume/d", "volume/l"}, {"root/e/d", "volume/l"}}},
	{0},
};
/* clang-format on */

void scene_swap(const struct scene *s)
{
	for (size_t i = 0; i < SCENE_PAIRS && s->pairs[i][0]; i++) {
		char a[256];
		char b[256];

		snprintf(a, sizeof(a), SCENE_AT "/%s", s->pairs[i][0]);
		snprintf(b, sizeof(b), SCENE_AT "/%s", s->pairs[i][1]);
		renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	}
}
