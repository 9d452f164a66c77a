/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Death at every step. A scene is an image, a plan and what the user process does. For each place
 * N of base/fault.h one box of the scene is installed in a process that dies at N; another is
 * installed, used, and undone in one that dies at N. What follows is a recovery that dies too, at
 * a place that wanders as N grows, then one that lives, then one that finds nothing to do. The
 * picture has to be that of a box in which only the user process ran.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fault.h"
#include "cacerts/install.h"
#include "cacerts/undo.h"
#include "tests/unit/cacerts/box.h"

enum {
	RECOVERY_STRIDE = 7,  /* how far the place of the second death wanders */
	RECOVERY_PLACES = 60, /* ... and where it begins again */
};

static const struct vfs_meta dir_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};
static const struct vfs_meta file_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};

/* ---- plans ------------------------------------------------------------------------------- */

static void plan_stores(struct box *b, struct changes *ret)
{
	box_changes(b, ret);
}

/* The bundle alone. */
static void plan_append(struct box *b, struct changes *ret)
{
	cleanup_changes struct changes all = {0};
	const struct change *bundle;
	struct err e = ERR_NONE;

	box_changes(b, &all);
	bundle = &all.v[all.n - 1];
	ck_ok(changes_add_file(ret, ROLE_STORE, bundle->path, bundle->bytes, bundle->n_bytes,
			       &file_meta, &e),
	      e);
}

static void plan_mount_points(struct box *b, struct changes *ret)
{
	struct err e = ERR_NONE;

	(void)b;
	ck_ok(changes_add_dir(ret, ROLE_STUB, "/opt/deep", &dir_meta, &e), e);
	ck_ok(changes_add_dir(ret, ROLE_STUB, "/opt/deep/er", &dir_meta, &e), e);
	ck_ok(changes_add_file(ret, ROLE_STUB, "/opt/deep/er/file", "", 0, &file_meta, &e), e);
}

/* ---- scenes ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct scene {
	const char *name;
	void (*plan)(struct box *b, struct changes *ret);
	bool has_dropin_dir;
	bool has_mount; /* a writable bind on /usr/local/share, which is $LOCAL */
	const char *script;
} scenes[] = {
	{"nobody", plan_stores, false, false, ":"},
	{"changes the bundle", plan_stores, true, false, "cat $OTHER >> $B; chmod 600 $B"},
	{"removes a file of ours", plan_stores, true, false, "rm -f $F; touch -d @777 $D"},
	{"adds his own", plan_stores, false, false,
	 "cat $OTHER >> $B; mkdir -p $D; cp $OTHER $D/mine.crt; rm $S/$TWIN.0; chmod 700 $S"},
	{"moves the bundle that he linked", plan_stores, true, false,
	 "ln $B opt/hard; ln $B opt/harder; mv $B $B.old; cat $OTHER >> opt/hard"},
	{"in a mount", plan_stores, false, true,
	 "cat $OTHER >> $B; mkdir -p $LOCAL/ca-certificates; "
	 "cp $OTHER $LOCAL/ca-certificates/mine.crt"},
	{"append, nobody", plan_append, true, false, ":"},
	{"append, rewrites the bundle", plan_append, true, false,
	 "(cat $OTHER; cat $B) > /tmp/new; cat /tmp/new > $B; rm /tmp/new"},
	{"mount points, nobody", plan_mount_points, false, false, ":"},
	{"mount points, uses them", plan_mount_points, false, false,
	 "mkdir -p opt/deep; echo x > opt/deep/mine"},
};
/* clang-format on */

static void make(struct box *b, const struct scene *s, enum box_backing backing)
{
	box_make(b, backing, s->has_dropin_dir);
	if (!s->has_mount)
		return;
	tree_dir(&b->v.t, "local");
	setenv("LOCAL", tree_at(&b->v.t, "local"), 1);
	view_mount(&b->v, "bind", "@/local", "/usr/local/share", "rbind,rw");
	b->more = "local";
}

/* As the process that installed has it. */
static struct journal known;

static void install(struct box *b, const struct scene *s)
{
	cleanup_changes struct changes changes = {0};

	view_open(&b->v);
	s->plan(b, &changes);
	journal_done(&known);
	box_journal(b, &known);
	box_play(b, &known, &changes);
	known.dirfd = fd_close(known.dirfd);
}

/* What exec_finish() does, and what it leaves for later. */
static void finish(struct box *b, const struct scene *s)
{
	cleanup_close int parent = open(b->v.t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_json json_t *report = json_object();
	struct vfs_unsynced rest = {0};
	struct err e = ERR_NONE;
	int r;

	(void)s;
	r = undo_take(parent, "journal", &known, report, &rest, &e);
	if (r == UNDO_RESTS)
		r = undo_settle(parent, "journal", &rest, &e);
	ck_ok(r, e);
	vfs_unsynced_done(&rest);
}

/* What the daemon's recovery does. */
static void recover(struct box *b, const struct scene *s)
{
	cleanup_close int parent = open(b->v.t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_json json_t *report = json_object();
	struct err e = ERR_NONE;

	(void)s;
	ck_assert_int_ge(parent, 0);
	ck_ok(undo_take(parent, "journal", NULL, report, NULL, &e), e);
}

typedef void step(struct box *b, const struct scene *s);

/* Run @f in a process that dies at the Nth place. */
static bool dies(step *f, struct box *b, const struct scene *s, unsigned n)
{
	char fault[32];
	int status;
	pid_t pid;

	snprintf(fault, sizeof(fault), "#%u", n);
	pid = fork();
	if (pid == 0) {
		setenv("ANCHORD_FAULT", fault, 1);
		f(b, s);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s, place %u: status %x",
		      s->name, n, (unsigned)status);
	return false;
}

/* ---- the matrix -------------------------------------------------------------------------- */

static char *picture_of_the_user_alone(const struct scene *s, enum box_backing backing, bool acts)
{
	char *picture;
	struct box b;

	make(&b, s, backing);
	if (acts)
		box_user(&b, s->script);
	picture = box_picture(&b);
	box_done(&b);
	return picture;
}

/* One box; @after_use: the undo dies, not the install. Returns whether it did. */
static bool check_death(const struct scene *s, enum box_backing backing, bool after_use, unsigned n,
			const char *wanted)
{
	unsigned second = 1 + n * RECOVERY_STRIDE % RECOVERY_PLACES;
	cleanup_free char *got = NULL;
	char what[128];
	struct box b;
	bool died;

	snprintf(what, sizeof(what), "%s, %s, %s killed at place %u, recovery at %u", s->name,
		 box_backing_name(backing), after_use ? "undo" : "install", n, second);
	make(&b, s, backing);
	if (after_use) {
		install(&b, s);
		if (strcmp(s->script, ":") != 0)
			box_user(&b, s->script);
	}
	died = dies(after_use ? finish : install, &b, s, n);
	dies(recover, &b, s, second);
	recover(&b, s);
	recover(&b, s);
	got = box_picture(&b);
	box_compare(what, got, wanted);
	box_done(&b);
	return died;
}

static unsigned check_scene(const struct scene *s, enum box_backing backing, bool after_use)
{
	cleanup_free char *wanted = picture_of_the_user_alone(s, backing, after_use);
	unsigned n = 1;

	while (check_death(s, backing, after_use, n, wanted))
		n++;
	return n - 1;
}

/* What nobody has touched in an underlay needs no undo. */
static unsigned least(enum box_backing backing, bool after_use)
{
	return backing == BOX_UNDERLAY && after_use ? 2 : 12;
}

static void check_all(bool after_use)
{
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++)
		for (int k = 0; k < BOX_BACKING_MAX; k++) {
			enum box_backing backing = (enum box_backing)k;

			ck_assert_uint_gt(check_scene(&scenes[i], backing, after_use),
					  least(backing, after_use));
		}
}

START_TEST(an_install_killed_anywhere_is_undone)
{
	check_all(/* after_use= */ false);
}
END_TEST

START_TEST(an_undo_killed_anywhere_is_finished_by_the_next)
{
	check_all(/* after_use= */ true);
}
END_TEST

static void setup(void)
{
	known = (struct journal){.dirfd = -EBADF};
	box_begin();
}

static void teardown(void)
{
	journal_done(&known);
	box_end();
}

SUITE("cacerts/kill_matrix", setup, teardown, an_install_killed_anywhere_is_undone,
      an_undo_killed_anywhere_is_finished_by_the_next)
