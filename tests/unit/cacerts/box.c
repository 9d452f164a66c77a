/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cacerts/box.h"

#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "cacerts/install.h"
#include "cacerts/names.h"
#include "cacerts/undo.h"
#include "distro/families.h"
#include "tests/support/pki.h"
#include "tests/unit/vfs/oracle.h"

enum { CENTURY = 946684800 /* seconds at the beginning of 2000 */, LONG_AGO = 100000000 };

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define HASHED "/etc/ssl/certs"
#define DROPIN "/usr/local/share/ca-certificates"

static const struct vfs_meta file_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};
static const struct vfs_meta dir_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};

static struct {
	char *sys;
	char *twin;
	char *other;
	char *wide;
	struct authorities *set;
	const struct authority *ours;
	const struct authority *our_twin;
	struct tree outside;
} world; /* made before a test, gone after it */

const char *box_backing_name(enum box_backing backing)
{
	static const char *const names[BOX_BACKING_MAX] = {"bind", "overlay", "underlay"};

	return names[backing];
}

void box_begin(void)
{
	cleanup_free char *ours = pki_make(PKI_CA, "ours");
	cleanup_free char *our_twin = pki_make(PKI_CA, "twin");
	cleanup_buf struct buf both = BUF(1 << 20);
	struct err e = ERR_NONE;

	suite_need_root();
	oracle_isolate();
	umask(022);
	buf_addf(&both, NULL, "%s%s", ours, our_twin);
	ck_ok(authorities_parse(both.data, both.n, "test", &world.set, &e), e);
	ck_assert_uint_eq(world.set->n, 2);
	for (size_t i = 0; i < 2; i++)
		if (strstr(world.set->v[i].subject, "ours"))
			world.ours = &world.set->v[i];
		else
			world.our_twin = &world.set->v[i];
	world.sys = pki_make(PKI_CA, "sys");
	world.twin = pki_make(PKI_CA, "twin");
	world.other = pki_make(PKI_CA, "other");
	world.wide = pki_rewrap(ours, 1000, "CERTIFICATE", "\n");
	tree_init(&world.outside);
	tree_file(&world.outside, "canary", "tweet");
}

void box_end(void)
{
	tree_done(&world.outside);
	free(world.sys);
	free(world.twin);
	free(world.other);
	free(world.wide);
	authorities_unref(world.set);
}

const struct authorities *box_authorities(void)
{
	return world.set;
}

const struct authority *box_ours(void)
{
	return world.ours;
}

/* ---- the image ----------------------------------------------------------------------- */

static void fill(struct box *b, const char *base, bool has_dropin_dir)
{
	cleanup_buf struct buf bundle = BUF(1 << 20);
	char rel[256];
	struct tree *t = &b->v.t;

#define AT(...) (snprintf(rel, sizeof(rel), __VA_ARGS__), rel)
	buf_addf(&bundle, NULL, "# of the image\n%s%s", world.sys, world.twin);
	tree_file(t, AT("%s/etc/os-release", base), "ID=debian\n");
	tree_file(t, AT("%s" BUNDLE, base), bundle.data);
	tree_file(t, AT("%s/usr/share/ca-certificates/sys.crt", base), world.sys);
	tree_file(t, AT("%s/usr/share/ca-certificates/twin.crt", base), world.twin);
	tree_link(t, AT("%s" HASHED "/sys.pem", base), "/usr/share/ca-certificates/sys.crt");
	tree_link(t, AT("%s" HASHED "/twin.pem", base), "/usr/share/ca-certificates/twin.crt");
	tree_link(t, AT("%s" HASHED "/%08x.0", base, world.our_twin->subject_hash), "twin.pem");
	tree_dir(t, AT("%s/usr/local/share", base));
	tree_dir(t, AT("%s/opt", base));
	if (has_dropin_dir)
		tree_dir(t, AT("%s" DROPIN, base));
#undef AT
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Gives everything below a time of its own, long ago. */
static void make_old(const char *host)
{
	char *roots[] = {(char *)host, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	time_t when = LONG_AGO;
	FTSENT *entry;

	ck_assert_ptr_nonnull(fts);
	while ((entry = fts_read(fts))) {
		const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when, .tv_nsec = 7}};

		if (entry->fts_info == FTS_D)
			continue;
		when++;
		ck_assert_int_eq(
			utimensat(AT_FDCWD, entry->fts_accpath, times, AT_SYMLINK_NOFOLLOW), 0);
	}
	fts_close(fts);
}

static void make_environment(struct box *b)
{
	const struct {
		const char *name;
		const char *rel;
		const char *text;
	} files[] = {{"OURS", "env/ours", world.ours->pem},
		     {"WIDE", "env/wide", world.wide},
		     {"OTHER", "env/other", world.other}};
	char text[LIMIT_PATH];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_file(&b->v.t, files[i].rel, files[i].text);
		setenv(files[i].name, tree_at(&b->v.t, files[i].rel), 1);
	}
	setenv("OUTSIDE", world.outside.path, 1);
	setenv("B", &BUNDLE[1], 1);
	setenv("D", &DROPIN[1], 1);
	setenv("S", &HASHED[1], 1);
	ck_assert_int_eq(names_dropin(world.ours, DROPIN, ".crt", text, sizeof(text), NULL), 0);
	setenv("F", text + 1, 1);
	ck_assert_int_eq(names_dropin(world.ours, HASHED, ".pem", text, sizeof(text), NULL), 0);
	setenv("L", text + 1, 1);
	snprintf(text, sizeof(text), HASHED "/%08x.0", world.ours->subject_hash);
	setenv("H", text + 1, 1);
	snprintf(text, sizeof(text), "%08x", world.our_twin->subject_hash);
	setenv("TWIN", text, 1);
}

void box_make(struct box *b, enum box_backing backing, bool has_dropin_dir)
{
	struct tree *t = &b->v.t;

	*b = (struct box){.backing = backing, .root = backing == BOX_BIND ? "root" : "m"};
	view_init(&b->v);
	tree_dir(t, "journal");
	tree_dir(t, "underlays");
	b->journal = open(tree_at(t, "journal"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(b->journal, 0);
	make_environment(b);
	if (backing == BOX_BIND) {
		fill(b, "root", has_dropin_dir);
		make_old(tree_at(t, "root"));
		view_rootfs(&b->v, "bind", "@/root", "rbind,rw");
		return;
	}
	fill(b, "lower", has_dropin_dir);
	tree_dir(t, "upper");
	tree_dir(t, "work");
	tree_dir(t, "m");
	make_old(tree_at(t, "lower"));
	make_old(tree_at(t, "upper"));
	view_rootfs(&b->v, "overlay", "", "lowerdir=@/lower,upperdir=@/upper,workdir=@/work");
}

void box_done(struct box *b)
{
	b->journal = fd_close(b->journal);
	b->underlay = underlay_free(b->underlay);
	view_done(&b->v);
}

/* ---- the install --------------------------------------------------------------------- */

static void add_dropin(struct changes *c, const struct authority *a, unsigned number)
{
	struct err e = ERR_NONE;
	char file[LIMIT_PATH];
	char link[LIMIT_PATH];
	char hash[LIMIT_PATH];

	ck_ok(names_dropin(a, DROPIN, ".crt", file, sizeof(file), &e), e);
	ck_ok(names_dropin(a, HASHED, ".pem", link, sizeof(link), &e), e);
	snprintf(hash, sizeof(hash), HASHED "/%08x.%u", a->subject_hash, number);
	ck_ok(changes_add_file(c, ROLE_DROPIN, file, a->pem, strlen(a->pem), &file_meta, &e), e);
	ck_ok(changes_add_link(c, ROLE_STORE, link, file, NULL, &e), e);
	ck_ok(changes_add_link(c, ROLE_STORE, hash, path_name(link), NULL, &e), e);
}

void box_changes(struct box *b, struct changes *ret)
{
	cleanup_buf struct buf bundle = BUF(1 << 20);
	struct err e = ERR_NONE;
	struct vfs_stat st;

	*ret = (struct changes){0};
	ck_ok(vfs_lstat(b->v.fs, DROPIN, &st, &e), e);
	if (st.type == VFS_ABSENT)
		ck_ok(changes_add_dir(ret, ROLE_PARENT, DROPIN, &dir_meta, &e), e);
	add_dropin(ret, world.ours, 0);
	add_dropin(ret, world.our_twin, 1);
	ck_ok(vfs_read_file(b->v.fs, BUNDLE, &bundle, &e), e);
	for (size_t i = 0; i < world.set->n; i++)
		buf_addf(&bundle, NULL, "%s", world.set->v[i].pem);
	ck_ok(changes_add_file(ret, ROLE_STORE, BUNDLE, bundle.data, bundle.n, &file_meta, &e), e);
}

void box_journal(struct box *b, struct journal *ret)
{
	struct err e = ERR_NONE;

	*ret = (struct journal){
		.dirfd = fcntl(b->journal, F_DUPFD_CLOEXEC, 3),
		.id = strdup("box"),
		.family = distro_family_get("debian"),
		.authorities = authorities_ref(world.set),
	};
	ck_ok(mount_specs_extend(&ret->rootfs, &b->v.rootfs, &e), e);
	ck_ok(mount_specs_extend(&ret->mounts, &b->v.mounts, &e), e);
}

/* Makes the underlay. Returns false if there can't be one. */
static bool lend(struct box *b, struct journal *j, const struct changes *changes)
{
	const struct cacerts_request q = {.rootfs = &b->v.rootfs, .mounts = &b->v.mounts};
	struct err e = ERR_NONE;

	ck_ok(install_draft(j, b->v.fs, changes, &e), e);
	ck_ok(journal_draft_names(j, b->v.fs, &e), e);
	ck_ok(underlay_make(tree_at(&b->v.t, "underlays"), &q, b->v.fs, changes, j, &b->underlay,
			    &e),
	      e);
	if (!b->underlay)
		return false;
	ck_assert(underlay_fits(b->underlay, b->v.fs));
	ck_ok(underlay_lend(b->underlay, j, j, &e), e);
	ck_ok(journal_begin(j, &e), e);
	return true;
}

void box_play(struct box *b, struct journal *j, const struct changes *changes)
{
	const struct timespec tick = {.tv_nsec = 10000000};
	struct err e = ERR_NONE;
	int r = 0;

	if (b->backing != BOX_UNDERLAY)
		r = install_run(j, b->v.fs, changes, &e);
	else if (!lend(b, j, changes))
		r = install_drafted(j, b->v.fs, changes, NULL, &e);
	ck_ok(r, e);
	ck_assert(j->installed);
	b->v.fs = vfs_free(b->v.fs);
	nanosleep(&tick, NULL); /* a change in the same tick of the clock can't be told apart */
}

static void play(struct box *b, const struct changes *changes)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};

	box_journal(b, &j);
	box_play(b, &j, changes);
}

void box_install(struct box *b)
{
	cleanup_changes struct changes changes = {0};

	view_open(&b->v);
	box_changes(b, &changes);
	play(b, &changes);
}

void box_install_changes(struct box *b, const struct changes *changes)
{
	view_open(&b->v);
	play(b, changes);
}

/* @underlay: host path of a directory that shows too, or NULL */
static void show(struct box *b, const char *underlay)
{
	char options[LIMIT_PATH];

	if (b->backing == BOX_BIND)
		return;
	snprintf(options, sizeof(options), "lowerdir=%s%s@/lower,upperdir=@/upper,workdir=@/work",
		 underlay ? underlay : "", underlay ? ":" : "");
	ck_assert_int_eq(rmdir(tree_at(&b->v.t, "m")), 0);
	oracle_mount(&b->v, options, "m");
}

static void hide(struct box *b)
{
	if (b->backing != BOX_BIND)
		oracle_unmount(&b->v, "m");
}

void box_user(struct box *b, const char *script)
{
	char command[LIMIT_PATH];

	show(b, b->underlay ? b->underlay->path : NULL);
	snprintf(command, sizeof(command), "set -e; cd %s; %s", tree_at(&b->v.t, b->root), script);
	ck_assert_msg(system(command) == 0, "the script failed: %s", script);
	hide(b);
}

int box_try_undo(struct box *b, struct err *e)
{
	cleanup_json json_t *report = json_object();

	return undo_run(b->journal, report, e);
}

void box_undo(struct box *b)
{
	struct err e = ERR_NONE;

	ck_ok(box_try_undo(b, &e), e);
}

/* ---- the picture --------------------------------------------------------------------- */

/* One word of a manifest's line: the fifth is a time, later ones may be overlayfs' own. */
static void add_word(struct buf *to, const char *word, int position)
{
	static const char *const hidden[] = {"origin=", "impure=", "opaque=", "uuid="};

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (strncmp(word, "trusted.overlay.", 16) == 0 &&
		    strncmp(word + 16, hidden[i], strlen(hidden[i])) == 0)
			return;
	if (position == 4 && atoll(word) > CENTURY)
		word = "now";
	buf_addf(to, NULL, "%s ", word);
}

static void add_tree(const struct tree *t, const char *rel, struct buf *to)
{
	cleanup_free char *text = tree_manifest(t, rel);
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		int position = 0;
		char *word;

		buf_addf(to, NULL, "%s:", rel);
		while ((word = strsep(&line, " ")))
			add_word(to, word, position++);
		buf_addf(to, NULL, "\n");
	}
}

char *box_picture(struct box *b)
{
	struct buf picture = BUF(64 << 20);

	add_tree(&world.outside, "", &picture);
	if (b->more)
		add_tree(&b->v.t, b->more, &picture);
	if (b->backing != BOX_BIND) {
		add_tree(&b->v.t, "lower", &picture);
		add_tree(&b->v.t, "upper", &picture);
	}
	show(b, NULL);
	add_tree(&b->v.t, b->root, &picture);
	hide(b);
	return buf_take(&picture);
}

void box_compare(const char *what, const char *a, const char *b)
{
	size_t line = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n')
			line = i + 1;
	ck_assert_msg(strcmp(a, b) == 0, "%s: got\n%.*s\nwanted\n%.*s", what,
		      (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"),
		      b + line);
}
