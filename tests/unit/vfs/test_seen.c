/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/vfs/layers.h"
#include "tests/unit/vfs/oracle.h"

static struct view v;
static struct vfs_seen *seen;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
}

static void teardown(void)
{
	seen = vfs_seen_free(seen);
	view_done(&v);
}

static void begin(void)
{
	struct err e = ERR_NONE;

	seen = vfs_seen_free(seen);
	ck_ok(vfs_seen_begin(v.fs, &seen, &e), e);
}

/* Open the rootfs anew, with these options. */
static void open_overlay(const char *options)
{
	mount_specs_done(&v.rootfs);
	v.rootfs = (struct mount_specs){.n = 0};
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
}

static void make_image(void)
{
	tree_file(&v.t, "l2/etc/os-release", "ID=debian\n");
	tree_file(&v.t, "l2/etc/certs/a.pem", "a");
	tree_link(&v.t, "l2/etc/certs/a.0", "a.pem");
	tree_file(&v.t, "l1/etc/hosts", "");
	for (const char *rel = "u\0u2\0w\0l0\0"; *rel; rel += strlen(rel) + 1)
		tree_dir(&v.t, rel);
	open_overlay(VIEW_OVERLAY);
}

/* Change times move with the clock's tick. */
static void wait_for_a_tick(void)
{
	static const struct timespec tick = {.tv_nsec = 10 * 1000 * 1000};

	nanosleep(&tick, NULL);
}

/* What a plan does: reads a file, lists a directory, finds out that something isn't there. */
static void look(void)
{
	begin();
	view_read(&v, "/etc/os-release");
	view_list(&v, "/etc/certs");
	view_resolve(&v, "/etc/certs/a.0");
	ck_assert_int_eq(view_stat(&v, "/etc/pki").type, VFS_ABSENT);
	ck_assert_int_eq(vfs_exists(v.fs, "/opt/java/lib", NULL), 0);
	vfs_seen_end(v.fs, seen);
	wait_for_a_tick();
}

static bool holds(void)
{
	return vfs_seen_holds(seen, v.fs);
}

START_TEST(the_same_image_is_the_same_through_another_upper)
{
	make_image();
	look();
	ck_assert(holds());
	open_overlay("lowerdir=@/l1:@/l2,upperdir=@/u2,workdir=@/w");
	ck_assert(holds());
}
END_TEST

static void make_opaque(struct tree *t, const char *rel)
{
	tree_dir(t, rel);
	tree_opaque(t, rel);
}

/* Each is done to the tree, which then is another one or, with @same, not for those who looked. */
static const struct {
	const char *what;
	void (*make)(struct tree *t, const char *rel);
	const char *rel;
	bool same;
} edits[] = {
	{"a file that was missing", tree_dir, "l2/etc/pki", false},
	{"one in the upper", tree_dir, "u/etc/pki", false},
	{"one on the way to it", tree_dir, "l1/opt", false},
	{"one on the way to it, in the upper", tree_dir, "u/opt/java/lib", false},
	{"a name in a directory that was listed", tree_dir, "l1/etc/certs/new", false},
	{"one in the upper's part of it", tree_dir, "u/etc/certs/new", false},
	{"a whiteout over a file that was read", tree_whiteout, "u/etc/os-release", false},
	{"an opaque directory over others", make_opaque, "u/etc", false},
	{"a FIFO for a directory", tree_fifo, "u/etc", false},
	{"a name that nobody asked for", tree_dir, "u/etc/apt/sources", true},
	{"a directory that nobody asked for", tree_dir, "u/var/lib", true},
	{"half of the way to what was missing", tree_dir, "u/opt", false},
};

START_TEST(an_edit_is_seen_where_somebody_looked)
{
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		view_done(&v);
		view_init(&v);
		make_image();
		look();
		edits[i].make(&v.t, edits[i].rel);
		view_open(&v);
		ck_assert_msg(holds() == edits[i].same, "%s", edits[i].what);
	}
}
END_TEST

static void append(const char *rel)
{
	cleanup_close int fd = open(tree_at(&v.t, rel), O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_eq(write(fd, "x", 1), 1);
}

START_TEST(content_and_metadata_of_what_was_seen_count)
{
	make_image();
	look();
	append("l1/etc/hosts"); /* nobody looked */
	ck_assert(holds());
	append("l2/etc/os-release");
	ck_assert(!holds());
	look();
	ck_assert(holds());
	ck_assert_int_eq(chmod(tree_at(&v.t, "l2/etc/certs"), 0700), 0);
	ck_assert(!holds());
	look();
	ck_assert_int_eq(unlink(tree_at(&v.t, "l2/etc/certs/a.0")), 0);
	ck_assert_int_eq(symlink("b.pem", tree_at(&v.t, "l2/etc/certs/a.0")), 0);
	ck_assert(!holds());
}
END_TEST

START_TEST(a_layer_on_top_that_says_nothing_changes_nothing)
{
	make_image();
	look();
	tree_file(&v.t, "l0/var/cache/x", "");
	tree_dir(&v.t, "l0/etc");
	open_overlay("lowerdir=@/l0:@/l1:@/l2,upperdir=@/u2,workdir=@/w");
	ck_assert(holds());
	ck_assert_int_eq(chmod(tree_at(&v.t, "l0/etc"), 0700), 0); /* who looks into it may not */
	ck_assert(!holds());
	ck_assert_int_eq(chmod(tree_at(&v.t, "l0/etc"), 0755), 0);
	tree_file(&v.t, "l0/etc/os-release", "ID=alpine\n");
	ck_assert(!holds());
	open_overlay("lowerdir=@/l1,upperdir=@/u2,workdir=@/w"); /* fewer are others */
	ck_assert(!holds());
}
END_TEST

START_TEST(other_mounts_and_options_are_another_look)
{
	make_image();
	look();
	open_overlay("lowerdir=@/l1:@/l2"); /* can't be written */
	ck_assert(!holds());
	open_overlay("lowerdir=@/l1:@/l2,upperdir=@/u,workdir=@/w,ro");
	ck_assert(!holds());
	open_overlay(VIEW_OVERLAY ",nosymfollow");
	ck_assert(!holds());
	tree_dir(&v.t, "b");
	view_mount(&v, "bind", "@/b", "/mnt", "");
	open_overlay(VIEW_OVERLAY);
	ck_assert(!holds());
	look();
	ck_assert(holds());
}
END_TEST

START_TEST(what_an_upper_says_is_not_noted)
{
	make_image();
	tree_dir(&v.t, "u/etc/certs/mine");
	look();
	ck_assert(!vfs_seen_end(v.fs, seen));
}
END_TEST

START_TEST(what_changed_a_moment_ago_is_not_relied_on)
{
	static const struct timespec a_while = {.tv_sec = 2, .tv_nsec = 100 * 1000 * 1000};

	make_image();
	look();
	ck_assert(!vfs_seen_end(v.fs, seen));
	nanosleep(&a_while, NULL);
	look();
	ck_assert(vfs_seen_end(v.fs, seen));
	append("l2/etc/os-release");
	look();
	ck_assert(!vfs_seen_end(v.fs, seen));
}
END_TEST

/* ---- random looks at random layers: what holds shows the same ---------------------------- */

enum { N_LOOKS = 12 };

static void add_text(struct buf *to, const char *what, long long n, const char *text)
{
	ck_assert_int_eq(buf_addf(to, NULL, "%s %lld %s\n", what, n, text), 0);
}

/* One look at a path: all that a caller may learn, but for times. */
static void look_at(const char *path, unsigned how, struct buf *to)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	cleanup_buf struct buf bytes = BUF(1 << 16);
	char text[LIMIT_PATH] = "";
	struct vfs_stat st = {0};
	int r;

	switch (how) {
	case 0:
		r = vfs_lstat(v.fs, path, &st, NULL);
		add_text(to, "stat", r < 0 ? r : (int)st.type, "");
		if (r == 0 && (st.type == VFS_FILE || st.type == VFS_DIR))
			add_text(to, "mode", st.mode, st.writable ? "rw" : "ro");
		return;
	case 1:
		r = vfs_resolve(v.fs, path, /* follow_last= */ true, text, NULL);
		add_text(to, "path", r, r < 0 ? "" : text);
		return;
	case 2:
		r = vfs_read_file(v.fs, path, &bytes, NULL);
		add_text(to, "text", r, r < 0 || !bytes.n ? "" : bytes.data);
		return;
	default:
		r = vfs_list(v.fs, path, &names, NULL);
		add_text(to, "names", r, "");
		for (size_t i = 0; r == 0 && i < names.n; i++)
			add_text(to, "name", 0, names.v[i]);
	}
}

static void look_around(unsigned long state, struct buf *to)
{
	struct dice d = {.state = state};
	char path[64];

	for (int i = 0; i < N_LOOKS; i++) {
		roll_path(&d, path, sizeof(path));
		look_at(path, roll(&d, 4), to);
	}
}

/* Some change somewhere, or none. */
static void change_something(struct dice *d)
{
	static const char *const layers[] = {"l1", "l2", "u", "l0"};
	const char *layer = layers[roll(d, ARRAY_SIZE(layers))];
	char path[64];
	char rel[80];

	roll_path(d, path, sizeof(path));
	snprintf(rel, sizeof(rel), "%s%s", layer, path);
	switch (roll(d, 4)) {
	case 0:
		(void)(unlink(tree_at(&v.t, rel)) < 0 && rmdir(tree_at(&v.t, rel)) < 0);
		return;
	case 1:
		(void)mkdir(tree_at(&v.t, rel), 0755);
		return;
	case 2:
		(void)symlink("../a", tree_at(&v.t, rel));
		return;
	default:
		(void)truncate(tree_at(&v.t, rel), roll(d, 20));
	}
}

START_TEST(what_holds_shows_the_same)
{
	int n_held = 0;

	for (unsigned long seed = 1; seed <= 400; seed++) {
		cleanup_buf struct buf before = BUF(1 << 20);
		cleanup_buf struct buf after = BUF(1 << 20);
		struct dice d = {.state = seed};

		view_done(&v);
		view_init(&v);
		for (const char *rel = "l0\0u\0w\0"; *rel; rel += strlen(rel) + 1)
			tree_dir(&v.t, rel);
		layers_make(&d, tree_at(&v.t, "l1"), roll(&d, 2));
		layers_make(&d, tree_at(&v.t, "l2"), roll(&d, 2));
		open_overlay(VIEW_OVERLAY);
		begin();
		look_around(seed, &before);
		vfs_seen_end(v.fs, seen);
		wait_for_a_tick();
		change_something(&d);
		open_overlay(roll(&d, 2) ? VIEW_OVERLAY
					 : "lowerdir=@/l0:@/l1:@/l2,upperdir=@/u,workdir=@/w");
		if (!vfs_seen_holds(seen, v.fs))
			continue;
		n_held++;
		look_around(seed, &after);
		ck_assert_msg(strcmp(before.data, after.data) == 0, "seed %lu:\n%s---\n%s", seed,
			      before.data, after.data);
	}
	ck_assert_int_gt(n_held, 50);
	ck_assert_int_lt(n_held, 390);
}
END_TEST

SUITE("vfs/seen", setup, teardown, the_same_image_is_the_same_through_another_upper,
      an_edit_is_seen_where_somebody_looked, content_and_metadata_of_what_was_seen_count,
      a_layer_on_top_that_says_nothing_changes_nothing, other_mounts_and_options_are_another_look,
      what_an_upper_says_is_not_noted, what_changed_a_moment_ago_is_not_relied_on,
      what_holds_shows_the_same)
